from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from sessiontap.errors import SessiontapError
from sessiontap.launch import shared as module
from sessiontap.launch.shared import SharedProxy, detach, left_behind, shared_proxy, stop
from sessiontap.store import Ledger
from tests.launch.rerouted import WAIT_S, Rerouted, send, wait_for_end, wait_for_text

pytestmark = pytest.mark.skipif(
    sys.platform != "linux", reason="Linux tells of processes that are not one's own"
)

_STARTER = """
import os, signal, sys
from pathlib import Path
from sessiontap.launch.shared import detach
detach(home=Path(sys.argv[1]), port=0, confdir=Path(sys.argv[2]), arguments=sys.argv[3:])
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    """A home whose shared proxy ends with the test."""
    folder = tmp_path / "home"
    yield folder
    stop(folder)


def running(home: Path) -> SharedProxy:
    """The shared proxy, which is there."""
    found = shared_proxy(home)
    assert found is not None
    return found


def test_outlives_its_starter(home: Path, confdir: Path, rerouted: Rerouted) -> None:
    """It records after its starter was killed, its files are the user's alone, its log has no key in it."""
    starter = subprocess.run(
        [sys.executable, "-W", "error", "-c", _STARTER, str(home), str(confdir), *rerouted.arguments],
        env={**os.environ, **rerouted.environ},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (starter.returncode, starter.stdout, starter.stderr) == (-signal.SIGKILL, "", "")
    proxy = running(home)
    assert proxy.ca_file.is_file()
    assert send(proxy.port, proxy.ca_file, session="shared", query="?key=AIzaSyFakeFakeFake") == 200
    stopped = stop(home)
    assert stopped == proxy
    wait_for_end(proxy.pid)
    assert [call.status for call in Ledger(home).calls("shared")] == ["ok"]
    assert (shared_proxy(home), left_behind(home), stop(home)) == (None, None, None)
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in home.glob("proxy*") if path.is_file()}
    assert modes == {"proxy.log": 0o600, "proxy.json.lock": 0o600}
    log = (home / "proxy.log").read_text("utf-8")
    assert "client disconnect" in log
    assert "AIza" not in log


def test_two_at_once_are_one(home: Path, confdir: Path) -> None:
    """Who comes second waits, and has the one of the first."""
    line = [sys.executable, "-m", "sessiontap", "proxy", "--detach", "--port", "0", "--home", str(home)]
    both = [
        subprocess.Popen(
            [*line, "--confdir", str(confdir)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        for _ in range(2)
    ]
    printed = sorted(each.communicate(timeout=2 * WAIT_S) for each in both)
    assert [each.returncode for each in both] == [0, 0]
    proxy = running(home)
    already, background = printed
    assert already == (f"A proxy runs already, as it was started: {proxy.url}, pid {proxy.pid}.\n", "")
    line_of_the_first = f"A proxy runs in the background: {proxy.url}, pid {proxy.pid}, recording to {home}. "
    assert background == (f"{line_of_the_first}`sessiontap proxy stop` ends it.\n", "")


def test_one_that_was_killed_is_replaced(home: Path, confdir: Path) -> None:
    """It is known for dead at once, and the next start says so."""
    first = detach(home=home, port=0, confdir=confdir)
    assert first.started
    assert first.replaced is None
    os.kill(first.proxy.pid, signal.SIGKILL)
    wait_for_end(first.proxy.pid)
    assert shared_proxy(home) is None
    assert left_behind(home) == first.proxy
    second = detach(home=home, port=0, confdir=confdir)
    assert (second.started, second.replaced) == (True, first.proxy)
    assert running(home) == second.proxy
    assert detach(home=home) == (second.proxy, False, None)


def test_one_that_hangs_is_killed(home: Path, confdir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Stopping comes to an end, and leaves nothing that says it runs."""
    proxy = detach(home=home, port=0, confdir=confdir).proxy
    os.kill(proxy.pid, signal.SIGSTOP)
    monkeypatch.setattr(module, "_STOP_S", 0.2)
    assert stop(home) == proxy
    assert shared_proxy(home) is None


def test_stays_when_its_script_is_loaded_again(home: Path, confdir: Path) -> None:
    """Mitmproxy does that when the file changes, as in an upgrade: the proxy is the same, and is known."""
    proxy = detach(home=home, port=0, confdir=confdir).proxy
    script = Path(module.__file__).parent.parent / "proxy" / "scripts" / "launched.py"
    os.utime(script)
    wait_for_text(home / "proxy.log", f"Loading script {script}")
    assert stop(home) == proxy


def test_one_that_does_not_start_is_one_line(home: Path, confdir: Path) -> None:
    """As in the terminal; nothing is left that says it runs."""
    with pytest.raises(SessiontapError, match=r"^mitmdump did not start \(exit status 1\): .*--bogus$"):
        detach(home=home, confdir=confdir, arguments=["--bogus"])
    assert (shared_proxy(home), left_behind(home)) == (None, None)


def test_a_home_that_cannot_hold_it_is_one_line(home: Path, confdir: Path) -> None:
    """A proxy that nobody could find again does not stay."""
    home.mkdir(mode=0o700)
    (home / "proxy.log").mkdir()
    with pytest.raises(SessiontapError, match=r"^the proxy cannot be shared: .*proxy\.log: Is a directory$"):
        detach(home=home, port=0, confdir=confdir)
    assert shared_proxy(home) is None


def test_no_home_no_proxy(tmp_path: Path) -> None:
    """To ask and to stop makes nothing."""
    assert (shared_proxy(tmp_path / "none"), stop(tmp_path / "none")) == (None, None)
    assert not (tmp_path / "none").exists()
