"""Reading a journal from where an earlier reading ended."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sessiontap.call import Call, encode
from sessiontap.store.journal import Problem, documents_line
from sessiontap.store.records import START, Position, newer_problems, read_calls, read_from
from tests.store.files import write_old

NewCall = Callable[..., Call]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the journal of a test stands."""
    return tmp_path / "calls.jsonl"


def line(*calls: Call) -> bytes:
    """The line that stores calls."""
    return documents_line("calls", {call.call_id: encode(call) for call in calls})


def end_of(path: Path, start: Position = START) -> Position:
    """Where a reading ends."""
    reading = read_from(path, start)
    assert reading is not None
    assert reading.end is not None
    return reading.end


def test_only_what_is_new_is_given(path: Path, new_call: NewCall) -> None:
    """The calls behind the position, with line numbers and offsets of the whole file."""
    first = line(new_call("a")) + b"oops\n"
    path.write_bytes(first)
    end = end_of(path)
    path.write_bytes(first + line(new_call("b")) + b"\noops again\n")
    reading = read_from(path, end)
    assert reading is not None
    assert reading.calls == {"b": new_call("b")}
    assert not reading.removed
    assert reading.problems == read_calls(path).problems[1:]
    assert [problem.line for problem in reading.problems] == [5]
    assert (end.number, reading.end and reading.end.number) == (3, 6)


@pytest.mark.parametrize("removal", [b'{"calls":{"a":null}}\n', b'{"calls":null}\n', b'{"calls":null}\nno\n'])
def test_a_removal_is_told(path: Path, new_call: NewCall, removal: bytes) -> None:
    """Whoever has counted the call has to count again."""
    path.write_bytes(line(new_call("a")))
    end = end_of(path)
    path.write_bytes(line(new_call("a")) + removal)
    reading = read_from(path, end)
    assert reading is not None
    assert reading.removed


def test_a_line_that_was_cut_short_is_read_again(path: Path, new_call: NewCall) -> None:
    """The next reading begins before it, and finds it whole or sealed."""
    whole, last = line(new_call("a")), line(new_call("b"))
    write_old(path, whole + last[:-20])
    reading = read_from(path, START)
    assert reading is not None
    assert [problem.line for problem in reading.problems] == [2]
    assert reading.end is not None
    assert (reading.end.offset, reading.end.number) == (len(whole), 2)
    path.write_bytes(whole + last)
    again = read_from(path, reading.end)
    assert again is not None
    assert (again.calls, again.problems) == ({"b": new_call("b")}, ())


def test_nobody_reads_on_behind_a_line_that_counts_though_it_has_no_end(
    path: Path, new_call: NewCall
) -> None:
    """It was read, and it may still grow: there is no place between two lines there."""
    path.write_bytes(line(new_call("a")) + line(new_call("b")).rstrip())
    reading = read_from(path, START)
    assert reading is not None
    assert set(reading.calls) == {"a", "b"}
    assert reading.end is None


def test_another_file_is_noticed(path: Path, new_call: NewCall) -> None:
    """Other bytes before the position, or none, are another file's."""
    path.write_bytes(line(new_call("a")) * 3)
    end = end_of(path)
    for other in (line(new_call("x")) * 4, b"", line(new_call("a")) * 2):
        path.write_bytes(other)
        assert read_from(path, end) is None


def test_the_stamp_is_the_files(path: Path, new_call: NewCall) -> None:
    """It tells a file that was written to."""
    path.write_bytes(line(new_call("a")))
    found, reading = path.stat(), read_from(path, START)
    assert reading is not None
    stamp = reading.stamp
    assert (stamp.inode, stamp.size, stamp.mtime_ns) == (found.st_ino, found.st_size, found.st_mtime_ns)


@given(
    lines=st.lists(
        st.sampled_from(
            [
                b'{"calls":{"x":{"schema":2}}}',
                b"oops",
                b"",
                b'{"calls":{"y":{"status":1}},"notes":{"a":{}}}',
                b'{"notes":null}',
            ]
        ),
        max_size=12,
    ),
    data=st.data(),
)
def test_any_steps_report_what_one_reading_reports(
    tmp_path_factory: pytest.TempPathFactory, lines: list[bytes], data: st.DataObject
) -> None:
    """However often somebody looked while the file grew byte by byte: the same problems at the same lines."""
    path = tmp_path_factory.mktemp("steps") / "calls.jsonl"
    whole = b"".join(each + b"\n" for each in lines)
    cuts = sorted(data.draw(st.sets(st.integers(0, len(whole)), max_size=5)) | {len(whole)})
    end, newer = START, 0
    problems: list[Problem] = []
    for cut in cuts:
        write_old(path, whole[:cut])
        reading = read_from(path, end)
        assert reading is not None
        if reading.end is None:
            continue
        problems = [each for each in problems if (each.offset or 0) < end.offset] + list(reading.problems)
        newer += reading.newer.get(2, 0)
        end = reading.end
    assert (*problems, *newer_problems(path, {2: newer} if newer else {})) == read_calls(path).problems


@pytest.mark.skipif(not Path("/proc/self/io").exists(), reason="Linux counts the bytes that were read")
def test_reading_on_reads_the_new_bytes_only(path: Path, new_call: NewCall) -> None:
    """A long journal costs what was added to it."""
    path.write_bytes(b"".join(line(new_call(f"c{number}")) for number in range(5000)))
    end = end_of(path)
    with path.open("ab") as file:
        file.write(line(new_call("new")))
    before = bytes_read()
    assert read_from(path, end) is not None
    assert bytes_read() - before < 10_000 < os.path.getsize(path)  # noqa: PTH202


def bytes_read() -> int:
    """What this process has read from files so far."""
    return int(Path("/proc/self/io").read_text().split()[1])
