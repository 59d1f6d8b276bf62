"""`sessiontap run` and `env` as users have them: real clients, a real mitmdump, a double of the providers."""

from __future__ import annotations

import contextlib
import importlib.util
import json
import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from sessiontap.demo.answer import Answer, ReceivedCall
from sessiontap.demo.double import Double
from sessiontap.demo.script import HOSTS
from sessiontap.launch.heartbeat import ask
from sessiontap.launch.node import knows_proxies, node_version
from sessiontap.launch.started import start_proxy
from sessiontap.usage import Usage
from tests.end_to_end.runs import (
    BEDROCK_HOST,
    BEDROCK_USAGE,
    BODY,
    CHAT_URL,
    CLAUDE_USAGE,
    CURL,
    STRANGER,
    USAGE,
    Runs,
    answer,
)
from tests.launch.rerouted import wait_for_end
from tests.launch.terminal import in_terminal

pytestmark = pytest.mark.skipif(os.name == "nt", reason="the tests use a POSIX shell and its signals")

RECEIPT = (
    "\ncalls    1\ntime     X, X in calls\ninput    1,100, 400 cached (36.4 %)\noutput   70, 30 reasoning\n"
    "cost     $0.000325\nsession  ID\nnext     sessiontap show ID\n"
)
NOTHING = "calls    none was recorded\n"
LAST_CAUSE = (
    "why      it called no model, or one on this machine, or its program knows neither HTTPS_PROXY nor a CA"
    " of its user's\n"
)
PORT_OF_PROXY = "import os, urllib.parse as u; print(u.urlsplit(os.environ['HTTPS_PROXY']).port, flush=True)"

REQUESTS = f"import requests; print(requests.post({CHAT_URL!r}, json={BODY}).status_code)"
HTTPX = f"import NAME as httpx; print(httpx.post({CHAT_URL!r}, json={BODY}).status_code)"
# It reads the reply: who leaves before may have cancelled the call.
URLLIB = (
    "import urllib.request as r; reply = r.urlopen(r.Request("
    f"{CHAT_URL!r}, {BODY.encode()!r}, {{'Content-Type': 'application/json'}}));"
    " reply.read(); print(reply.status)"
)
AIOHTTP = f"""
import aiohttp, asyncio
async def main():
    async with aiohttp.ClientSession(trust_env=True) as session:
        async with session.post({CHAT_URL!r}, json={BODY}) as reply:
            await reply.read()
            print(reply.status)
asyncio.run(main())
"""
BOTO3 = """
import boto3
client = boto3.client("bedrock-runtime", "us-east-1", aws_access_key_id="a", aws_secret_access_key="b")
messages = [{"role": "user", "content": [{"text": "Hi"}]}]
reply = client.converse(modelId="us.amazon.nova-lite-v1:0", messages=messages)
print(reply["ResponseMetadata"]["HTTPStatusCode"])
"""
NODE_FETCH = f"""
const body = JSON.stringify({BODY});
const headers = {{"Content-Type": "application/json"}};
const base = process.env.OPENAI_BASE_URL ?? "https://api.openai.com/v1";
const reply = await fetch(base + "/chat/completions", {{method: "POST", headers, body}});
await reply.text();
console.log(reply.status);
"""
# What Anthropic's own SDK asks for, and what Vercel's does.
NODE_MESSAGES = """
const messages = [{role: "user", content: "Hi"}];
const body = JSON.stringify({model: "claude-haiku-4-5", max_tokens: 9, messages});
for (const path of ["/v1/messages", "/messages"]) {
  const reply = await fetch(process.env.ANTHROPIC_BASE_URL + path,
    {method: "POST", headers: {"Content-Type": "application/json", "X-Api-Key": "key-of-nobody"}, body});
  await reply.text();
  console.log(reply.status);
}
"""
# Whether the password stands in the arguments of the processes that name a text, other than the command's.
COMMAND_LINES = """
import pathlib, sys
lines = [path.read_bytes() for path in pathlib.Path("/proc").glob("[0-9]*/cmdline")]
print([b"s3cret" in line for line in lines if sys.argv[1].encode() in line and b"sys.argv" not in line])
"""
JAVA = """
import java.net.*;
public class Client {
    public static void main(String[] args) throws Exception {
        var connection = (HttpURLConnection) new URL(args[0]).openConnection();
        connection.setRequestProperty("Content-Type", "application/json");
        connection.setDoOutput(true);
        connection.getOutputStream().write(args[1].getBytes());
        System.out.println(connection.getResponseCode());
    }
}
"""


@pytest.fixture
def runs(tmp_path: Path, confdir: Path) -> Iterator[Runs]:
    """See Runs."""
    folder = tmp_path / "double"
    folder.mkdir()
    with Double(answer, hosts=(*HOSTS, BEDROCK_HOST, STRANGER), folder=folder) as double:
        yield Runs(tmp_path, confdir, double)
    assert double.faults == []


def receipt(text: str) -> str:
    """A receipt without what each run has of its own."""
    text = re.sub(r"run-\d{8}-\d{6}-[0-9a-f]{6}", "ID", text)
    return re.sub(r"^time .*$", "time     X, X in calls", text, flags=re.MULTILINE)


def python(module: str, code: str) -> object:
    """A client in Python, skipped where its library is not installed."""
    missing = importlib.util.find_spec(module) is None
    return pytest.param(
        [sys.executable, "-c", code.replace("NAME", module)],
        id=module,
        marks=pytest.mark.skipif(missing, reason=f"{module} is not installed here"),
    )


@pytest.mark.parametrize(
    "command",
    [
        pytest.param(["curl", "-o", "/dev/null", "-w", "%{http_code}\\n", *CURL[1:]], id="curl"),
        python("requests", REQUESTS),
        python("httpx", HTTPX),
        python("httpx2", HTTPX),
        python("urllib", URLLIB),
        python("aiohttp", AIOHTTP),
    ],
)
def test_a_client(runs: Runs, command: list[str]) -> None:
    """It gets its answer; its call is in the run's session, with exact tokens, named by the proxy user."""
    ended = runs.run("--path", "/a/b", "--user", "ann", "--", *command)
    assert (ended.code, ended.out) == (0, "200\n"), ended.err
    assert receipt(ended.err) == RECEIPT
    session_id, [call] = runs.session()
    assert session_id in ended.err
    assert call.usage == USAGE
    assert (call.status, call.session_source) == ("ok", "proxy-user")
    assert (call.session_name, call.session_path, call.user_id) == (Path(command[0]).name, "/a/b", "ann")


def test_boto3(runs: Runs) -> None:
    """Bedrock's signed call goes through as it was signed."""
    pytest.importorskip("boto3")
    ended = runs.run("--", sys.executable, "-W", "ignore", "-c", BOTO3)
    assert (ended.code, ended.out) == (0, "200\n"), ended.err
    _, [call] = runs.session()
    assert (call.usage, call.provider) == (BEDROCK_USAGE, "aws.bedrock")


def nodes() -> dict[bool, str]:
    """A Node of this machine that knows proxies, and one that does not."""
    agents = os.environ.get("SESSIONTAP_AGENTS")
    places = [*([f"{agents}/node_modules/.bin"] if agents else []), *os.environ["PATH"].split(os.pathsep)]
    found: dict[bool, str] = {}
    for place in places:
        node = shutil.which("node", path=place)
        version = node_version(node, os.environ) if node else None
        if node and version:
            found.setdefault(knows_proxies(version), node)
    return found


def test_an_old_node(runs: Runs, tmp_path: Path) -> None:
    """It says so, and leads the SDKs there by base URLs; both spellings of Anthropic's are understood."""
    node = nodes().get(False)
    if node is None:
        pytest.skip("no Node before 22.21 is installed")
    (tmp_path / "agent.mjs").write_text(NODE_FETCH)
    (tmp_path / "messages.mjs").write_text(NODE_MESSAGES)
    script = tmp_path / "both"
    script.write_text(f"#!{node}\nimport('./agent.mjs').then(() => import('./messages.mjs'))\n")
    script.chmod(0o755)
    ended = runs.run("--session", "old-node", "--", str(script))
    assert (ended.code, ended.out) == (0, "200\n200\n200\n"), ended.err
    assert re.match(
        r"sessiontap: Node v[\d.]+ knows no proxy \(22\.21 and 24 do\): OPENAI_BASE_URL, ", ended.err
    )
    session_id, calls = runs.session()
    assert session_id == "old-node"
    assert [(call.host, call.url_path, call.usage) for call in calls] == [
        ("api.openai.com", "/v1/chat/completions", USAGE),
        ("api.anthropic.com", "/v1/messages", CLAUDE_USAGE),
        ("api.anthropic.com", "/v1/messages", CLAUDE_USAGE),
    ]
    assert {call.header("x-api-key") for call in runs.double.received[1:]} == {"key-of-nobody"}


def test_a_base_url_of_the_users_stays(runs: Runs) -> None:
    """An old Node with one is told what is not recorded."""
    node = nodes().get(False)
    if node is None:
        pytest.skip("no Node before 22.21 is installed")
    runs.variables["OPENAI_BASE_URL"] = "https://llm.corp.example/v1"
    ended = runs.run("--", node, "-p", "process.env.OPENAI_BASE_URL")
    assert (ended.code, ended.out) == (0, "https://llm.corp.example/v1\n")
    assert "sessiontap: OPENAI_BASE_URL is set, and stays: what goes there from Node" in ended.err


def test_a_new_node(runs: Runs, tmp_path: Path) -> None:
    """It goes through the proxy by itself, and nothing is said about it."""
    node = nodes().get(True)
    if node is None:
        pytest.skip("no Node from 22.21 or 24 on is installed")
    (tmp_path / "agent.mjs").write_text(NODE_FETCH)
    ended = runs.run("--", node, "agent.mjs")
    assert (ended.code, ended.out) == (0, "200\n"), ended.err
    assert receipt(ended.err) == RECEIPT
    _, [call] = runs.session()
    assert (call.usage, call.session_source) == (USAGE, "proxy-user")


@pytest.mark.skipif(shutil.which("java") is None, reason="Java is not installed")
def test_java(runs: Runs, tmp_path: Path) -> None:
    """It trusts the store that is made for it; it names no session, and is in the run's all the same."""
    (tmp_path / "Client.java").write_text(JAVA)
    ended = runs.run("--session", "java", "--", "java", "Client.java", CHAT_URL, BODY)
    assert (ended.code, ended.out) == (0, "200\n"), ended.err
    session_id, [call] = runs.session()
    assert (session_id, call.usage) == ("java", USAGE)


def test_strangers_keep_their_certificates(runs: Runs, tmp_path: Path) -> None:
    """Both git and pip, told to trust nothing but the stranger's own CA, get through; nothing is recorded."""
    repository, files = tmp_path / "repository", tmp_path / "files"
    files.mkdir()
    for words in (
        ["init", "-q", str(repository)],
        ["-C", str(repository), "commit", "-q", "--allow-empty", "-m", "first"],
        ["clone", "-q", "--bare", str(repository), str(files / "r.git")],
        ["-C", str(files / "r.git"), "update-server-info"],
    ):
        subprocess.run(["git", "-c", "user.name=a", "-c", "user.email=a@b.c", *words], check=True)
    wheel = files / "nothing_here-1.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as made:
        info = "nothing_here-1.0.dist-info"
        made.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\nName: nothing-here\nVersion: 1.0\n")
        made.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        made.writestr(f"{info}/RECORD", "")
    index = f'<a href="/{wheel.name}">{wheel.name}</a>'.encode()

    def stranger(call: ReceivedCall) -> Answer:
        if call.path == "/simple/nothing-here/":
            return Answer(headers=(("Content-Type", "text/html"),), chunks=(index,), chunked=False)
        path = files / call.path.partition("?")[0].lstrip("/")
        if not path.is_file():
            return Answer(status=404, chunked=False)
        return Answer(chunks=(path.read_bytes(),), chunked=False)

    runs.double.handler = stranger
    ca = shlex.quote(str(runs.double.ca_file))
    url = f"https://{STRANGER}"
    pip = (
        f"{sys.executable} -m pip --no-input download -q --no-cache-dir --disable-pip-version-check --no-deps"
        f" --index-url {url}/simple/ nothing-here -d"
    )
    # requests lets these two beat pip's own settings, so the bundle has what those name.
    settings = tmp_path / "pip.conf"
    settings.write_text(f"[global]\ncert = {runs.double.ca_file}\n")
    runs.variables["PIP_CONFIG_FILE"] = str(settings)
    ended = runs.run(
        *("-q", "--", "sh", "-ec"),
        f"git -c http.sslCAInfo={ca} clone -q {url}/r.git cloned; git -C cloned log --format=%s;"
        f"env -u REQUESTS_CA_BUNDLE -u CURL_CA_BUNDLE {pip} downloaded; ls downloaded; {pip} again; ls again",
    )
    assert (ended.code, ended.out) == (0, f"first\n{wheel.name}\n{wheel.name}\n"), ended.err
    assert runs.sessions() == {}


def test_through_a_companys_proxy(runs: Runs, tmp_path: Path) -> None:
    """The proxy that the user has is gone on through, user and all; nobody reads the password in `ps`."""
    with start_proxy(
        home=tmp_path / "none",
        confdir=runs.confdir,
        addon=False,
        arguments=[*runs.arguments, "--proxyauth", "me:s3cret"],
        environ={**runs.environ},
    ) as company:
        runs.variables["HTTPS_PROXY"] = f"http://me:s3cret@127.0.0.1:{company.port}"
        trusted = f"--set ssl_verify_upstream_trusted_ca={company.ca_file}"
        look = shlex.join([sys.executable, "-c", COMMAND_LINES, f"upstream:http://127.0.0.1:{company.port}"])
        ended = runs.run("--mitmdump", trusted, "--", "sh", "-c", f"{shlex.join(CURL)}; {look}")
    assert ended.code == 0, ended.err
    _, [call] = runs.session()
    assert (call.status, call.usage) == ("ok", USAGE)
    assert ended.out.rpartition("}")[2] == "[False]\n"
    assert len(runs.double.received) == 1


def test_one_that_cannot_be_gone_on_through(runs: Runs) -> None:
    """It is named without its password."""
    runs.variables["ALL_PROXY"] = "socks5://me:s3cret@127.0.0.1:1"
    ended = runs.run("--receipt", "none", "--", "true")
    assert ended.code == 0
    assert ended.err == (
        "sessiontap: ALL_PROXY names socks5://127.0.0.1:1, which mitmproxy cannot go on through (http:// and"
        " https:// it can): calls go to the providers directly\n"
    )


@pytest.mark.parametrize(
    ("script", "code"), [("exit 3", 3), ("kill -9 $$", 137), ("kill -TERM $$", 143), ("/no/such", 127)]
)
def test_the_exit_code(runs: Runs, script: str, code: int) -> None:
    """It is the command's, and a run without calls says why that may be."""
    ended = runs.run("--", "sh", "-c", script)
    assert ended.code == code
    assert NOTHING in ended.err
    assert ended.err.endswith(LAST_CAUSE + "next     sessiontap doctor\n")


def test_streams_are_the_commands(runs: Runs) -> None:
    """Standard input and output pass through untouched, and standard error has nothing else with --quiet."""
    ended = runs.run("-q", "--", "sh", "-c", "tr a-z A-Z; echo trouble >&2", stdin="piped\nlines\n")
    assert ended == (0, "PIPED\nLINES\n", "trouble\n")


def test_the_receipt_as_a_program_reads_it(runs: Runs) -> None:
    """JSON into a file, with the exit code; a session that had calls before counts those of this run only."""
    for number in (1, 2):
        file = f"receipt-{number}.json"
        ended = runs.run(
            *("--session", "s?1:ä", "--name", "Two runs", "--budget", "2.50"),
            *("--receipt", "json", "--receipt-file", file, "--", "sh", "-c", shlex.join(CURL) + "; exit 4"),
        )
        assert (ended.code, ended.err) == (4, "")
        made = json.loads((runs.folder / file).read_text())
        assert (made["exit_code"], made["session"]["calls"], made["cache_read_ratio"]) == (4, 1, 0.3636)
        assert (made["session"]["session_id"], made["session"]["name"]) == ("s?1:ä", "Two runs")
        assert (runs.folder / file).stat().st_mode & 0o777 == 0o600
    _, calls = runs.session()
    assert len(calls) == 2


def test_two_at_once(runs: Runs) -> None:
    """Each has its own session and its own proxy."""
    started = [runs.start("--", *CURL) for _ in range(2)]
    for process in started:
        _, err = process.communicate(timeout=60)
        assert (process.returncode, receipt(err)) == (0, RECEIPT)
    sessions = runs.sessions()
    assert sorted(len(calls) for calls in sessions.values()) == [1, 1]


def test_ctrl_c_reaches_the_command(runs: Runs) -> None:
    """And only it: the proxy lives until the command has ended, whose last call is in the receipt."""
    program = (
        "import signal, subprocess, sys\n"
        f"def last(*_):\n    subprocess.run({[*CURL]!r}, stdout=subprocess.DEVNULL); sys.exit(7)\n"
        "signal.signal(signal.SIGINT, last)\nprint('rea' + 'dy', sys.stdout.isatty(), flush=True)\n"
        "signal.pause()\n"
    )
    with in_terminal(runs.words("--", sys.executable, "-c", program), runs.environ) as terminal:
        terminal.wait_for("ready True")
        terminal.type("\x03")
        terminal.wait_for("calls    1")
        terminal.wait_for("sessiontap show run-")
        assert terminal.ended() == 7


@contextlib.contextmanager
def under_way(runs: Runs) -> Iterator[tuple[subprocess.Popen[str], int, int, int]]:
    """A run whose command waits: the process, its command's id, the proxy's port and id."""
    program = f"import os, signal; print(os.getpid()); {PORT_OF_PROXY}; signal.pause()"
    process = runs.start("--", sys.executable, "-c", program)
    assert process.stdout is not None
    assert process.stderr is not None
    pid, port = int(process.stdout.readline()), int(process.stdout.readline())
    beat = ask(port, 30)
    assert beat is not None
    try:
        yield process, pid, port, beat.pid
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        process.kill()
        process.wait()
        process.stdout.close()
        process.stderr.close()


def gone(port: int) -> bool:
    """Whether nobody listens there."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0


def test_sigterm_ends_the_command(runs: Runs) -> None:
    """A supervisor's signal is handed on; the proxy is gone when the run has ended."""
    with under_way(runs) as (process, _, port, _):
        process.terminate()
        assert process.wait(60) == 128 + signal.SIGTERM
        assert gone(port)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="asks Linux when a process has ended")
def test_a_killed_run_leaves_no_proxy(runs: Runs) -> None:
    """Also where it had no time to tidy up."""
    with under_way(runs) as (process, _, port, proxy):
        process.kill()
        wait_for_end(proxy)
        assert gone(port)


def test_why_nothing_was_recorded(runs: Runs) -> None:
    """NO_PROXY is told before and after, a refused certificate by its host, other sessions by their ids."""
    runs.variables["NO_PROXY"] = "anthropic.com"
    system = "/etc/ssl/certs/ca-certificates.crt"
    refusing = f"curl -s --cacert {system} {CHAT_URL}"
    own = shlex.join([*CURL, "-H", "Helicone-Session-Id: ticket-1"])
    ended = runs.run("--", "sh", "-c", f"{refusing}; {own} >/dev/null")
    assert ended.code == 0, ended.err
    assert ended.err.startswith(
        "sessiontap: NO_PROXY keeps api.anthropic.com from the proxy: what goes there is not recorded\n"
    )
    assert NOTHING in ended.err
    assert (
        "why      calls of that time are in ticket-1: the command may name its session itself\n" in ended.err
    )
    assert "why      NO_PROXY keeps api.anthropic.com from the proxy; take that entry out\n" in ended.err
    ended = runs.run("--", "sh", "-c", refusing)
    assert "why      the client of api.openai.com refused the proxy's certificate: " in ended.err


def test_a_background_proxy_is_joined(runs: Runs) -> None:
    """`run` and `env` go through it and leave it; the shell has its own variables back in the end."""
    runs.variables["SSL_CERT_FILE"] = str(runs.double.ca_file)
    started = runs.sessiontap(
        *("proxy", "--detach", "--port", "0", "--confdir", str(runs.confdir), "--", *runs.arguments)
    )
    assert started.code == 0, started.err
    try:
        ended = runs.run("--", "sh", "-c", f"{shlex.join(CURL)} >/dev/null; echo $HTTPS_PROXY", own=False)
        assert receipt(ended.err) == RECEIPT
        port = int(ended.out.strip().rpartition(":")[2])
        assert not gone(port)
        joined = runs.run("--port", str(port), "--receipt", "none", "--", *CURL, own=False)
        assert (joined.code, joined.err) == (0, "")
        sessiontap = shlex.join([sys.executable, "-m", "sessiontap"])
        before = "echo ${HTTPS_PROXY-none} $SSL_CERT_FILE"
        script = (
            f"{before}; eval \"$({sessiontap} env --shell sh --session 'it'\\''s mine')\"; {before};"
            f"{shlex.join(CURL)} >/dev/null; {sessiontap} run -q -- sh -c 'echo $HTTPS_PROXY';"
            f'eval "$({sessiontap} env --unset --shell sh)"; {before}'
        )
        shell = runs.command(["sh", "-c", script])
        assert shell.err == ""
        lines = shell.out.splitlines()
        assert lines[0] == lines[3] == f"none {runs.double.ca_file}"
        assert lines[1].startswith(f"http://it%27s%20mine:it%27s%20mine@127.0.0.1:{port} ")
        assert re.fullmatch(rf"http://run-\d+-\d+-\w+:sh@127\.0\.0\.1:{port}", lines[2])
        sessions = runs.sessions()
        assert [call.usage for call in sessions["it's mine"]] == [USAGE]
        assert (
            sum((call.usage for calls in sessions.values() for call in calls), Usage())
            == USAGE + USAGE + USAGE
        )
    finally:
        stopped = runs.sessiontap("proxy", "stop")
    assert stopped.code == 0, stopped.err
