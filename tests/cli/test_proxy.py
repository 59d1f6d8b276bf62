"""`sessiontap proxy`: in the terminal and in the background, with real mitmdumps."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from sessiontap.launch.shared import SharedProxy, detach
from sessiontap.launch.shared import stop as stop_shared
from tests.cli.running import Run, Start
from tests.launch.rerouted import wait_for_end

pytestmark = pytest.mark.skipif(os.name == "nt", reason="signals are sent in another way there")


@pytest.fixture(scope="module")
def confdir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Mitmproxy's own folder, with one CA for all the tests."""
    return tmp_path_factory.mktemp("mitmproxy")


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory, confdir: Path) -> Iterator[SharedProxy]:
    """A background proxy that the tests only ask about."""
    home = tmp_path_factory.mktemp("shared")
    yield detach(home=home, port=0, confdir=confdir).proxy
    stop_shared(home)


def started(process: Start, confdir: Path, *args: str) -> tuple[subprocess.Popen[bytes], list[str]]:
    """A proxy in the terminal, and what it has said up to its first line of log."""
    child = process("proxy", "--port", "0", "--confdir", str(confdir), *args)
    assert child.stdout is not None
    said = []
    while line := child.stdout.readline().decode():
        said.append(line.rstrip("\n"))
        if "Loading script" in line:
            break
    return child, said


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_in_the_terminal(process: Start, confdir: Path, home: Path, number: signal.Signals) -> None:
    """It says where to point clients, shows mitmdump's log to its last line, and a signal ends it with 0."""
    child, said = started(
        process, confdir, "--mode", "reverse:https://api.openai.com", "--", "--flow-detail", "2"
    )
    assert said[0] == f"Recording to {home}. Ctrl-C ends it."
    found = re.fullmatch(r"  HTTPS_PROXY=http://127\.0\.0\.1:(\d+), and trust (.*)", said[1])
    assert found is not None
    assert Path(found[2]).is_file()
    port = int(found[1])
    urls = ", ".join(f"http://127.0.0.1:{port}/{end}" for end in ("openai/v1", "anthropic", "gemini"))
    assert said[2] == f"  for what knows no proxy, base URLs: {urls} …"
    assert re.fullmatch(r"  reverse:https://api\.openai\.com: http://127\.0\.0\.1:\d+", said[3])
    with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\n\r\n")
        assert connection.recv(12) == b"HTTP/1.1 400"
    child.send_signal(number)
    assert child.stdout is not None
    log = child.stdout.read().decode()
    _, stderr = child.communicate(timeout=30)
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), timeout=30)
    assert (child.returncode, stderr) == (0, b"")
    assert f"listening at 127.0.0.1:{port}." in log
    assert "client connect" in log


def test_a_mitmdump_that_ends_by_itself_is_a_failure(process: Start, confdir: Path, tmp_path: Path) -> None:
    """Exit code 1, and mitmdump's own exit status."""
    script = tmp_path / "names_itself.py"
    pid = tmp_path / "pid"
    script.write_text(
        f"import os, pathlib\npathlib.Path({str(pid)!r}).write_text(str(os.getpid()), 'utf-8')\n", "utf-8"
    )
    child, _ = started(process, confdir, "--", "-s", str(script))
    os.kill(int(pid.read_text("utf-8")), signal.SIGKILL)
    _, stderr = child.communicate(timeout=30)
    assert child.returncode == 1
    assert (
        stderr == b"sessiontap: mitmdump has ended by itself (exit status -9); its last lines may say why\n"
    )


def test_a_reader_that_goes_away_ends_it(process: Start, confdir: Path) -> None:
    """`sessiontap proxy | head -1` ends at the next line, as mitmdump does, with no word about it."""
    child, said = started(process, confdir)
    assert child.stdout is not None
    assert child.stderr is not None
    child.stdout.close()
    url = said[1].split(",")[0].partition("=")[2]
    # A connection is a line of log, and there may be one too few yet to fail.
    while child.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", int(url.rpartition(":")[2])), timeout=30).close()
        except ConnectionError:
            break
    assert child.wait(30) == 1
    assert child.stderr.read() == b""
    child.stderr.close()


def test_in_the_background(run: Run, confdir: Path, home: Path) -> None:
    """Started, found, named with its port, ended, and then known to be none."""
    begun = run("proxy", "--detach", "--port", "0", "--confdir", str(confdir))
    found = re.fullmatch(
        r"A proxy runs in the background: (http://127\.0\.0\.1:(\d+)), pid (\d+), recording to (.*)\."
        r" `sessiontap proxy stop` ends it\.\n",
        begun.stdout,
    )
    assert found is not None
    assert (begun.exit_code, begun.stderr, found[4]) == (0, "", str(home))
    again = run("proxy", "--detach", "--port", found[2])
    assert again.exit_code == 0
    assert again.stdout == f"A proxy runs already, as it was started: {found[1]}, pid {found[3]}.\n"
    ended = run("proxy", "stop")
    assert (ended.exit_code, ended.stdout) == (0, f"The proxy on {found[1]} (pid {found[3]}) has ended.\n")
    wait_for_end(int(found[3]))
    none = run("proxy", "stop")
    assert (none.exit_code, none.stdout) == (0, f"No background proxy runs for {home}.\n")


def test_one_that_was_killed(run: Run, confdir: Path, home: Path) -> None:
    """`status` says that there was one, and the next start too, which goes well."""
    dead = detach(home=home, port=0, confdir=confdir).proxy
    os.kill(dead.pid, signal.SIGKILL)
    wait_for_end(dead.pid)
    asked = run("proxy", "status")
    assert asked.exit_code == 3
    assert f"The last one (pid {dead.pid}, since {dead.started_at}) ended without a word" in asked.stdout
    assert json.loads(run("proxy", "status", "--json").stdout)["died"] == {
        "pid": dead.pid,
        "started_at": dead.started_at,
    }
    begun = run("proxy", "--detach", "--port", "0", "--confdir", str(confdir))
    assert begun.exit_code == 0
    log = home / "proxy.log"
    assert begun.stderr == (
        f"sessiontap: the former one (pid {dead.pid}) had ended without a word; its log is in {log}\n"
    )
    assert run("proxy", "stop").exit_code == 0


def test_status(run: Run, shared: SharedProxy) -> None:
    """Where it is and who, for people and for programs."""
    home = shared.home
    asked = run("proxy", "status", "--home", str(home))
    assert asked.exit_code == 0
    assert asked.stdout.splitlines() == [
        f"running   {shared.url}",
        f"base URLs {shared.url}/openai/v1, {shared.url}/anthropic, {shared.url}/gemini …",
        f"pid       {shared.pid}, since {shared.started_at}",
        f"version   {shared.version}",
        f"home      {home}",
        f"CA        {shared.ca_file}",
        f"log       {home / 'proxy.log'}",
    ]
    stated = json.loads(run("proxy", "status", "--json", "--home", str(home)).stdout)
    urls = stated.pop("base_urls")
    assert (urls["openai"], urls["xai"]) == (f"{shared.url}/openai", f"{shared.url}/xai")
    assert stated == {
        "running": True,
        "home": str(home),
        "log": str(home / "proxy.log"),
        "url": shared.url,
        "port": shared.port,
        "pid": shared.pid,
        "ca_file": str(shared.ca_file),
        "started_at": shared.started_at,
        "version": shared.version,
        "died": None,
    }


def test_status_where_none_runs(run: Run, home: Path) -> None:
    """Exit code 3, which is no other command's."""
    asked = run("proxy", "status")
    assert (asked.exit_code, asked.stdout) == (3, f"No background proxy runs for {home}.\n")
    stated = json.loads(run("proxy", "status", "--json").stdout)
    assert stated["running"] is False
    assert {name for name, value in stated.items() if value is None} == {
        "url", "base_urls", "port", "pid", "ca_file", "started_at", "version", "died",
    }  # fmt: skip


@pytest.mark.parametrize("detached", [True, False])
def test_another_port_than_the_shared_proxys(run: Run, shared: SharedProxy, detached: bool) -> None:
    """The background proxy is named as what is in the way, with the command that ends it."""
    home = str(shared.home)
    if detached:
        asked = run("proxy", "--home", home, "--detach", "--port", str(shared.port - 1))
        expected = f"the proxy of {home} runs on port {shared.port} already; `sessiontap proxy stop` ends it"
    else:
        asked = run("proxy", "--home", home, "--port", str(shared.port))
        expected = (
            f"port {shared.port} is the background proxy's (pid {shared.pid}); `sessiontap proxy stop` ends"
            " that, --port 0 takes another"
        )
    assert (asked.exit_code, asked.stderr) == (1, f"sessiontap: {expected}\n")


@pytest.mark.parametrize(
    ("args", "reason"),
    [
        (["--port", "8080", "stop"], "--port has no effect before stop; options of stop stand behind it"),
        (["--home", "/x", "status"], "--home has no effect before status"),
        (["stop", "--", "-k"], "stop takes no arguments for mitmdump"),
        (["sotp"], "No such command 'sotp'"),
        (["--port", "70000"], "70000 is not in the range"),
    ],
)
def test_wrong_usage(run: Run, args: list[str], reason: str) -> None:
    """Exit code 2, and what is wrong."""
    result = run("proxy", *args)
    assert result.exit_code == 2
    assert reason in result.stderr


def test_what_stands_behind_the_dashes_is_no_subcommand(run: Run) -> None:
    """It is mitmdump's, and refused where sessiontap must know it."""
    result = run("proxy", "--", "-n", "stop")
    assert (result.exit_code, result.stderr) == (
        1,
        "sessiontap: -n makes mitmdump listen nowhere, so it is no proxy; leave it out\n",
    )


@pytest.mark.parametrize("how", [(), ("--detach",)])
def test_a_port_that_is_taken(process: Start, confdir: Path, how: tuple[str, ...]) -> None:
    """One line, and that any free port can be had: 0 is a port for no other command."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = str(other.getsockname()[1])
        child = process("proxy", "--port", port, "--confdir", str(confdir), *how)
        _, stderr = child.communicate(timeout=30)
    assert child.returncode == 1
    assert re.fullmatch(
        rf"sessiontap: port {port} of 127\.0\.0\.1 is taken.*; 0 is any free one\n", stderr.decode()
    )
