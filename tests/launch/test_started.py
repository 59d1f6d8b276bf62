from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from sessiontap.errors import SessiontapError
from sessiontap.launch import started as module
from sessiontap.launch.started import PortTakenError, StartedProxy, start_proxy
from sessiontap.store import Ledger
from tests.launch.rerouted import WAIT_S, Rerouted, send, wait_for_end, wait_for_text

MODES = ("reverse:https://api.openai.com", "reverse:https://api.anthropic.com")
linux = pytest.mark.skipif(sys.platform != "linux", reason="Linux tells of processes that are not one's own")


@pytest.fixture(scope="module")
def proxy(
    tmp_path_factory: pytest.TempPathFactory, confdir: Path, rerouted: Rerouted
) -> Iterator[StartedProxy]:
    """A mitmdump with two modes more, silent, whose calls go to a double."""
    with start_proxy(
        home=tmp_path_factory.mktemp("started") / "home",
        confdir=confdir,
        modes=MODES,
        arguments=("-q", *rerouted.arguments),
        environ=rerouted.environ,
    ) as running:
        yield running


@pytest.fixture
def start(tmp_path: Path, confdir: Path) -> Callable[..., StartedProxy]:
    """Starts one with other keywords, and a config.yaml of mitmproxy's; the test ends it."""

    def started(*, config: str = "", **keywords: Any) -> StartedProxy:
        folder = shutil.copytree(confdir, tmp_path / "conf")
        (folder / "config.yaml").write_text(config, "utf-8")
        return start_proxy(home=tmp_path / "home", confdir=folder, **keywords)

    return started


def test_is_ready_when_it_is_there(proxy: StartedProxy, confdir: Path) -> None:
    """Its CA is made and a call is recorded in its home, however quiet its log is."""
    assert proxy.url == f"http://127.0.0.1:{proxy.port}"
    assert proxy.ca_file == confdir / "mitmproxy-ca-cert.pem"
    assert send(proxy.port, proxy.ca_file, session="ready") == 200
    assert [call.status for call in Ledger(proxy.home).calls("ready")] == ["ok"]


def test_each_mode_listens_on_loopback_only(proxy: StartedProxy) -> None:
    """The proxy and each more have a port of their own, which no other address of the machine has."""
    assert [*proxy.ports] == ["regular", *MODES]
    assert proxy.ports["regular"] == proxy.port
    assert len({*proxy.ports.values()}) == 3
    for port in proxy.ports.values():
        with socket.create_connection(("127.0.0.1", port), WAIT_S):
            pass
        if sys.platform == "linux":  # where all of 127.0.0.0/8 is this machine
            with pytest.raises(ConnectionRefusedError):
                socket.create_connection(("127.0.0.2", port), WAIT_S)


@pytest.mark.parametrize(
    ("keywords", "config", "reason"),
    [
        (
            {},
            "listen_host: 0.0.0.0\nmode: [regular@0.0.0.0:0]",
            "mode regular@0.0.0.0:0 would listen on 0.0.0.0,",
        ),
        ({"arguments": ["--mode", "socks5@0.0.0.0:0"]}, "", "mode socks5@0.0.0.0:0 would listen on 0.0.0.0,"),
        ({"modes": ["socks5@192.0.2.1:0"]}, "", "would listen on 192.0.2.1, where others can reach it"),
        ({"arguments": ["--listen-hos", "0.0.0.0"]}, "", "mode regular would listen on 0.0.0.0,"),
        ({}, "sessiontap_home: /elsewhere", "has records go to /elsewhere, and this proxy was started for"),
        ({"arguments": ["--bogus"]}, "", "unrecognized arguments: --bogus"),
        (
            {"options": {"sessiontap_hom": "x"}},
            "",
            "unknown option sessiontap_hom: did you mean sessiontap_home?",
        ),
    ],
)
def test_says_why_it_did_not_start(
    start: Callable[..., StartedProxy], keywords: dict[str, object], config: str, reason: str
) -> None:
    """One line, also for what others could reach: a config.yaml of mitmproxy's is no way in."""
    with pytest.raises(SessiontapError, match=r"^mitmdump did not start \(exit status 1\): .*") as caught:
        start(config=config, **keywords)
    assert reason in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_config_file_does_not_move_it(start: Callable[..., StartedProxy]) -> None:
    """What a config.yaml says about address and port is for mitmdumps that a user starts."""
    with start(config="listen_host: 0.0.0.0\nlisten_port: 8080") as running:
        assert f"listening at 127.0.0.1:{running.port}." in running.log
        assert running.port != 8080


def test_listens_elsewhere_where_the_user_says_so(start: Callable[..., StartedProxy]) -> None:
    """`--listen-host` is the word; the URL is one that works here."""
    with start(arguments=["--listen-host", "0.0.0.0"]) as running:
        assert f"listening at *:{running.port}." in running.log
        assert running.url == f"http://127.0.0.1:{running.port}"


def test_a_port_that_is_taken(start: Callable[..., StartedProxy]) -> None:
    """Which port, and where the system tells, by whom."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(PortTakenError, match=rf"^port {port} of 127.0.0.1 is taken.*--port") as caught:
            start(port=port)
    assert caught.value.port == port
    if sys.platform == "linux":
        assert f"(pid {os.getpid()})" in str(caught.value)


def test_its_log_can_be_followed(start: Callable[..., StartedProxy]) -> None:
    """From the first line to the last, as it comes; whoever is told of each line is told the same ones."""
    told: list[str] = []
    with start(log=told.append) as running:
        lines = running.follow()
        seen = [next(lines)]
        assert running.stop() == 0
        seen += lines
        assert running.stop() == 0, "a second stop is harmless"
        assert running.wait() == 0
    assert seen == told
    assert "Loading script" in seen[0]
    assert seen[-1].endswith(f"sessiontap: recording to {running.home}")


_DEAF = """
import signal
def running():
    import asyncio
    asyncio.get_running_loop().remove_signal_handler(signal.SIGTERM)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGTERM to ignore")
def test_one_that_does_not_heed_is_killed(
    start: Callable[..., StartedProxy], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Stopping comes to an end."""
    script = tmp_path / "deaf.py"
    script.write_text(_DEAF, "utf-8")
    running = start(arguments=["-s", str(script)])
    monkeypatch.setattr(module, "_STOP_S", 0.2)
    assert running.stop() == -signal.SIGKILL


_NAMES_ITSELF = """
import os, pathlib
def load(loader):
    pathlib.Path({pid!r}).write_text(f"{{os.getpid()}}\\n")
"""
_STARTER = """
import sys
from pathlib import Path
from sessiontap.launch.started import start_proxy

folder = Path(sys.argv[1])
script = ["-s", str(folder / "script.py")]
proxy = start_proxy(home=folder / "home", confdir=Path(sys.argv[2]), arguments=script)
print(proxy.port, flush=True)
sys.stdin.read()
"""


@linux
@pytest.mark.parametrize("ready", [True, False])
def test_dies_with_its_starter(tmp_path: Path, confdir: Path, ready: bool) -> None:
    """A starter that is killed outright leaves no mitmdump behind, be it up or still about to be."""
    pid = tmp_path / "pid"
    (tmp_path / "script.py").write_text(_NAMES_ITSELF.format(pid=str(pid)), "utf-8")
    command = [sys.executable, "-c", _STARTER, str(tmp_path), str(confdir)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as starter:
        assert starter.stdout is not None
        if ready:
            assert int(starter.stdout.readline())
        mitmdump = int(wait_for_text(pid, "\n"))
        starter.kill()
        wait_for_end(mitmdump)
    assert starter.returncode == -signal.SIGKILL
