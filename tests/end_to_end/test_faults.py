"""A real mitmdump whose home is in trouble: the traffic goes on, and nothing of it is missing afterwards.

The faults are real: a limit of the file's size, lost permissions, a full and a read-only file system (in a
namespace of mitmdump's own, where no root is needed), a home that is gone, a wall clock that is set back.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from sessiontap.demo.double import Double
from sessiontap.demo.proxy_process import ProxyProcess
from sessiontap.store import Ledger
from tests.end_to_end.load import HOST, Client, check_bodies, echo

CALLS = 6
WAIT_S = 30
# A reply comes within milliseconds; a machine that is busy may take longer, a store that is waited for more.
LATE_S = 2.0

pytestmark = pytest.mark.skipif(os.name == "nt", reason="limits, modes and mounts are POSIX's")

# Sets the wall clock back by an hour between a call's start and its end, where the client asks for it.
CLOCK = """
import time
real = time.time
class Clock:
    def request(self, flow):
        time.time = (lambda: real() - 3600) if flow.request.headers.pop("x-set-back", "") else real
addons = [Clock()]
"""


@dataclass(slots=True)
class Place:
    """A proxy, and its home as this process sees it."""

    proxy: ProxyProcess
    home: Path

    def told(self) -> list[str]:
        """What the addon has logged as a warning so far: its trouble, and nothing else is expected."""
        lines = [line for line in self.proxy.log.splitlines() if "sessiontap: " in line]
        return [line for line in lines if "recording to" not in line]

    def wait_for(self, number: int) -> list[str]:
        """The lines once there are so many."""
        wait_until(lambda: len(self.told()) >= number)
        return self.told()


def wait_until(met: Callable[[], bool]) -> None:
    """Waits for something that another process does."""
    pause = threading.Event()
    for _ in range(WAIT_S * 100):
        if met():
            return
        pause.wait(0.01)
    pytest.fail("it did not happen")


@contextlib.contextmanager
def open_place(folder: Path, within: list[str], seen: Callable[[int, Path], Path]) -> Iterator[Place]:
    """Starts a double and, by way of a command, a mitmdump before it."""
    home, script = folder / "home", folder / "clock.py"
    script.write_text(CLOCK)
    with (
        Double(echo, hosts=(HOST,), folder=folder) as double,
        ProxyProcess(
            home=home, confdir=folder / "conf", double=double, scripts=[script], within=within
        ) as proxy,
    ):
        yield Place(proxy, seen(proxy.pid, home))
        assert double.faults == []


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """A proxy that obeys modes: where the tests run as root, without the right to disregard them."""
    within: list[str] = []
    if os.geteuid() == 0:
        if shutil.which("setpriv") is None:
            pytest.skip("root disregards modes, and there is no setpriv to take that right away")
        rights = "-dac_override,-dac_read_search"
        within = ["setpriv", f"--bounding-set={rights}", f"--inh-caps={rights}"]
    with open_place(tmp_path_factory.mktemp("faults"), within, lambda _, home: home) as opened:
        yield opened


@pytest.fixture(scope="module")
def small_disk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """A proxy whose home is a file system of its own, of half a megabyte."""
    folder = tmp_path_factory.mktemp("small")
    (folder / "home").mkdir()
    mounting = 'mount -t tmpfs -o size=512k,mode=700 none "$0" && exec "$@"'
    within = ["unshare", "-rm", "sh", "-c", mounting, str(folder / "home")]
    try:
        allowed = not subprocess.run([*within, "true"], capture_output=True, check=False).returncode
    except FileNotFoundError:
        allowed = False
    if not allowed:
        pytest.skip("this system lets nobody mount in a namespace of their own (unshare -rm)")
    with open_place(folder, within, lambda pid, home: Path(f"/proc/{pid}/root{home}")) as opened:
        yield opened


def in_its_place(place: Place, *command: str) -> None:
    """Runs a command among the mounts of the proxy."""
    entering = ["nsenter", "-t", str(place.proxy.pid), "-U", "-m", "--preserve-credentials"]
    subprocess.run([*entering, *command], check=True, capture_output=True)


def private(home: Path) -> bool:
    """Whether nobody but its user can look into a home."""
    modes = {path.is_dir(): path.stat().st_mode & 0o777 for path in (home, *home.rglob("*"))}
    return modes == {True: 0o700, False: 0o600}


def goes_on(
    place: Place, session: str, break_it: Callable[[], None], mend_it: Callable[[], None], says: str
) -> None:
    """Calls before, in and after a trouble; asserts that it is told by two lines and has cost nothing."""
    client = Client(place.proxy, session)
    client.call()
    wait_until(lambda: len(Ledger(place.home).bodies(session)) == 1)
    told = len(place.told())
    break_it()
    during = [client.call() for _ in range(CALLS)]
    # The echo was checked as it came, byte by byte it is below.
    assert max(call.seconds for call in during) < LATE_S
    assert len(place.wait_for(told + 1)) == told + 1
    mend_it()
    # Without further traffic.
    begins, ends = place.wait_for(told + 2)[told:]
    assert "not everything can be recorded for now: " in begins
    assert says in begins
    assert "at most 10,000 records of calls and 128 MiB of requests and replies" in begins
    assert "recording again" in ends
    assert ends.endswith(" 0 lost")
    kept = Ledger(place.home)
    stored = {call.call_id: call.status for call in kept.calls(session)}
    assert [stored.get(call.call_id) for call in during] == ["ok"] * CALLS
    check_bodies(kept, session, during, all_of_them=True)

    after = client.call()
    client.close()
    wait_until(lambda: kept.bodies(session).get(after.call_id) is not None)
    assert [call.status for call in kept.calls(session)] == ["ok"] * len(stored) + ["ok"]
    assert kept.problems == kept.bodies(session).problems == ()
    assert len(place.told()) == told + 2
    assert private(place.home)


def test_a_limit_that_is_reached(place: Place) -> None:
    """A write that the system takes in part only, and then not at all."""
    import resource

    _, hard = resource.prlimit(place.proxy.pid, resource.RLIMIT_FSIZE)

    def break_it() -> None:
        size = Ledger(place.home).path("limit").stat().st_size
        resource.prlimit(place.proxy.pid, resource.RLIMIT_FSIZE, (size + 1_000, hard))

    def mend_it() -> None:
        resource.prlimit(place.proxy.pid, resource.RLIMIT_FSIZE, (hard, hard))

    goes_on(place, "limit", break_it, mend_it, "cannot be written: File too large")


def test_permission_lost(place: Place) -> None:
    """A home that the proxy may not look into any more, and later may again."""
    says = "cannot be written: Permission denied"
    goes_on(place, "denied", lambda: place.home.chmod(0), lambda: place.home.chmod(0o700), says)


def test_a_folder_of_sessions_that_takes_none(place: Place) -> None:
    """New sessions cannot be made, the others are written as ever; only the new ones wait."""
    new, old = Client(place.proxy, "new"), Client(place.proxy, "old")
    old.call()
    folder = Ledger(place.home).path("new").parent.parent
    told = len(place.told())
    folder.chmod(0o500)
    received = [new.call(), new.call()]
    last = old.call()
    assert Ledger(place.home).calls("new") == []
    assert Ledger(place.home).calls("old")[-1].call_id == last.call_id
    folder.chmod(0o700)
    place.wait_for(told + 2)
    assert [call.status for call in Ledger(place.home).calls("new")] == ["ok", "ok"]
    check_bodies(Ledger(place.home), "new", received, all_of_them=True)
    assert len(place.told()) == told + 2
    new.close()
    old.close()


def test_a_home_that_a_file_replaces(place: Place) -> None:
    """What was stored is gone with the home; what comes while the file is in the way is not."""

    def break_it() -> None:
        shutil.rmtree(place.home)
        place.home.write_text("in the way")

    goes_on(place, "file", break_it, place.home.unlink, "cannot be written: Not a directory")


def test_a_home_that_is_removed(place: Place) -> None:
    """It is made again, private, with the next call, and that is no trouble at all."""
    client, kept = Client(place.proxy, "removed"), Ledger(place.home)
    client.call()
    wait_until(lambda: len(kept.bodies("removed")) == 1)
    told = len(place.told())
    shutil.rmtree(place.home)
    received = [client.call(), client.call()]
    client.close()
    assert [call.status for call in kept.calls("removed")] == ["ok", "ok"]
    wait_until(lambda: len(kept.bodies("removed")) == len(received))
    check_bodies(kept, "removed", received, all_of_them=True)
    assert len(place.told()) == told
    assert private(place.home)


def test_a_clock_that_is_set_back(place: Place) -> None:
    """A call that ends before it started, by the clock on the wall, ends as it started; it took its time."""
    client = Client(place.proxy, "clock")
    call_id = client.call(x_set_back="1").call_id
    (call,) = Ledger(place.home).calls("clock")
    assert (call.call_id, call.status) == (call_id, "ok")
    assert call.ended_at == call.started_at
    assert call.duration_ms is not None
    assert 0 <= call.duration_ms < WAIT_S * 1000
    client.call()
    client.close()
    # By the same clock: the later one started an hour before.
    assert {call.status for call in Ledger(place.home).calls("clock")} == {"ok"}


def test_a_full_disk(small_disk: Place) -> None:
    """Writes come short and fail; once there is room, all is written."""
    filler = small_disk.home / "filler"

    def break_it() -> None:
        filler.touch(0o600)
        with contextlib.suppress(OSError), filler.open("wb", buffering=0) as file:
            while file.write(b"x" * 4096):
                pass

    goes_on(small_disk, "full", break_it, filler.unlink, "No space left on device; make room there")


def test_a_disk_that_is_read_only(small_disk: Place) -> None:
    """A file system that cannot be written comes in the place of the home, and goes again."""
    home = str(small_disk.proxy.home)
    goes_on(
        small_disk,
        "read-only",
        lambda: in_its_place(small_disk, "mount", "-t", "tmpfs", "-o", "ro,mode=700", "none", home),
        lambda: in_its_place(small_disk, "umount", home),
        "cannot be written: Read-only file system",
    )
