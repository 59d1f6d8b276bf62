from __future__ import annotations

import tempfile
import threading
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sessiontap.store import journal
from tests.store.files import write_old


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the journal of a test stands."""
    return tmp_path / "db.jsonl"


def tables(path: Path) -> dict[str, dict[str, object]]:
    """The documents of a journal, decoded."""
    contents = journal.read(path)
    return {
        name: {doc_id: journal.loads(raw) for doc_id, raw in documents.items()}
        for name, documents in contents.tables.items()
    }


def test_an_absent_file_holds_nothing(path: Path) -> None:
    """Reading before the first write is no error."""
    assert journal.read(path) == ({}, ())


def test_later_lines_win(path: Path) -> None:
    """A later document replaces the earlier one of its id, and leaves the others."""
    path.write_bytes(b'{"t":{"a":{"n":1},"b":{"n":2}}}\n{"t":{"a":{"n":3}}}\n')
    assert tables(path) == {"t": {"a": {"n": 3}, "b": {"n": 2}}}


def test_null_deletes_a_document(path: Path) -> None:
    """Null in a document's place takes it away, also one that is not there; the table stays."""
    path.write_bytes(b'{"t":{"a":{"n":1}}}\n{"t":{"a":null,"b":null}}\n')
    assert tables(path) == {"t": {}}


def test_null_drops_a_table(path: Path) -> None:
    """Null in a table's place takes it away with all its documents, and it can come back."""
    path.write_bytes(b'{"t":{"a":{}},"u":{"b":{}}}\n{"t":null}\n{"u":null,"v":null}\n{"u":{"c":{}}}\n')
    assert tables(path) == {"u": {"c": {}}}


def test_one_line_changes_several_tables(path: Path) -> None:
    """All changes of a line are taken together."""
    path.write_bytes(b'{"t":{"a":{}}}\n{"t":{"a":null,"b":{}},"u":{},"v":{"c":{}}}\n')
    assert tables(path) == {"t": {"b": {}}, "u": {}, "v": {"c": {}}}


def test_a_torn_last_line_is_reported_where_it_is(path: Path) -> None:
    """What was cut short is left out, and the report names its line and offset."""
    first = b'{"t":{"a":{"n":1}}}\n'
    write_old(path, first + b'{"t":{"b":{"n"')
    contents = journal.read(path)
    assert list(contents.tables["t"]) == ["a"]
    (problem,) = contents.problems
    assert (problem.line, problem.offset) == (2, len(first))
    assert str(problem) == f"{path}, line 2: cut short by a write that did not end; left out"


def test_a_whole_last_line_needs_no_line_end(path: Path) -> None:
    """A line that parses is whole: nothing is lost where only the LF is missing."""
    write_old(path, b'{"t":{"a":{"n":1}}}')
    assert journal.read(path).problems == ()
    assert tables(path) == {"t": {"a": {"n": 1}}}


def test_every_cut_keeps_every_earlier_document(path: Path) -> None:
    """A file cut at any byte holds all documents of the lines before the cut, and reports the rest."""
    lines = [b'{"t":{"%d":{"text":"\xc3\xa9\\n}"}}}\n' % number for number in range(4)]
    data = b"".join(lines)
    for cut in range(len(data) + 1):
        write_old(path, data[:cut])
        contents = journal.read(path)
        whole = (cut + 1) // len(lines[0])  # a line without its LF is whole
        torn = cut % len(lines[0]) not in {0, len(lines[0]) - 1}
        assert list(contents.tables.get("t", {})) == [str(number) for number in range(whole)]
        assert [problem.line for problem in contents.problems] == [whole + 1] * torn


@pytest.mark.parametrize(
    "line",
    [
        b"not json",
        b"[]",
        b'"text"',
        b"null",
        b"{}{}",
        b'{"t":[]}',
        b'{"t":5}',
        b"\x00" * 64,
        b'{"t":{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}}",
        b"\xef\xbb\xbf{}",
    ],
)
def test_a_foreign_line_costs_only_itself(path: Path, line: bytes) -> None:
    """A line in the middle that is not ours is left out and reported; the lines around it are read."""
    path.write_bytes(b'{"t":{"a":{}}}\n' + line + b'\n{"t":{"b":{}}}\n')
    contents = journal.read(path)
    assert list(contents.tables["t"]) == ["a", "b"]
    assert [(problem.line, problem.offset) for problem in contents.problems] == [(2, 15)]


def test_a_report_shows_no_control_characters() -> None:
    """A report is one short line, whatever the file has in it."""
    shown = str(journal.Problem(Path("calls.jsonl"), "\x1b[31mred\r\n" + "x" * 10_000))
    assert shown.isprintable()
    assert len(shown) < 300


def test_blank_lines_are_nothing(path: Path) -> None:
    """A file that an editor has saved is read without a report."""
    path.write_bytes(b'\n{"t":{"a":{}}}\r\n\n  \n{"t":{"b":{}}}\n\n')
    contents = journal.read(path)
    assert list(contents.tables["t"]) == ["a", "b"]
    assert contents.problems == ()


def test_positions_count_over_blocks(path: Path) -> None:
    """In a file of many blocks, one of them a single long line, a report still names the right place."""
    short = b'{"t":{"a":{"text":"%s"}}}\n' % (b"x" * 1000)
    data = short * 3000 + b'{"t":{"long":{"text":"%s"}}}\n' % (b"x" * 5_000_000)
    path.write_bytes(data + b"oops\n" + short)
    contents = journal.read(path)
    assert [(problem.line, problem.offset) for problem in contents.problems] == [(3002, len(data))]
    assert set(contents.tables["t"]) == {"a", "long"}
    blocks = list(journal.blocks(path))
    assert len(blocks) > 3
    assert b"".join(block.data for block in blocks) == path.read_bytes()


def test_a_line_that_is_being_written_is_waited_for(path: Path) -> None:
    """A write is not one step for who reads: half a line that is new may be whole a moment later."""
    line = b'{"t":{"a":{"text":"%s"}}}\n' % (b"x" * 10_000)
    path.write_bytes(line[:4096])

    def write_on() -> None:
        with path.open("ab") as file:
            file.write(line[4096:])

    writer = threading.Timer(0.02, write_on)
    writer.start()
    contents = journal.read(path)
    writer.join()
    assert (list(contents.tables["t"]), contents.problems) == (["a"], ())


def test_half_a_line_that_is_taken_back_is_never_mixed_with_the_next(path: Path) -> None:
    """A write that found no room leaves nothing: a reader in the middle of it reads what comes after it."""
    path.write_bytes(b'{"t":{"a":{}}}\n{"t":{"b":{"text":"fir')

    def take_back() -> None:
        with path.open("r+b") as file:
            file.truncate(15)
            file.seek(15)
            file.write(b'{"t":{"c":{"text":"second"}}}\n')

    writer = threading.Timer(0.02, take_back)
    writer.start()
    contents = journal.read(path)
    writer.join()
    assert (list(contents.tables["t"]), contents.problems) == (["a", "c"], ())


def test_a_torn_line_is_not_waited_for_long(path: Path) -> None:
    """Neither where it is old, nor by a writer that would hold up others; a reader waits for a moment."""
    torn = b'{"t":{"a":{"n"'
    path.write_bytes(torn)
    start = time.monotonic()
    assert len(journal.read(path, patient=False).problems) == 1
    write_old(path, torn)
    assert len(journal.read(path).problems) == 1
    assert time.monotonic() - start < journal._WAIT_S
    path.write_bytes(torn)
    assert len(journal.read(path).problems) == 1


@given(
    st.binary() | st.lists(st.sampled_from([b'{"t":{"a":{}}}', b"\n", b"null", b"{", b"\r"])).map(b"".join)
)
def test_no_bytes_make_reading_fail(data: bytes) -> None:
    """Any file can be read: what is not understood is reported, never raised."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "db.jsonl"
        write_old(path, data)
        contents = journal.read(path)
    assert all(str(problem).isprintable() for problem in contents.problems)


@pytest.mark.parametrize("document", [{"a": float("nan")}, {"a": "\ud800"}])
def test_what_other_readers_could_not_read_is_refused(document: dict[str, object]) -> None:
    """NaN and lone surrogates never get into a file."""
    with pytest.raises(ValueError):
        journal.dumps(document)


def test_a_number_of_any_size_comes_back() -> None:
    """A document is read with every number that it was written with."""
    document = {"big": 10**1000, "small": 1e-300}
    assert journal.loads(journal.dumps(document)) == document
