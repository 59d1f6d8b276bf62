from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from sessiontap.store import journal
from sessiontap.store.appender import Appender, locked
from sessiontap.store.rewrite import compact
from tests.store.files import write_old
from tests.store.journals import line
from tests.store.limits import LargestFile

posix_only = pytest.mark.skipif(os.name == "nt", reason="modes, owners and RLIMIT_FSIZE are POSIX's")


def documents(path: Path) -> dict[str, bytes]:
    """The documents of the journal's one table, as they stand there."""
    return {doc_id: bytes(raw) for doc_id, raw in journal.read(path).tables.get("t", {}).items()}


def test_compaction_keeps_the_latest_of_each(path: Path, appender: Appender) -> None:
    """After a compaction the journal reads the same and has one line a document."""
    for number in (1, 2, 3, 1, 2):
        appender.append(line(number, f"text {number}"))
    appender.append(b'{"t":{"3":null},"empty":{}}\n')
    before = documents(path)
    size = path.stat().st_size
    done = compact(path)
    assert documents(path) == before
    assert journal.read(path).tables.keys() == {"t", "empty"}
    assert path.read_bytes().count(b"\n") == 3
    assert done.bytes_before == size > done.bytes_after == path.stat().st_size
    assert (done.documents, done.problems) == (2, ())


def test_nothing_to_gain_is_nothing_written(path: Path, appender: Appender) -> None:
    """A compacted journal stays the file that it is."""
    for number in (1, 1, 2):
        appender.append(line(number))
    compact(path)
    before = path.stat()
    done = compact(path)
    assert done.bytes_before == done.bytes_after == before.st_size
    assert path.stat().st_ino == before.st_ino


def test_a_line_that_cannot_be_read_stops_it(path: Path, appender: Appender) -> None:
    """Nobody may want it back but its owner: the journal is left, and the line reported."""
    appender.append(line(1))
    appender.append(b"oops\n")
    appender.append(line(1))
    before = path.read_bytes()
    done = compact(path)
    assert [problem.line for problem in done.problems] == [2]
    assert path.read_bytes() == before


def test_an_unfinished_last_line_goes_over_as_it_is(path: Path, appender: Appender) -> None:
    """Perhaps somebody is writing it; the next append ends it, as it would have without the compaction."""
    for _ in range(3):
        appender.append(line(1))
    whole = path.read_bytes()
    for cut in range(1, len(line(2))):
        write_old(path, whole + line(2)[:cut])
        compact(path)
        if cut < len(line(2)) - 1:
            assert path.read_bytes() == line(1) + line(2)[:cut]
        appender.append(line(3))
        assert list(documents(path)) == ["1", *(["2"] * (cut == len(line(2)) - 1)), "3"]


def test_what_is_appended_while_it_reads_goes_over(
    path: Path, appender: Appender, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The journal is read without its lock: what comes in before the lock is copied under it."""
    for number in (1, 1, 2, 2):
        appender.append(line(number))
    blocks_of = journal.blocks_of

    def then_appended(*args: object) -> Iterator[journal.Block]:
        yield from blocks_of(*args)  # type: ignore[arg-type]
        appender.append(line(1, "late"))

    monkeypatch.setattr(journal, "blocks_of", then_appended)
    compact(path)
    monkeypatch.undo()
    assert path.read_bytes() == line(1) + line(2) + line(1, "late")


def test_a_journal_that_is_replaced_while_it_reads_is_read_anew(
    path: Path, appender: Appender, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another compaction, or a restored file, is never undone."""
    for number in (1, 1):
        appender.append(line(number))
    other = tmp_path / "other"
    other.write_bytes(line(7) * 3)
    blocks_of = journal.blocks_of

    def then_replaced(*args: object) -> Iterator[journal.Block]:
        yield from blocks_of(*args)  # type: ignore[arg-type]
        if other.exists():
            other.replace(path)

    monkeypatch.setattr(journal, "blocks_of", then_replaced)
    compact(path)
    monkeypatch.undo()
    assert path.read_bytes() == line(7)


def test_only_what_is_reachable_is_kept(path: Path, appender: Appender) -> None:
    """Whoever knows which documents refer to which says what stays."""
    for number in range(5):
        appender.append(line(number))
    done = compact(path, reachable=lambda tables: {"t": {"3": tables["t"]["3"]}})
    assert path.read_bytes() == line(3)
    assert done.documents == 1


def test_with_reachable_a_busy_journal_is_told(
    path: Path, appender: Appender, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is appended meanwhile may refer to what was thought unused: nothing is taken away then."""
    for _ in range(3):
        appender.append(line(1))
    blocks_of = journal.blocks_of

    def then_appended(*args: object) -> Iterator[journal.Block]:
        yield from blocks_of(*args)  # type: ignore[arg-type]
        appender.append(line(2))

    monkeypatch.setattr(journal, "blocks_of", then_appended)
    with pytest.raises(OSError, match="written to all the time"):
        compact(path, reachable=lambda tables: {"t": {"2": tables["t"]["2"]}} if "2" in tables["t"] else {})
    monkeypatch.undo()
    assert list(documents(path)) == ["1", "2"]


def test_a_lock_that_is_held_leaves_all_as_it_was(path: Path, appender: Appender) -> None:
    """It gives up after its time, and no new file is left."""
    for _ in range(3):
        appender.append(line(1))
    before = path.read_bytes()
    with locked(path), pytest.raises(TimeoutError):
        compact(path, lock_timeout_s=0.01)
    assert path.read_bytes() == before
    assert {file.name for file in path.parent.iterdir()} == {"db.jsonl", "db.jsonl.lock"}


def test_the_lock_is_free_while_it_writes(
    path: Path, appender: Appender, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A proxy appends while the large new file goes to the disk."""
    for _ in range(3):
        appender.append(line(1))
    fsync = os.fsync
    appended = [line(2)]

    def then_append(handle: int) -> None:
        fsync(handle)
        if appended:
            appender.append(appended.pop())

    monkeypatch.setattr(os, "fsync", then_append)
    compact(path)
    assert path.read_bytes() == line(1) + line(2)


def test_compaction_copies_what_it_does_not_know(path: Path, appender: Appender) -> None:
    """A document of another version goes over byte by byte, numbers as they were written."""
    document = b'{"schema":99, "cost_usd": 0.10000000000000000000001}'
    for _ in range(2):
        appender.append(b'{"calls":{"a":%b}}\n' % document)
    compact(path)
    assert path.read_bytes() == b'{"calls":{"a":%b}}\n' % document


@posix_only
def test_a_failed_compaction_leaves_everything_as_it_was(
    path: Path, appender: Appender, largest_file: LargestFile
) -> None:
    """Without room for the new file the old one stands, and no temporary file is left."""
    for number in (*range(100), *range(50)):
        appender.append(line(number))
    before = path.read_bytes()
    with largest_file(1000), pytest.raises(OSError):
        compact(path)
    assert path.read_bytes() == before
    assert {file.name for file in path.parent.iterdir()} == {"db.jsonl", "db.jsonl.lock"}


@posix_only
def test_the_new_file_is_private(path: Path, appender: Appender, umask: Callable[[int], None]) -> None:
    """0600 whatever the umask."""
    for _ in range(2):
        appender.append(line(1))
    umask(0)
    compact(path)
    assert path.stat().st_mode & 0o777 == 0o600


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can give files away")
def test_an_administrator_takes_no_file_away(path: Path, appender: Appender) -> None:
    """The new file has the owner that the old one had."""
    for _ in range(2):
        appender.append(line(1))
    os.chown(path, 12345, 12346)
    compact(path)
    assert (path.stat().st_uid, path.stat().st_gid) == (12345, 12346)


def test_a_compaction_of_nothing_is_an_error(path: Path) -> None:
    """There is no file to compact, and none is made."""
    with pytest.raises(FileNotFoundError):
        compact(path)
    assert not path.parent.exists()


APPENDS = """
from pathlib import Path
from sessiontap.store.appender import Appender
from sessiontap.store.rewrite import compact
path, name, count = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
appender = Appender(path, create_folders=True)
for number in range(count):
    appender.append(b'{"t":{"%s-%d":{"text":"%s"}}}\\n' % (name.encode(), number, b"x" * (number % 900)))
    appender.append(b'{"t":{"again":{"text":"%s"}}}\\n' % (b"x" * (number % 900)))
    if name == "compacting" and number % 10 == 0:
        compact(path)
"""


def test_processes_that_append_and_compact_at_once_lose_nothing(
    path: Path, run_together: Callable[[str, list[list[str]]], None]
) -> None:
    """Two writers and one that also compacts all the time: every document is there, every line whole."""
    names = ["one", "two", "compacting"]
    run_together(APPENDS, [[str(path), name, "300"] for name in names])
    contents = journal.read(path)
    assert contents.problems == ()
    assert set(contents.tables["t"]) == {
        "again",
        *(f"{name}-{number}" for name in names for number in range(300)),
    }
