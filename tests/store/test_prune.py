from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from sessiontap.bodies import Body, CallBodies
from sessiontap.call import Call, encode
from sessiontap.errors import StoreError
from sessiontap.store import Ledger
from sessiontap.store.appender import locked
from sessiontap.store.prune import Left, Stored, due, remove, survey

NewCall = Callable[..., Call]

posix_only = pytest.mark.skipif(os.name == "nt", reason="links are POSIX's")
DAYS = [f"2026-11-{day:02}T12:00:00.000Z" for day in range(1, 6)]


@pytest.fixture
def home(tmp_path: Path, new_call: NewCall) -> Path:
    """A session a day, each with bodies."""
    folder = tmp_path / "home"
    with Ledger(folder) as ledger:
        for day, stamp in enumerate(DAYS, 1):
            ledger.append(new_call("a", f"day-{day}", name=f"name {day}", started_at=stamp))
            ledger.put_bodies(
                CallBodies(
                    call_id="a",
                    session_id=f"day-{day}",
                    headers={},
                    request=Body(content=b"hello" * 99, size=495),
                )
            )
    return folder


def stored(home: Path) -> list[Stored]:
    """All that can be removed, newest first."""
    found = [each for each in survey(home) if isinstance(each, Stored)]
    return sorted(found, key=lambda session: session.last_activity, reverse=True)


def left_in(home: Path) -> list[str]:
    """The sessions that are still there, by id."""
    with Ledger(home) as ledger:
        return sorted(str(session.session_id) for session in ledger.sessions())


def test_what_is_known_of_a_session(home: Path) -> None:
    """Name, calls, last activity and sizes, of all files that go with it."""
    newest = stored(home)[0]
    sizes = {path.name: path.stat().st_size for path in newest.folder.iterdir()}
    assert set(sizes) == {"calls.jsonl", "calls.jsonl.lock", "bodies.jsonl", "bodies.jsonl.lock"}
    assert (newest.session_id, newest.name, newest.calls) == ("day-5", "name 5", 1)
    assert (newest.last_activity, newest.running_since) == (DAYS[4], None)
    assert (newest.bytes, newest.body_bytes) == (sum(sizes.values()), sizes["bodies.jsonl"])


@pytest.mark.parametrize(
    ("before", "keep", "going"),
    [
        (DAYS[2], None, [2, 1]),
        (None, 3, [2, 1]),
        (None, 0, [5, 4, 3, 2, 1]),
        (None, 9, []),
        (DAYS[4], 3, [2, 1]),
        (DAYS[1], 2, [1]),
    ],
)
def test_what_is_due(home: Path, before: str | None, keep: int | None, going: list[int]) -> None:
    """Older than a time, not among the newest, and with both only what meets both."""
    chosen, left = due(stored(home), before=before, keep=keep, running_after=DAYS[0])
    assert [session.session_id for session in chosen] == [f"day-{day}" for day in going]
    assert left == []


def test_a_call_under_way_is_believed_for_a_day(home: Path, new_call: NewCall) -> None:
    """After that its session goes like any other; where its proxy is dead, at once."""
    with Ledger(home) as ledger:
        ledger.append(new_call("b", "day-2", status="running", started_at=DAYS[1]))
        chosen, (left,) = due(stored(home), before=None, keep=0, running_after=DAYS[0])
        assert "day-2" not in {session.session_id for session in chosen}
        assert left.reason == "has a call under way; left as it is"
        assert len(due(stored(home), before=None, keep=0, running_after=DAYS[1])[0]) == 5
    assert len(due(stored(home), before=None, keep=0, running_after=DAYS[0])[0]) == 5


def test_the_last_activity_is_the_latest_end(home: Path, new_call: NewCall) -> None:
    """Not that of the call that started last."""
    with Ledger(home) as ledger:
        call = new_call("long", "day-1", started_at=DAYS[0])
        ledger.append(msgspec.structs.replace(call, ended_at=DAYS[3]))
    assert {session.session_id: session.last_activity for session in stored(home)}["day-1"] == DAYS[3]


def test_a_removed_session_leaves_nothing(home: Path) -> None:
    """No file, no folder, and the others as they were."""
    session = stored(home)[-1]
    assert remove(session) == (True, [])
    assert not session.folder.exists()
    assert left_in(home) == ["day-2", "day-3", "day-4", "day-5"]
    # Another command that saw it too finds it gone.
    assert remove(session) == (False, [])


def test_what_repairs_and_killed_compactions_left_goes_too(home: Path) -> None:
    """It is the session's."""
    session = stored(home)[0]
    for name in ("calls.jsonl.damaged-2026", "bodies.jsonl.0123456789abcdef.tmp"):
        (session.folder / name).write_bytes(b"12345")
    again = stored(home)[0]
    assert (again.bytes - session.bytes, again.body_bytes - session.body_bytes) == (10, 5)
    assert remove(again) == (True, [])
    assert not session.folder.exists()


def test_only_the_bodies(home: Path) -> None:
    """Calls and what they cost stay; there is nothing of the bodies left, nor of what a repair set aside."""
    session = stored(home)[0]
    (session.folder / "bodies.jsonl.damaged-2026").write_bytes(b"12345")
    (session.folder / "calls.jsonl.damaged-2026").write_bytes(b"12345")
    assert remove(session, bodies_only=True) == (True, [])
    assert sorted(path.name for path in session.folder.iterdir()) == [
        "calls.jsonl",
        "calls.jsonl.damaged-2026",
        "calls.jsonl.lock",
    ]
    assert len(left_in(home)) == 5
    assert stored(home)[0].body_bytes == 0


def test_a_proxy_stores_bodies_whole_after_theirs_were_removed(home: Path) -> None:
    """What it knew to be stored is not taken for stored any more."""
    bodies = CallBodies(
        call_id="b", session_id="day-5", headers={}, request=Body(content=b"hello" * 99, size=495)
    )
    with Ledger(home) as ledger:
        ledger.put_bodies(bodies)
        assert remove(stored(home)[0], bodies_only=True) == (True, [])
        ledger.put_bodies(bodies)
        found = ledger.bodies("day-5").get("b")
    assert found is not None
    assert found.request is not None
    assert found.request.content == b"hello" * 99


def test_a_session_that_was_written_to_in_the_meantime_is_left(home: Path, new_call: NewCall) -> None:
    """Between the look and the removal a proxy may have gone on with it."""
    session = stored(home)[0]
    with Ledger(home) as ledger:
        ledger.append(new_call("late", "day-5"))
    removed, (left,) = remove(session)
    assert (removed, left.failed) == (False, False)
    assert left.reason == "was written to in the meantime; left as it is"
    with Ledger(home) as ledger:
        assert len(ledger.calls("day-5")) == 2


def test_a_lock_that_is_held_fails(home: Path) -> None:
    """After its time; everything is still there."""
    session = stored(home)[0]
    with locked(session.folder / "calls.jsonl"):
        removed, (left,) = remove(session, lock_timeout_s=0.01)
    assert (removed, left.failed) == (False, True)
    assert left.reason == "cannot be removed: another process has held its lock for 0.01 s"
    assert stored(home)[0] == session


def test_foreign_files_stay(home: Path) -> None:
    """With their folder, each named."""
    session = stored(home)[0]
    (session.folder / "notes.txt").write_text("mine")
    (session.folder / "sub").mkdir()
    removed, left = remove(session)
    assert removed
    assert [each.path.name for each in left] == ["notes.txt", "sub"]
    assert {each.reason for each in left} == {"is not sessiontap's; left, with its folder"}
    assert sorted(path.name for path in session.folder.iterdir()) == ["notes.txt", "sub"]
    assert left_in(home) == ["day-1", "day-2", "day-3", "day-4"]


@posix_only
def test_links_are_never_followed(home: Path, tmp_path: Path) -> None:
    """Neither a folder's, nor a file's, nor a lock's; what they lead to is as it was."""
    outside = tmp_path / "outside"
    shutil.copytree(stored(home)[0].folder, outside / "copy")
    before = {path: path.read_bytes() for path in outside.rglob("*") if path.is_file()}
    first, second, third, *_ = stored(home)
    shutil.rmtree(first.folder)
    first.folder.symlink_to(outside / "copy")
    (second.folder / "calls.jsonl").unlink()
    (second.folder / "calls.jsonl").symlink_to(outside / "copy" / "calls.jsonl")
    (third.folder / "calls.jsonl.lock").unlink()
    (third.folder / "calls.jsonl.lock").symlink_to(outside / "lock")
    found = list(survey(home))
    assert [each.reason for each in found if isinstance(each, Left)] == [
        "is no file but a link or a folder; not followed"
    ]
    outcomes = {session.session_id: remove(session) for session in stored(home)}
    assert {name: done for name, (done, _) in outcomes.items()} == {
        "day-3": False,
        "day-2": True,
        "day-1": True,
    }
    assert outcomes["day-3"][1][0].reason.endswith("its lock is a link, and links are not followed")
    assert {path: path.read_bytes() for path in outside.rglob("*") if path.is_file()} == before


@posix_only
def test_sessions_that_are_elsewhere_are_told(home: Path, tmp_path: Path) -> None:
    """A link in the place of the folder of all sessions is an error with what to do."""
    (home / "sessions").rename(tmp_path / "elsewhere")
    (home / "sessions").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(StoreError, match="is a link, and links in the home are not followed here"):
        list(survey(home))


def test_what_nobody_can_know_is_left(home: Path, new_call: NewCall) -> None:
    """Records of a newer version, a copied folder; a folder without calls is nothing."""
    with Ledger(home) as ledger:
        ledger.append(new_call("z", "day-1", schema=2))
    shutil.copytree(stored(home)[0].folder, home / "sessions" / "copy")
    (home / "sessions" / "empty").mkdir()
    reasons = {each.path.parent.name: each.reason for each in survey(home) if isinstance(each, Left)}
    assert sorted(reasons.values()) == [
        "holds records of a newer sessiontap, which alone knows how old they are",
        "is not the folder of the session in it; `sessiontap verify` says more",
    ]
    assert len(stored(home)) == 4


def test_only_wanted_sessions_are_given(home: Path) -> None:
    """Whoever asks says which calls count."""
    found = list(survey(home, lambda calls: calls[0].session_name == "name 3"))
    assert [each.session_id for each in found if isinstance(each, Stored)] == ["day-3"]


BESIDE = """
import os
from pathlib import Path
import msgspec
from sessiontap.bodies import Body, CallBodies
from sessiontap.call import decode
from sessiontap.store import Ledger
from sessiontap.store.prune import Stored, remove, survey
home, what, template = Path(sys.argv[1]), sys.argv[2], decode(sys.argv[3].encode())
if what == "prune":
    removed, over = 0, False
    while not over:
        # One pass more when nobody writes any longer.
        over = (home / "done-one").exists() and (home / "done-two").exists()
        for session in survey(home):
            assert isinstance(session, Stored), session
            copies = [(path.name, path.read_bytes()) for path in session.seen]
            done, left = remove(session)
            assert not [each for each in left if each.failed], left
            if done:
                removed += 1
                for name, data in copies:
                    with (home / name).open("ab") as file:
                        file.write(data)
    assert removed
else:
    request = Body(content=b"text" * 300, size=1200)
    try:
        with Ledger(home) as ledger:
            for number in range(1000):
                call_id = f"{what}-{number}"
                ledger.append(msgspec.structs.replace(template, call_id=call_id))
                ledger.put_bodies(
                    CallBodies(call_id=call_id, session_id="run-1", headers={}, request=request)
                )
                if number % 10 == 9:
                    # As a proxy does; without any pause nothing could be removed.
                    ledger.sync()
    finally:
        (home / f"done-{what}").touch()
"""


@posix_only
def test_proxies_go_on_beside_removals(
    tmp_path: Path, new_call: NewCall, run_together: Callable[[str, list[list[str]]], None]
) -> None:
    """Two processes append to a session that a third removes again and again.

    No append fails; each call is in a file that was removed or in the one that is there; each file that is
    there holds what its bodies need.
    """
    template = encode(new_call("template")).decode()
    run_together(BESIDE, [[str(tmp_path), what, template] for what in ("one", "two", "prune")])
    with Ledger(tmp_path) as ledger:
        there = {call.call_id for call in ledger.calls("run-1")}
        bodies = ledger.bodies("run-1")
        assert all(bodies.get(call_id) is not None for call_id in bodies)
        with_bodies = set(bodies)
        assert ledger.problems == ()
    with Ledger(tmp_path / "removed") as ledger:
        for name in ("calls.jsonl", "bodies.jsonl"):
            ledger.path("run-1").parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).rename(ledger.path("run-1").with_name(name))
        there |= {call.call_id for call in ledger.calls("run-1")}
        with_bodies |= set(ledger.bodies("run-1"))
        assert ledger.problems == ()
    everything = {f"{what}-{number}" for what in ("one", "two") for number in range(1000)}
    assert there == everything
    assert with_bodies == everything
