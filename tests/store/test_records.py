from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from sessiontap.call import Call, encode
from sessiontap.store import journal
from sessiontap.store.records import read_calls
from tests.store.files import write_old

NewCall = Callable[..., Call]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the journal of a test stands."""
    return tmp_path / "calls.jsonl"


def line(*calls: Call) -> bytes:
    """The line that stores calls."""
    return journal.documents_line("calls", {call.call_id: encode(call) for call in calls})


def test_calls_come_back_as_they_were(path: Path, new_call: NewCall) -> None:
    """A stored call is equal to the one that was read, its money to the last digit."""
    call = new_call("a")
    path.write_bytes(line(call))
    assert read_calls(path) == ([call], ())


def test_the_latest_version_counts_and_calls_are_ordered(path: Path, new_call: NewCall) -> None:
    """A call that ended replaces the running one; order is by start, then id, not by line."""
    late = new_call("a", started_at="2026-11-23T20:00:00.002Z")
    early = new_call("c", started_at="2026-11-23T20:00:00.001Z")
    twin = new_call("b", started_at="2026-11-23T20:00:00.001Z")
    running = new_call("a", status="running", started_at="2026-11-23T20:00:00.002Z")
    path.write_bytes(line(running) + line(early, twin) + line(late))
    assert read_calls(path).calls == [twin, early, late]


def test_deletions_and_other_tables_are_understood(path: Path, new_call: NewCall) -> None:
    """Deleted calls and dropped tables are gone; tables of other names are none of this reader's business."""
    path.write_bytes(
        line(new_call("gone"))
        + b'{"calls":null}\n'
        + line(new_call("a"), new_call("b"))
        + b'{"calls":{"a":null,"x":null},"notes":{"1":{"text":"hello"}}}\n{"notes":null}\n{}\n'
    )
    assert read_calls(path) == ([new_call("b")], ())


def test_deletions_are_understood_beside_an_unreadable_line(path: Path, new_call: NewCall) -> None:
    """The slower way through a block with a fault in it gives the same calls."""
    path.write_bytes(
        line(new_call("gone"))
        + b'{"calls":null}\noops\n'
        + line(new_call("a"), new_call("b"))
        + b'{"calls":{"a":null}}\n{"notes":{"1":{}}}\n'
    )
    calls, problems = read_calls(path)
    assert calls == [new_call("b")]
    assert [problem.line for problem in problems] == [3]


def test_a_malformed_record_costs_only_itself(path: Path, new_call: NewCall) -> None:
    """The other calls of its line and its own earlier version stay; the report names line and id."""
    good, earlier = new_call("good"), new_call("bad", status="running")
    broken = b'{"calls":{"bad":{"call_id":"bad","status":5},"good":%s}}\n' % encode(good)
    path.write_bytes(line(earlier) + broken)
    calls, problems = read_calls(path)
    assert calls == [earlier, good]
    (problem,) = problems
    assert problem.line == 2
    assert str(problem).startswith(f"{path}, line 2: call 'bad' is not a record (")


def test_a_record_under_another_id_is_not_counted_twice(path: Path, new_call: NewCall) -> None:
    """A copy of a call under a second id is reported, not counted."""
    call = new_call("a")
    path.write_bytes(line(call) + b'{"calls":{"copy":%s}}\n' % encode(call))
    calls, problems = read_calls(path)
    assert calls == [call]
    assert "it says call_id 'a'" in str(problems[0])


def test_a_newer_schema_is_refused_with_one_line(path: Path, new_call: NewCall) -> None:
    """Records of a later version are left out, whether or not they could be decoded; one report tells it."""
    unknown = b'{"calls":{"y":{"schema":2,"call_id":{"new":"shape"}}}}\n'
    path.write_bytes(line(new_call("a")) + line(new_call("x", schema=2)) + unknown)
    calls, problems = read_calls(path)
    assert calls == [new_call("a")]
    (problem,) = map(str, problems)
    assert problem == (
        f"{path}: 2 record(s) of schema 2, and this sessiontap reads up to 1;"
        " left out, upgrade sessiontap to read them"
    )


def test_a_line_is_one_object(path: Path, new_call: NewCall) -> None:
    """Two objects on a line, or one on two lines, are read as TinyDB's view of the file reads them: not."""
    one = line(new_call("a"))
    path.write_bytes(one.rstrip(b"\n") + line(new_call("b")) + b"{\n}\n\n" + line(new_call("c")))
    calls, problems = read_calls(path)
    assert calls == [new_call("c")]
    assert [problem.line for problem in problems] == [1, 2, 3]
    assert problems == journal.read(path).problems


def test_a_report_shows_no_text_of_the_file_raw(path: Path) -> None:
    """An id full of terminal escapes reaches no terminal."""
    path.write_bytes(b'{"calls":{"\\u001b[2J%s":{"status":"\\u001b[31m"}}}\n' % (b"x" * 10_000))
    (problem,) = read_calls(path).problems
    assert str(problem).isprintable()
    assert len(str(problem)) < len(str(path)) + 300


def test_every_cut_of_the_last_calls_keeps_the_earlier_ones(path: Path, new_call: NewCall) -> None:
    """A file cut at any byte of its last two lines holds every call before them."""
    kept = [new_call(f"kept-{number}") for number in range(3)]
    x, y = new_call("x"), new_call("y")
    last = line(x) + line(y)
    start = b"".join(map(line, kept))
    for cut in range(len(last)):
        write_old(path, start + last[:cut])
        calls, problems = read_calls(path)
        whole = (cut + 1) // len(line(x))  # a line without its LF is whole
        torn = cut % len(line(x)) not in {0, len(line(x)) - 1}
        assert calls == [*kept, x, y][: len(kept) + whole]
        assert len(problems) == torn
