"""A home that cannot be written: traffic goes on, nothing is lost, two lines in the log tell of it."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from sessiontap.store import Ledger
from tests.end_to_end.place import BODY, Place, open_place, plain

BEGINS, ENDS = "nothing can be recorded now", "recording again"


def send(place: Place, session: str, count: int = 3) -> None:
    """Some calls, each of which gets its whole reply."""
    for _ in range(count):
        status, reply = place.send(session, plain, body=BODY)
        assert status == 200
        assert b'"usage"' in reply


def all_is_there(place: Place, expected: dict[str, int]) -> None:
    """Calls and bodies of the sessions, and two lines of log for one trouble."""
    place.logged(ENDS)
    place.proxy.stop()
    ledger = Ledger(place.proxy.home)
    for session, count in expected.items():
        calls = ledger.calls(session)
        assert [call.status for call in calls] == ["ok"] * count
        assert len(ledger.bodies(session)) == count
    said = [line for line in place.proxy.log.splitlines() if line.startswith("sessiontap:")]
    lines = [line for line in said if "recording to" not in line]
    assert len(lines) == 2, lines
    assert BEGINS in lines[0]
    assert "10,000 calls and 128 MiB" in lines[0]
    assert ENDS in lines[1]
    assert ", 0 lost" in lines[1]
    for path in (ledger.path("before").parent, place.proxy.home / "sessions"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o700


def test_a_home_that_is_removed_is_made_anew(tmp_path: Path) -> None:
    """What comes after the removal is recorded at once; nothing is in trouble."""
    with open_place(tmp_path) as place:
        send(place, "before")
        place.bodies_of("before", 3)
        shutil.rmtree(place.proxy.home)
        send(place, "after")
        place.bodies_of("after", 3)
        place.proxy.stop()
        assert [call.status for call in place.calls("after")] == ["ok"] * 3
        assert BEGINS not in place.proxy.log
        assert stat.S_IMODE(place.proxy.home.stat().st_mode) == 0o700


def test_a_file_in_the_homes_place_is_waited_out(tmp_path: Path) -> None:
    """Without any further traffic what waited is written, as soon as the file is gone."""
    with open_place(tmp_path) as place:
        send(place, "before")
        place.bodies_of("before", 3)
        aside = place.proxy.home.rename(tmp_path / "aside")
        place.proxy.home.write_text("in the way")
        send(place, "before", 2)
        send(place, "during")
        place.logged(BEGINS)
        place.proxy.home.unlink()
        aside.rename(place.proxy.home)
        all_is_there(place, {"before": 5, "during": 3})


@pytest.fixture
def mount(tmp_path: Path) -> Iterator[Callable[[str], Path]]:
    """Mounts a small file system of its own; its argument are the options, again to change them."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = False

    def command(*words: str) -> None:
        done = subprocess.run(words, capture_output=True, text=True, check=False)
        if done.returncode:
            pytest.skip(f"no file system can be mounted here: {done.stderr.strip() or done.returncode}")

    def make(options: str) -> Path:
        nonlocal mounted
        if shutil.which("mount") is None or os.geteuid() != 0:
            pytest.skip("only root can mount a file system")
        command(
            "mount", "-t", "tmpfs", "-o", f"remount,{options}" if mounted else options, "tmpfs", str(folder)
        )
        mounted = True
        return folder

    yield make
    if mounted:
        subprocess.run(["umount", "-l", str(folder)], check=False)


def test_a_full_disk_is_waited_out(tmp_path: Path, mount: Callable[[str], Path]) -> None:
    """ENOSPC in the middle of a run: all is there once there is room."""
    disk = mount("size=128k,mode=0755")
    with open_place(tmp_path, home=disk / "home") as place:
        send(place, "before")
        place.bodies_of("before", 3)
        (disk / "ballast").write_bytes(b"x" * (shutil.disk_usage(disk).free // 4096 * 4096))
        send(place, "during", 20)
        place.logged(BEGINS)
        mount("size=16m,mode=0755")
        all_is_there(place, {"before": 3, "during": 20})


def test_a_disk_that_becomes_read_only_is_waited_out(tmp_path: Path, mount: Callable[[str], Path]) -> None:
    """EROFS likewise; files that were open for writing go on."""
    disk = mount("size=4m,mode=0755")
    with open_place(tmp_path, home=disk / "home") as place:
        send(place, "before")
        place.bodies_of("before", 3)
        # Mounted over itself: what is open for writing forbids to remount the first one.
        subprocess.run(["mount", "--bind", str(disk), str(disk)], check=True)
        subprocess.run(["mount", "-o", "remount,ro,bind", str(disk)], check=True)
        try:
            send(place, "during")
            place.logged(BEGINS)
        finally:
            subprocess.run(["umount", str(disk)], check=True)
        all_is_there(place, {"before": 3, "during": 3})


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root may write everywhere")
def test_a_home_that_may_not_be_written_is_waited_out(tmp_path: Path) -> None:
    """EACCES: permission that is taken away and given back."""
    with open_place(tmp_path) as place:
        send(place, "before")
        place.bodies_of("before", 3)
        sessions = place.proxy.home / "sessions"
        sessions.chmod(0o500)
        send(place, "during")
        place.logged(BEGINS)
        sessions.chmod(0o700)
        all_is_there(place, {"before": 3, "during": 3})
