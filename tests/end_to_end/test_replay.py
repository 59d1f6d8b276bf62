"""`sessiontap replay` as users have it: a real mitmdump records, and records again, before a double."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import shlex
import signal
import subprocess
import threading
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from urllib.parse import quote

import boto3  # type: ignore[import-untyped]
import pytest
from botocore.config import Config  # type: ignore[import-untyped]

from sessiontap.call import Call
from sessiontap.demo.answer import Answer, ReceivedCall
from sessiontap.demo.double import Double
from sessiontap.demo.proxy_process import ProxyProcess
from sessiontap.demo.replies import openai_chat
from sessiontap.demo.script import HOSTS as DEMO_HOSTS
from sessiontap.store import Ledger
from sessiontap.usage import Usage
from tests.end_to_end import thirty
from tests.end_to_end.place import Place
from tests.end_to_end.runs import BEDROCK_HOST, SESSIONTAP, Ended, Runs, answer
from tests.launch.terminal import in_terminal

KEYS = {"OPENAI_API_KEY": "new-openai", "ANTHROPIC_API_KEY": "new-anthropic", "GEMINI_API_KEY": "new-gemini"}
MODELS = [
    word for old, new in zip(thirty.OLD, thirty.NEW, strict=True) for word in ("--model", f"{old}={new}")
]


@pytest.fixture
def runs(tmp_path: Path, confdir: Path, double: Double) -> Runs:
    """A user with keys, before the double."""
    return Runs(tmp_path, confdir, double, dict(KEYS))


@pytest.fixture
def recorded(runs: Runs, double: Double, start_proxy: Callable[..., ProxyProcess]) -> dict[Path, bytes]:
    """The session of thirty calls; its files as they are."""
    double.handler = thirty.answer
    with start_proxy(home=runs.home) as proxy:
        thirty.record(proxy.port, proxy.ca_file)
    return files_of(runs, thirty.SESSION)


def files_of(runs: Runs, session: str) -> dict[Path, bytes]:
    """The files of a session, with what is in them."""
    folder = Ledger(runs.home).path(session).parent
    return {path: path.read_bytes() for path in folder.iterdir()}


def words(runs: Runs, *args: str) -> list[str]:
    """`sessiontap replay` with a proxy before the double."""
    mine = ("--confdir", str(runs.confdir), "--mitmdump", shlex.join(runs.arguments))
    return [*SESSIONTAP, "replay", *mine, *args]


def replay(runs: Runs, *args: str) -> Ended:
    """The same to its end."""
    return runs.command(words(runs, *args))


def new_session(runs: Runs, old: str = thirty.SESSION) -> tuple[str, list[Call]]:
    """The only other session."""
    [(session_id, calls)] = [(key, calls) for key, calls in runs.sessions().items() if key != old]
    assert session_id is not None
    return session_id, calls


def test_thirty_calls_of_three_providers_again_with_other_models(
    runs: Runs, recorded: dict[Path, bytes]
) -> None:
    """Figures are exact, call by call and by `diff`; the recording's files stay as they were."""
    ended = replay(runs, thirty.SESSION, *MODELS, "--set", "temperature=0")
    assert ended.code == 0, ended.err
    session_id, calls = new_session(runs)
    assert f"next     sessiontap diff {thirty.SESSION} {session_id}\n" in ended.out
    assert "HTTP 529 overloaded_error: Overloaded (as in the recording)" in ended.out
    assert files_of(runs, thirty.SESSION) == recorded

    before = runs.sessions()[thirty.SESSION]
    assert len(before) == len(calls) == thirty.COUNT
    assert [call.session_path for call in calls] == [call.session_path for call in before]
    assert {call.session_name for call in calls} == {f"Replay of {thirty.NAME}"}
    assert {call.properties["replay-of"] for call in calls} == {thirty.SESSION}
    assert [call.stream for call in calls] == [call.stream for call in before]
    assert [call.tools for call in calls] == [call.tools for call in before]
    assert [call.status for call in calls] == [call.status for call in before]

    compared = json.loads(
        runs.sessiontap("diff", thirty.SESSION, session_id, "--json").out, parse_float=Decimal
    )
    totals = compared["totals"]
    for side, models in (("before", thirty.OLD), ("after", thirty.NEW)):
        read, written = thirty.tokens(models)
        assert totals[side]["calls"] == thirty.COUNT
        assert totals[side]["errors"] == 1
        assert totals[side]["usage"]["input_tokens"] == read
        assert totals[side]["usage"]["output_tokens"] == written
        assert totals[side]["cost_usd"] == thirty.cost(models)
    assert totals["difference"]["cost_usd"] == thirty.cost(thirty.NEW) - thirty.cost(thirty.OLD)
    assert totals["difference"]["calls"] == 0
    assert all(pair["same_request"] for pair in compared["calls"])
    assert {path["path"] for path in compared["paths"]} == set(thirty.PATHS)


def test_what_reaches_the_providers(runs: Runs, double: Double, recorded: dict[Path, bytes]) -> None:
    """The new model, in the body or the URL, the change, the user's own key; and no header of ours."""
    del recorded
    sent = len(double.received)
    assert replay(runs, thirty.SESSION, *MODELS, "--set", "temperature=0", "--calls", "1-3").code == 0
    chat, claude, gemini = double.received[sent:]
    assert json.loads(chat.body)["model"] == "gpt-5-nano"
    assert json.loads(claude.body)["model"] == "claude-haiku-4-5"
    assert gemini.path == "/v1beta/models/gemini-2.5-flash-lite:streamGenerateContent?alt=sse"
    assert [json.loads(call.body)["temperature"] for call in (chat, claude, gemini)] == [0, 0, 0]
    assert chat.header("authorization") == "Bearer new-openai"
    assert claude.header("x-api-key") == "new-anthropic"
    assert claude.header("anthropic-version") == "2023-06-01"
    assert gemini.header("x-goog-api-key") == "new-gemini"
    for call in (chat, claude, gemini):
        names = {name.lower() for name, _ in call.headers}
        assert not {name for name in names if name.startswith(("helicone-", "sessiontap-", "proxy-"))}


def test_without_changes_the_bodies_are_the_recorded_ones(
    runs: Runs, double: Double, recorded: dict[Path, bytes]
) -> None:
    """A replay as it was sends byte for byte what was sent."""
    del recorded
    sent = len(double.received)
    assert replay(runs, thirty.SESSION).code == 0
    first, again = double.received[:sent], double.received[sent:]
    assert [(call.host, call.path, call.body) for call in again] == [
        (call.host, call.path, call.body) for call in first
    ]


def test_a_dry_run_sends_nothing_and_says_what_it_would(
    runs: Runs, double: Double, recorded: dict[Path, bytes]
) -> None:
    """Method, URL, path, model and cost of each call; a key that is missing is named."""
    sent = len(double.received)
    del runs.variables["GEMINI_API_KEY"]
    ended = replay(runs, thirty.SESSION, *MODELS, "--dry-run", "--json")
    told = json.loads(ended.out, parse_float=Decimal)
    assert ended.code == 0
    assert len(told["calls"]) == thirty.COUNT
    assert told["calls"][2]["url"].startswith(
        "https://generativelanguage.googleapis.com/v1beta/models/gemini-2.5-flash-lite:"
    )
    assert told["missing"] == ["GEMINI_API_KEY is not set: 10 calls to generativelanguage.googleapis.com"]
    # By the tokens of the recording, at the new models' rates; the one that failed has none.
    expected = Decimal(0)
    for number in range(thirty.COUNT):
        if number != thirty.FAILS:
            used = thirty.usage(number, thirty.OLD[number % 3])
            read, written = thirty.RATES[thirty.NEW[number % 3]]
            expected += ((used.input_tokens or 0) * read + (used.output_tokens or 0) * written) / 1_000_000
    assert told["estimated_cost_usd"] == expected
    assert told["not_estimated"] == 1
    assert len(double.received) == sent
    assert set(runs.sessions()) == {thirty.SESSION}
    table = replay(runs, thirty.SESSION, *MODELS, "--dry-run").out
    assert "gpt-5-mini → gpt-5-nano" in table
    assert "30 calls, about $" in table
    assert files_of(runs, thirty.SESSION) == recorded


def test_a_missing_key_is_named_before_anything_is_sent(
    runs: Runs, double: Double, recorded: dict[Path, bytes]
) -> None:
    """No call goes out, not even to the providers whose keys are there."""
    del recorded
    sent = len(double.received)
    del runs.variables["ANTHROPIC_API_KEY"]
    ended = replay(runs, thirty.SESSION)
    assert ended.code == 1
    assert "ANTHROPIC_API_KEY is not set: 10 calls to api.anthropic.com" in ended.err
    assert len(double.received) == sent
    assert replay(runs, thirty.SESSION, "--calls", "1").code == 0


def test_a_call_that_fails_now_and_had_not_ends_with_one(
    runs: Runs, double: Double, recorded: dict[Path, bytes]
) -> None:
    """The others are sent all the same, and the failure is named in the provider's words."""
    del recorded

    def refusing(call: ReceivedCall) -> Answer:
        if call.host == "api.openai.com":
            body = b'{"error": {"type": "invalid_request_error", "message": "no such model"}}'
            return Answer(
                status=404, headers=(("Content-Type", "application/json"),), chunks=(body,), chunked=False
            )
        return thirty.answer(call)

    double.handler = refusing
    ended = replay(runs, thirty.SESSION, "--calls", "1-3", "--json")
    assert ended.code == 1
    told = json.loads(ended.out)
    assert [call["error"] for call in told["calls"]] == [
        "HTTP 404 invalid_request_error: no such model",
        None,
        None,
    ]
    assert told["receipt"]["session"]["errors"] == 1
    assert [call["call_id"] for call in told["calls"]] == [call.call_id for call in new_session(runs)[1]]


def test_a_stream_that_lacks_its_end_has_failed(
    runs: Runs, double: Double, recorded: dict[Path, bytes]
) -> None:
    """As the proxy has recorded it; the connection ended as it should."""
    del recorded

    def short(call: ReceivedCall) -> Answer:
        whole = thirty.answer(call)
        return replace(whole, chunks=list(whole.chunks)[:3])

    double.handler = short
    ended = replay(runs, thirty.SESSION, "--calls", "1")
    assert ended.code == 1
    assert "call 1 /plan gpt-5-mini: the stream ended before its end\n" in ended.out
    [call] = new_session(runs)[1]
    assert call.status == "interrupted"


def test_a_replay_stops_when_it_has_cost_what_it_may(
    runs: Runs, double: Double, recorded: dict[Path, bytes]
) -> None:
    """It costs no more than that and the call under way."""
    del recorded
    sent = len(double.received)
    ended = replay(runs, thirty.SESSION, "--max-cost", "0.01")
    assert ended.code == 0
    assert "of 30 calls: it has cost $0.01" in ended.err
    costs = [call.cost_usd or 0 for call in new_session(runs)[1]]
    assert sum(costs) >= Decimal("0.01") > sum(costs[:-1])
    assert len(double.received) == sent + len(costs)


def chat_session(double: Double, proxy: ProxyProcess, *bodies: object) -> None:
    """Makes chat completions through a proxy, one after the other."""
    place = Place(double, proxy, proxy.home)
    for body in bodies:
        status, _ = place.send("talk", double.handler, body=json.dumps(body).encode())
        assert status == 200


def test_new_replies_go_into_the_calls_that_repeat_the_recorded_ones(
    runs: Runs, double: Double, start_proxy: Callable[..., ProxyProcess]
) -> None:
    """With --thread the model is asked to go on from what it said this time."""
    question: dict[str, object] = {"role": "user", "content": "Which parcel is late?"}
    told: dict[str, object] = {"role": "assistant", "content": "The first parcel is late, as it seems."}
    more: dict[str, object] = {"role": "user", "content": "And why?"}
    quoted: dict[str, object] = {"role": "user", "content": f"Sum up: {told['content']} Twice."}

    def says(text: str) -> Callable[[ReceivedCall], Answer]:
        return lambda _: openai_chat("gpt-5-mini", text, Usage(input_tokens=9, output_tokens=9), stream=False)

    double.handler = says(str(told["content"]))
    with start_proxy(home=runs.home) as proxy:
        chat_session(
            double,
            proxy,
            {"model": "gpt-5-mini", "messages": [question]},
            {"model": "gpt-5-mini", "messages": [question, told, more]},
            {"model": "gpt-5-mini", "messages": [quoted]},
        )
    sent = len(double.received)
    double.handler = says("It is the second parcel that is late.")
    ended = replay(runs, "talk", "--thread")
    assert ended.code == 0, ended.err
    assert "2 new replies fed into 2 calls" in ended.out
    first, second, third = [json.loads(call.body)["messages"] for call in double.received[sent:]]
    now = "It is the second parcel that is late."
    assert first == [question]
    assert second == [question, {"role": "assistant", "content": now}, more]
    assert third == [{"role": "user", "content": f"Sum up: {now} Twice."}]


def overlapping(double: Double, proxy: ProxyProcess) -> None:
    """Records two calls that overlap, and one after them."""
    place = Place(double, proxy, proxy.home)
    both = threading.Barrier(2)

    def together(call: ReceivedCall) -> Answer:
        if b"last" not in call.body:
            both.wait(30)
        return openai_chat("gpt-5-mini", "Hi", Usage(input_tokens=1, output_tokens=1), stream=False)

    double.handler = together

    def send(said: str) -> None:
        body = {"model": "gpt-5-mini", "messages": [{"role": "user", "content": said}]}
        assert place.send("talk", together, body=json.dumps(body).encode())[0] == 200

    sends = [threading.Thread(target=send, args=(said,)) for said in ("one", "two")]
    for each in sends:
        each.start()
    for each in sends:
        each.join()
    send("last")


def test_calls_that_overlapped_overlap_again(
    runs: Runs, double: Double, start_proxy: Callable[..., ProxyProcess]
) -> None:
    """With --parallel both are under way at once, or the double would not answer; the last comes last."""
    with start_proxy(home=runs.home) as proxy:
        overlapping(double, proxy)
    sent = len(double.received)
    ended = replay(runs, "talk", "--parallel")
    assert ended.code == 0, ended.err
    assert b"last" in double.received[-1].body
    assert len(double.received) == sent + 3


def _held_at_the_third(double: Double) -> tuple[threading.Event, threading.Event]:
    """Has the third call wait: set when it is there, and for the test to set when it may end."""
    asked, ended = threading.Event(), threading.Event()

    def slow(call: ReceivedCall) -> Answer:
        if b"Call 2." in call.body:
            asked.set()
            ended.wait(60)
        return thirty.answer(call)

    double.handler = slow
    return asked, ended


@pytest.mark.skipif(os.name == "nt", reason="signals are sent in another way there")
def test_ctrl_c_says_how_far_it_came(runs: Runs, double: Double, recorded: dict[Path, bytes]) -> None:
    """It ends at once with 130; the calls before are recorded, the one under way as left by its client."""
    del recorded
    asked, ended = _held_at_the_third(double)
    process = subprocess.Popen(
        words(runs, thirty.SESSION),
        env=runs.environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert asked.wait(60)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    ended.set()
    session_id, calls = new_session(runs)
    assert process.returncode == 130
    assert f"sessiontap: stopped after 2 of 30 calls; sessiontap show {session_id} has them\n" in err
    assert "Traceback" not in err
    assert [call.status for call in calls] == ["ok", "ok", "cancelled"]


@pytest.mark.skipif(os.name == "nt", reason="the test uses a POSIX terminal")
def test_a_terminal_shows_a_bar(runs: Runs, double: Double, recorded: dict[Path, bytes]) -> None:
    """It grows with the calls; Ctrl-C there ends it with one line."""
    del recorded
    asked, ended = _held_at_the_third(double)
    line = words(runs, thirty.SESSION, "--calls", "1-4")
    with in_terminal(line, {**runs.environ, "TERM": "xterm", "COLUMNS": "150"}) as terminal:
        terminal.wait_for("(##########----------) 2 of 4 calls")
        assert asked.wait(60)
        terminal.type("\x03")
        terminal.wait_for("sessiontap: stopped after 2 of 4 calls")
        assert terminal.ended() == 130
    ended.set()
    assert "Traceback" not in terminal.seen


def test_a_base_url_on_this_machine(runs: Runs, double: Double, recorded: dict[Path, bytes]) -> None:
    """Plain http, without a key; the calls are recorded as local ones, and cost nothing."""
    del recorded
    sent = len(double.received)

    def local(_: ReceivedCall) -> Answer:
        return openai_chat("qwen3", "Hello", Usage(input_tokens=3, output_tokens=4), stream=False)

    double.handler = local
    args = ("--calls", "4", "--base-url", "http://localhost:11434/v1", "--model", "*=qwen3")
    ended = replay(runs, thirty.SESSION, *args)
    assert ended.code == 0, ended.err
    [call] = double.received[sent:]
    assert (call.host, call.path) == ("localhost:11434", "/v1/chat/completions")
    assert call.header("authorization") is None
    [new] = new_session(runs)[1]
    assert (new.provider, new.request_model, new.billing) == ("local", "qwen3", "free")


def test_a_gateway_that_the_proxy_does_not_know_is_recorded(tmp_path: Path, confdir: Path) -> None:
    """Its host is told to the proxy with the provider whose wire shapes it speaks."""
    folder = tmp_path / "gateway"
    folder.mkdir()
    with Double(thirty.answer, hosts=(*DEMO_HOSTS, "llm.corp.example"), folder=folder) as double:
        user = Runs(tmp_path, confdir, double, dict(KEYS))
        with ProxyProcess(home=user.home, confdir=confdir, double=double) as proxy:
            thirty.record(proxy.port, proxy.ca_file)
        double.handler = lambda _: openai_chat(
            "gpt-5-mini", "Hello", Usage(input_tokens=3, output_tokens=4), stream=False
        )
        args = ("--calls", "4", "--base-url", "openai=https://llm.corp.example/team")
        ended = replay(user, thirty.SESSION, *args)
        assert ended.code == 0, ended.err
        assert "1 call: 1 to llm.corp.example (OPENAI_API_KEY)" in ended.err
        assert double.received[-1].path == "/team/v1/chat/completions"
        [new] = new_session(user)[1]
        assert (new.provider, new.host) == ("openai", "llm.corp.example")


def test_a_proxy_that_is_there_is_joined(
    runs: Runs, double: Double, start_proxy: Callable[..., ProxyProcess], tmp_path: Path
) -> None:
    """The one at --port records it; one that records elsewhere is refused before anything is sent."""
    double.handler = thirty.answer
    proxy = start_proxy(home=runs.home)
    thirty.record(proxy.port, proxy.ca_file)
    sent = len(double.received)
    args = ("replay", thirty.SESSION, "--calls", "1,2", "--port")
    elsewhere = start_proxy(home=tmp_path / "elsewhere")
    refused = runs.sessiontap(*args, str(elsewhere.port))
    assert refused.code == 1
    assert f"records into {tmp_path / 'elsewhere'}, and the recording is in {runs.home}" in refused.err
    assert len(double.received) == sent
    ended = runs.sessiontap(*args, str(proxy.port))
    assert ended.code == 0, ended.err
    assert len(new_session(runs)[1]) == 2


def signature_of(call: ReceivedCall, secret: str) -> str:
    """The signature that a request must have, by AWS's own words.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
    """
    stated = call.header("authorization") or ""
    scope = stated.partition("Credential=")[2].partition(",")[0].split("/", 1)[1]
    names = stated.partition("SignedHeaders=")[2].partition(",")[0].split(";")
    path, _, query = call.path.partition("?")
    canonical = "\n".join(
        [
            call.method,
            quote(path, safe="/~"),
            query,
            *(f"{name}:{call.header(name)}" for name in names),
            "",
            ";".join(names),
            hashlib.sha256(call.body).hexdigest(),
        ]
    )
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    text = f"AWS4-HMAC-SHA256\n{call.header('x-amz-date')}\n{scope}\n{digest}"
    key = f"AWS4{secret}".encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    return hmac.digest(key, text.encode(), "sha256").hex()


def test_bedrock_is_signed_anew(tmp_path: Path, confdir: Path) -> None:
    """The model is another one in the URL, and the signature holds for what arrives."""
    old, new = "us.amazon.nova-lite-v1:0", "us.amazon.nova-micro-v1:0"
    folder = tmp_path / "bedrock"
    folder.mkdir()
    with Double(answer, hosts=(BEDROCK_HOST,), folder=folder) as double:
        user = Runs(tmp_path, confdir, double)
        with ProxyProcess(home=user.home, confdir=confdir, double=double) as proxy:
            client = boto3.client(
                "bedrock-runtime",
                region_name="us-east-1",
                aws_access_key_id="AKIARECORDED",
                aws_secret_access_key="recorded",
                verify=str(proxy.ca_file),
                config=Config(proxies={"https": f"http://talk:Talk@127.0.0.1:{proxy.port}"}),
            )
            client.converse(modelId=old, messages=[{"role": "user", "content": [{"text": "Hi"}]}])
        user.variables = {"AWS_ACCESS_KEY_ID": "AKIAAGAIN", "AWS_SECRET_ACCESS_KEY": "again"}
        ended = replay(user, "talk", "--model", f"{old}={new}")
        assert ended.code == 0, ended.err
        call = double.received[-1]
        assert call.path == "/model/us.amazon.nova-micro-v1%3A0/converse"
        stated = call.header("authorization") or ""
        assert stated.startswith("AWS4-HMAC-SHA256 Credential=AKIAAGAIN/")
        assert stated.endswith(f"Signature={signature_of(call, 'again')}")
        [again] = new_session(user, "talk")[1]
        assert (again.request_model, again.status) == (new, "ok")

        user.variables = {"AWS_BEARER_TOKEN_BEDROCK": "token"}
        assert replay(user, "talk").code == 0
        assert double.received[-1].header("authorization") == "Bearer token"
