from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from sessiontap.bodies import Body, CallBodies
from sessiontap.call import Call, encode
from sessiontap.store import Ledger, journal
from sessiontap.store.appender import locked
from sessiontap.store.compaction import Shrunk, compact_folder

NewCall = Callable[..., Call]


@pytest.fixture
def folder(tmp_path: Path, new_call: NewCall) -> Path:
    """A session whose two calls were written three times each, one of them with bodies that were replaced."""
    with Ledger(tmp_path) as ledger:
        for status in ("running", "ok", "error"):
            for call_id in ("a", "b"):
                ledger.append(new_call(call_id, status=status))
            body = Body(content=f"{status} ".encode() * 200, size=200 * len(status))
            ledger.put_bodies(CallBodies(call_id="a", session_id="run-1", headers={}, request=body))
        return ledger.path("run-1").parent


def test_calls_and_bodies_become_smaller(folder: Path) -> None:
    """The last version of each call and of its bodies stays, and the parts that these need."""
    home = folder.parent.parent
    with Ledger(home) as ledger:
        calls, bodies = ledger.calls("run-1"), ledger.bodies("run-1").get("a")
        parts = len(journal.read(folder / "bodies.jsonl").tables["parts"])
    sizes = {path.name: path.stat().st_size for path in folder.glob("*.jsonl")}
    done = {each.path.name: each for each in compact_folder(folder)}
    assert {name: each.bytes_before for name, each in done.items()} == sizes
    assert all(each.bytes_after < each.bytes_before and not each.skipped for each in done.values())
    assert {name: (folder / name).stat().st_size for name in done} == {
        name: each.bytes_after for name, each in done.items()
    }
    with Ledger(home) as ledger:
        assert ledger.calls("run-1") == calls
        assert ledger.bodies("run-1").get("a") == bodies
    assert parts == 3
    assert len(journal.read(folder / "bodies.jsonl").tables["parts"]) == 1
    assert [each.bytes_after - each.bytes_before for each in compact_folder(folder)] == [0, 0]


@pytest.mark.parametrize(
    ("line", "because"),
    [
        (b"oops\n", "1 damaged line(s); `sessiontap verify --repair` sets them aside"),
        (b'{"calls":{"a":{"n":1}}}\n', "1 damaged line(s); `sessiontap verify --repair` sets them aside"),
        (b'{"calls":{"a":{"schema":2}}}\n', "holds records of a newer sessiontap; left to that one"),
    ],
)
def test_what_cannot_be_read_is_never_lost(folder: Path, line: bytes, because: str) -> None:
    """A record that replaces one that can be read, and cannot itself, would take it away for good."""
    path = folder / "calls.jsonl"
    with path.open("ab") as file:
        file.write(line)
    before = path.read_bytes()
    _, calls = compact_folder(folder)
    assert calls == Shrunk(path, len(before), len(before), because)
    assert path.read_bytes() == before


def test_bodies_of_a_newer_version_are_left(folder: Path) -> None:
    """Nobody knows which parts they need."""
    path = folder / "bodies.jsonl"
    with path.open("ab") as file:
        file.write(b'{"bodies":{"z":{"schema":2,"elsewhere":{"rope":[["p"]]}}}}\n')
    before = path.read_bytes()
    bodies, _ = compact_folder(folder)
    assert bodies.skipped == "holds records of a newer sessiontap; left to that one"
    assert path.read_bytes() == before


def test_a_lock_that_is_held_fails_alone(folder: Path) -> None:
    """The other files are compacted all the same."""
    with locked(folder / "bodies.jsonl"):
        bodies, calls = compact_folder(folder, lock_timeout_s=0.01)
    assert bodies.failed
    assert bodies.skipped == "cannot be compacted: another process has held its lock for 0.01 s"
    assert calls.bytes_after < calls.bytes_before


def test_what_killed_compactions_left_is_removed_after_a_day(folder: Path) -> None:
    """A younger one may be at work."""
    old, young = (folder / f"calls.jsonl.{digit * 16}.tmp" for digit in "01")
    for path in (old, young):
        path.touch()
    os.utime(old, (0, 0))
    list(compact_folder(folder))
    assert (old.exists(), young.exists()) == (False, True)


def test_a_folder_that_is_gone_is_nothing(tmp_path: Path) -> None:
    """Another command has removed it."""
    assert list(compact_folder(tmp_path / "gone")) == []


BESIDE = """
from pathlib import Path
import msgspec
from sessiontap.bodies import Body, CallBodies
from sessiontap.call import decode
from sessiontap.store import Ledger
from sessiontap.store.compaction import compact_folder
home, what, template = Path(sys.argv[1]), sys.argv[2], decode(sys.argv[3].encode())
with Ledger(home) as ledger:
    for number in range(400 if what != "compact" else 80):
        if what == "compact":
            list(compact_folder(ledger.path("run-1").parent))
            continue
        call_id = f"{what}-{number}"
        for status in ("running", "ok"):
            ledger.append(msgspec.structs.replace(template, call_id=call_id, status=status))
        text = b"".join(b"%s %d " % (what.encode(), each) * 99 for each in range(number % 5))
        ledger.put_bodies(CallBodies(
            call_id=call_id, session_id="run-1", headers={}, request=Body(content=text, size=len(text))
        ))
"""


def test_proxies_go_on_beside_compactions(
    tmp_path: Path, new_call: NewCall, run_together: Callable[[str, list[list[str]]], None]
) -> None:
    """Two processes append calls and bodies while a third compacts: everything is there, and whole."""
    template = encode(new_call("template")).decode()
    run_together(BESIDE, [[str(tmp_path), what, template] for what in ("one", "two", "compact")])
    with Ledger(tmp_path) as ledger:
        calls, bodies = ledger.calls("run-1"), ledger.bodies("run-1")
        assert ledger.problems == ()
        assert all(bodies.get(call.call_id) is not None for call in calls)
    assert {call.status for call in calls} == {"ok"}
    assert len(calls) == 800
