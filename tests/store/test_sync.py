"""A power cut: what was appended is given to the disk, with every name that leads to it, within a second.

The calls that the system gets are watched from outside of the ledger, by descriptor: a test cannot cut the
power.
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from sessiontap.bodies import Body, CallBodies
from sessiontap.call import Call
from sessiontap.proxy.store_thread import StoreThread
from sessiontap.proxy.trouble import Trouble
from sessiontap.store import Ledger, session_key

NewCall = Callable[..., Call]
WAIT_S = 20

pytestmark = pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="/proc says which file is which")


class Disk:
    """What has been given to the disk: each path with its size, in order."""

    def __init__(self) -> None:
        self.synced: list[tuple[Path, int]] = []

    def fsync(self, handle: int) -> None:
        """Remembers which file it is, and gives it to the disk."""
        path = Path(f"/proc/self/fd/{handle}").readlink()
        size = os.fstat(handle).st_size
        _FSYNC(handle)
        self.synced.append((path, 0 if path.is_dir() else size))

    def has(self, path: Path) -> bool:
        """Whether the disk has all that is in a file, or in a folder."""
        return (path, 0 if path.is_dir() else path.stat().st_size) in self.synced


_FSYNC = os.fsync


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Disk:
    """The disk of this process."""
    watched = Disk()
    monkeypatch.setattr(os, "fsync", watched.fsync)
    return watched


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home that is not there yet."""
    return tmp_path / "home"


@pytest.fixture
def ledger(home: Path) -> Iterator[Ledger]:
    """A ledger on it."""
    with Ledger(home) as made:
        yield made


def bodies(call_id: str) -> CallBodies:
    """What a call sent."""
    return CallBodies(call_id=call_id, session_id="run-1", headers={}, request=Body(content=b"Hello", size=5))


def names(home: Path, *files: str) -> list[Path]:
    """The files of a session, and every folder in which a name is new with a new home."""
    session = home / "sessions" / session_key("run-1")
    return [*(session / file for file in files), session, session.parent, home, home.parent]


def test_calls_and_bodies_and_all_names(disk: Disk, home: Path, ledger: Ledger, new_call: NewCall) -> None:
    """The files, the session's folder, that of the sessions, the home and the folder that it is in."""
    ledger.append(new_call("a"))
    ledger.put_bodies(bodies("a"))
    assert disk.synced == []
    ledger.sync()
    assert [path for path in names(home, "calls.jsonl", "bodies.jsonl") if not disk.has(path)] == []


def test_a_name_comes_after_what_it_leads_to(
    disk: Disk, home: Path, ledger: Ledger, new_call: NewCall
) -> None:
    """No moment has a name on the disk whose content is not."""
    ledger.append(new_call("a"))
    ledger.sync()
    assert [path for path, _ in disk.synced] == names(home, "calls.jsonl")


def test_nothing_new_costs_nothing(disk: Disk, ledger: Ledger, new_call: NewCall) -> None:
    """What the disk has is not given to it again."""
    ledger.append(new_call("a"))
    ledger.sync()
    disk.synced.clear()
    ledger.sync()
    assert disk.synced == []


def test_a_disk_that_fails_gets_it_again(
    monkeypatch: pytest.MonkeyPatch, disk: Disk, ledger: Ledger, new_call: NewCall
) -> None:
    """A session whose sync failed is not forgotten, and costs the others nothing."""
    ledger.append(new_call("a", "one"))
    ledger.append(new_call("b", "two"))
    failing = ledger.path("one").stat().st_ino

    def fails(handle: int) -> None:
        if os.fstat(handle).st_ino == failing:
            raise OSError(5, "Input/output error")
        disk.fsync(handle)

    monkeypatch.setattr(os, "fsync", fails)
    with pytest.raises(Exception, match=r"calls\.jsonl cannot be written: Input/output error"):
        ledger.sync()
    assert disk.has(ledger.path("two"))
    monkeypatch.setattr(os, "fsync", disk.fsync)
    ledger.sync()
    assert disk.has(ledger.path("one"))


def test_a_home_that_is_gone_has_nothing_to_lose(home: Path, ledger: Ledger, new_call: NewCall) -> None:
    """Removed, or replaced by a file, since: that is no trouble of the disk."""
    ledger.append(new_call("a"))
    shutil.rmtree(home)
    ledger.sync()
    ledger.append(new_call("b"))
    shutil.rmtree(home)
    home.write_text("in the way")
    ledger.sync()


def test_within_a_second_while_calls_come(disk: Disk, ledger: Ledger, new_call: NewCall) -> None:
    """A proxy's own threads do it: for two seconds each append is on the disk a second later."""

    def on_fault(error: Exception) -> None:
        pytest.fail(repr(error))

    thread = StoreThread(ledger, Trouble(), on_fault=on_fault)
    path = ledger.path("run-1")
    appended: list[tuple[float, int]] = []
    given: list[tuple[float, int]] = []

    def fsync(handle: int) -> None:
        size = os.fstat(handle).st_size
        disk.fsync(handle)
        if disk.synced[-1][0] == path:
            given.append((time.monotonic(), size))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", fsync)
        end = time.monotonic() + 2.0
        number = 0
        while time.monotonic() < end:
            number += 1
            ledger.append(new_call(str(number)))
            appended.append((time.monotonic(), path.stat().st_size))
            thread.appended()
            if number % 10 == 0:
                thread.put(bodies(str(number)))
            time.sleep(0.01)
        thread.close()
    waits = [next(at for at, given_size in given if given_size >= size) - moment for moment, size in appended]
    assert max(waits) < 1.0
    # Not at each append, either.
    assert len(given) < len(appended) / 5
    assert disk.has(path)
    assert disk.has(path.with_name("bodies.jsonl"))
