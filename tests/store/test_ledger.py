from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest
from filelock import FileLock

from sessiontap.call import Call, encode
from sessiontap.errors import StoreError
from sessiontap.store import UNASSIGNED, CallStore, Ledger, session_key

NewCall = Callable[..., Call]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home that is not there yet."""
    return tmp_path / "home"


@pytest.fixture
def ledger(home: Path) -> Iterator[Ledger]:
    """A ledger on it that waits shortly for locks."""
    with Ledger(home, lock_timeout_s=0.05) as made:
        yield made


def test_a_ledger_is_a_call_store(ledger: Ledger) -> None:
    """The class fits the Protocol that the other rooms are written against."""
    store: CallStore = ledger
    assert list(store.sessions()) == []


def test_a_new_ledger_touches_nothing(home: Path, ledger: Ledger) -> None:
    """Reading an empty home gives nothing and makes nothing."""
    assert ledger.calls("run-1") == []
    assert list(ledger.sessions()) == []
    assert not home.exists()


def test_calls_come_back_by_session(ledger: Ledger, new_call: NewCall) -> None:
    """Each session has its calls, the latest version of each, in order of their start."""
    late = new_call("a", "one", started_at="2026-11-23T20:00:01.000Z")
    early = new_call("b", "one", started_at="2026-11-23T20:00:00.000Z")
    other, nobodys = new_call("c", "two"), new_call("d", None)
    for call in (new_call("a", "one", status="running"), late, early, other, nobodys):
        ledger.append(call)
    assert ledger.calls("one") == [early, late]
    assert ledger.calls("two") == [other]
    assert ledger.calls(None) == [nobodys]
    stored = {session.session_id: (session.key, session.calls) for session in ledger.sessions()}
    assert stored == {
        "one": (session_key("one"), [early, late]),
        "two": (session_key("two"), [other]),
        None: (UNASSIGNED, [nobodys]),
    }


def test_another_process_reads_what_was_appended(home: Path, ledger: Ledger, new_call: NewCall) -> None:
    """An append is in the file when it returns: nothing waits in memory for a close."""
    ledger.append(new_call("a"))
    assert Ledger(home).calls("run-1") == [new_call("a")]


@pytest.mark.parametrize("session_id", ["", "../../etc/passwd", "a\x00b", "x" * 10_000, "NUL", UNASSIGNED])
def test_no_session_id_leaves_the_folder(
    home: Path, ledger: Ledger, new_call: NewCall, session_id: str
) -> None:
    """Hostile ids are stored and found like any other, inside the home."""
    ledger.append(new_call("a", session_id))
    assert ledger.calls(session_id) == [new_call("a", session_id)]
    assert ledger.calls(None) == []
    assert [session.session_id for session in ledger.sessions()] == [session_id]
    assert [path.name for path in home.parent.iterdir()] == ["home"]
    assert [path.name for path in (home / "sessions").iterdir()] == [session_key(session_id)]


def test_more_sessions_than_descriptors(home: Path, new_call: NewCall) -> None:
    """Few files stay open however many sessions there are, and every append arrives."""
    folder = Path("/proc/self/fd")
    before = len(list(folder.iterdir())) if folder.is_dir() else 0
    with Ledger(home, open_sessions=3) as ledger:
        for round_number in range(2):
            for number in range(10):
                ledger.append(new_call(f"call-{round_number}", f"session-{number}"))
        if folder.is_dir():
            assert len(list(folder.iterdir())) == before + 2 * 3
        assert [len(session.calls) for session in ledger.sessions()] == [2] * 10
    if folder.is_dir():
        assert len(list(folder.iterdir())) == before


def test_a_closed_ledger_opens_again(ledger: Ledger, new_call: NewCall) -> None:
    """Closing gives files back and ends nothing."""
    ledger.append(new_call("a"))
    ledger.close()
    ledger.append(new_call("b"))
    assert len(ledger.calls("run-1")) == 2


def test_a_home_below_a_file_is_one_line(tmp_path: Path, new_call: NewCall) -> None:
    """A home that cannot be made is told with path, reason and what to do."""
    file = tmp_path / "file"
    file.write_text("not a folder")
    ledger = Ledger(file / "home")
    with pytest.raises(StoreError) as caught:
        ledger.append(new_call("a"))
    assert str(caught.value) == (
        f"{ledger.path('run-1')} cannot be written: Not a directory;"
        " make it accessible for this user, or set SESSIONTAP_HOME to another folder"
    )


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="the full disk is Linux's /dev/full")
def test_a_full_disk_is_one_line(ledger: Ledger, new_call: NewCall) -> None:
    """A disk without room is told as such, and the session is written again once there is room."""
    path = ledger.path("run-1")
    path.parent.mkdir(parents=True)
    path.symlink_to("/dev/full")
    with pytest.raises(StoreError, match="No space left on device; make room there"):
        ledger.append(new_call("a"))
    path.unlink()
    ledger.append(new_call("b"))
    assert ledger.calls("run-1") == [new_call("b")]


def test_a_held_lock_is_one_line(ledger: Ledger, new_call: NewCall) -> None:
    """An append does not wait for ever for a process that hangs."""
    ledger.append(new_call("a"))
    with (
        FileLock(f"{ledger.path('run-1')}.lock"),
        pytest.raises(StoreError, match=r"cannot be written: another process has held its lock"),
    ):
        ledger.append(new_call("b"))


@pytest.mark.parametrize("field", ["call_id", "session_id"])
def test_a_text_that_is_not_unicode_is_one_line(ledger: Ledger, new_call: NewCall, field: str) -> None:
    """A lone surrogate, which JSON in UTF-8 cannot hold, is a StoreError and stores nothing."""
    ids = {"call_id": "a", "session_id": "run-1", field: "\ud800"}
    with pytest.raises(StoreError, match="that is not Unicode") as caught:
        ledger.append(new_call(**ids))
    assert str(caught.value).isprintable()
    assert list(ledger.sessions()) == []


def test_a_removed_home_is_made_again(home: Path, ledger: Ledger, new_call: NewCall) -> None:
    """Deleting everything under a running proxy does not stop it from recording."""
    ledger.append(new_call("a"))
    shutil.rmtree(home)
    ledger.append(new_call("b"))
    assert ledger.calls("run-1") == [new_call("b")]


def test_an_unreadable_session_hides_no_other(ledger: Ledger, new_call: NewCall) -> None:
    """A file that cannot be read is reported and passed over; asked for by itself it is an error."""
    ledger.append(new_call("a", "good"))
    bad = ledger.path("bad")
    bad.mkdir(parents=True)  # a folder in the file's place
    assert [session.session_id for session in ledger.sessions()] == ["good"]
    assert [str(problem) for problem in ledger.problems] == [
        f"{bad}: cannot be read (Is a directory); the session is left out"
    ]
    with pytest.raises(StoreError, match="cannot be read: Is a directory"):
        ledger.calls("bad")


def test_problems_are_those_of_the_latest_reading(ledger: Ledger, new_call: NewCall) -> None:
    """A torn tail and a newer schema are reported until the file has them no more."""
    ledger.append(new_call("a"))
    path = ledger.path("run-1")
    good = path.read_bytes()
    path.write_bytes(good + b'{"calls":{"x":{"schema":2}}}\n{"calls":{"y"')
    assert ledger.calls("run-1") == [new_call("a")]
    assert [problem.line for problem in ledger.problems] == [3, None]
    assert "schema 2" in str(ledger.problems[1])
    path.write_bytes(good)
    assert ledger.calls("run-1") == [new_call("a")]
    assert ledger.problems == ()


def test_a_copied_folder_is_not_counted_twice(home: Path, ledger: Ledger, new_call: NewCall) -> None:
    """A copy of a session's folder under another name is reported instead of listed."""
    ledger.append(new_call("a"))
    shutil.copytree(ledger.path("run-1").parent, home / "sessions" / "backup")
    (home / "sessions" / ".DS_Store").write_text("stray")
    (home / "sessions" / "empty").mkdir()
    assert [session.session_id for session in ledger.sessions()] == ["run-1"]
    (problem,) = ledger.problems
    assert problem.path.parent.name == "backup"
    assert session_key("run-1") in str(problem)


def test_a_home_that_cannot_be_listed_is_one_line(home: Path, ledger: Ledger) -> None:
    """Where the sessions cannot even be listed there is an error, not an empty list."""
    home.mkdir()
    (home / "sessions").write_text("a file")
    with pytest.raises(StoreError, match="sessions cannot be read: Not a directory"):
        list(ledger.sessions())


def test_compaction_through_the_ledger(ledger: Ledger, new_call: NewCall) -> None:
    """A compacted session reads the same, and appends go on into the new file."""
    for status in ("running", "ok", "error"):
        ledger.append(new_call("a", status=status))
    done = ledger.compact("run-1")
    assert done.documents == 1
    ledger.append(new_call("b"))
    assert ledger.calls("run-1") == [new_call("a", status="error"), new_call("b")]
    with pytest.raises(StoreError, match="cannot be compacted: No such file or directory; nothing is stored"):
        ledger.compact("unknown")


def test_threads_append_together(home: Path, new_call: NewCall) -> None:
    """Threads of one process, with fewer open files than sessions, lose no call."""
    with Ledger(home, open_sessions=1) as ledger:

        def work(name: str) -> None:
            for number in range(100):
                ledger.append(new_call(f"{name}-{number}", f"session-{number % 2}"))

        threads = [threading.Thread(target=work, args=[name]) for name in ("one", "two", "three")]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert [len(session.calls) for session in ledger.sessions()] == [150, 150]
        assert ledger.problems == ()


APPENDS = """
from pathlib import Path
from sessiontap.call import decode
from sessiontap.store import Ledger
import msgspec
home, name, template = Path(sys.argv[1]), sys.argv[2], decode(sys.argv[3].encode())
with Ledger(home) as ledger:
    for number in range(500):
        ledger.append(msgspec.structs.replace(template, call_id=f"{name}-{number}"))
"""


def test_two_proxies_append_to_one_session(
    home: Path, ledger: Ledger, new_call: NewCall, run_together: Callable[[str, list[list[str]]], None]
) -> None:
    """Two processes that write one session at once store every call of both."""
    template = encode(new_call("template")).decode()
    run_together(APPENDS, [[str(home), name, template] for name in ("one", "two")])
    calls = ledger.calls("run-1")
    assert {call.call_id for call in calls} == {
        f"{name}-{number}" for name in ("one", "two") for number in range(500)
    }
    assert ledger.path("run-1").read_bytes().count(b"\n") == 1000
    assert ledger.problems == ()


@pytest.mark.skipif(os.name == "nt", reason="modes are POSIX's")
def test_the_home_is_private(
    home: Path, ledger: Ledger, new_call: NewCall, umask: Callable[[int], None]
) -> None:
    """Home and folders are 0700 and files 0600, though the umask would let everybody read."""
    umask(0)
    ledger.append(new_call("a"))
    modes = {path.stat().st_mode & 0o777 for path in [home, *home.rglob("*")] if path.is_dir()}
    assert modes == {0o700}
    assert {path.stat().st_mode & 0o777 for path in home.rglob("*") if path.is_file()} == {0o600}


def test_a_reply_is_found_by_its_providers_id(tmp_path: Path, new_call: NewCall) -> None:
    """In whatever session it is; the id of another host's reply, or a part of an id, is not it."""
    with Ledger(tmp_path) as ledger:
        for number in range(3):
            call = new_call(f"c{number}", session_id=f"s{number}")
            ledger.append(msgspec.structs.replace(call, response_id=f"resp_{number}", host="a.example"))
        found = ledger.answered("a.example", "resp_1")
        assert found is not None
        assert found.call_id == "c1"
        assert ledger.answered("b.example", "resp_1") is None
        assert ledger.answered("a.example", "resp_") is None
