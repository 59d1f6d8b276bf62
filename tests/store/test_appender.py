from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from filelock import FileLock

from sessiontap.store import journal
from sessiontap.store.appender import Appender, ReplacedError, compact

posix_only = pytest.mark.skipif(os.name == "nt", reason="modes, RLIMIT_FSIZE and /dev/full are POSIX's")


def line(number: int, text: str = "x") -> bytes:
    """A line with one document."""
    return journal.documents_line("t", {str(number): journal.dumps({"n": number, "text": text})})


def ids(path: Path) -> list[str]:
    """The ids of the documents in the journal, in order."""
    return list(journal.read(path).tables.get("t", {}))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the journal of a test stands: in a folder that is not there yet."""
    return tmp_path / "home" / "db.jsonl"


@pytest.fixture
def appender(path: Path) -> Iterator[Appender]:
    """An appender that makes folders and waits shortly."""
    with closing(Appender(path, create_folders=True, lock_timeout_s=0.05)) as made:
        yield made


def test_nothing_is_made_before_the_first_append(path: Path, appender: Appender) -> None:
    """Making an appender touches no file."""
    assert not path.parent.exists()
    appender.append(line(1))
    assert path.read_bytes() == line(1)


@posix_only
@pytest.mark.parametrize("mask", [0o000, 0o022, 0o777])
def test_files_are_private_whatever_the_umask(
    path: Path, appender: Appender, umask: Callable[[int], None], mask: int
) -> None:
    """Folders are 0700 and files 0600, under a careless and under an overzealous umask."""
    umask(mask)
    appender.append(line(1))
    compact(path)
    modes = {file.name: file.stat().st_mode & 0o777 for file in [path.parent, *path.parent.iterdir()]}
    assert modes == {"home": 0o700, "db.jsonl": 0o600, "db.jsonl.lock": 0o600}


@posix_only
def test_what_a_user_allowed_stays_allowed(path: Path, appender: Appender) -> None:
    """The mode of a file that has content is the user's business."""
    appender.append(line(1))
    path.chmod(0o640)
    appender.close()
    appender.append(line(2))
    assert path.stat().st_mode & 0o777 == 0o640


def test_folders_are_made_only_on_demand(path: Path) -> None:
    """A mistyped path is an error, not a new folder."""
    with closing(Appender(path)) as appender, pytest.raises(FileNotFoundError):
        appender.append(line(1))
    assert not path.parent.exists()


def test_every_torn_tail_is_sealed(path: Path, appender: Appender) -> None:
    """Cut the last line at any byte: the next append loses nothing but what was cut."""
    appender.append(line(1))
    start = path.stat().st_size
    whole = line(2)
    for cut in range(1, len(whole)):
        path.write_bytes(line(1) + whole[:cut])
        appender.append(line(3))
        expected = ["1", "2", "3"] if cut == len(whole) - 1 else ["1", "3"]
        assert ids(path) == expected
        contents = journal.read(path)
        assert [problem.offset for problem in contents.problems] == [start] * (3 - len(expected))
        assert path.read_bytes() == line(1) + whole[:cut] + b"\n" + line(3)


def test_a_line_that_ended_is_not_sealed_again(path: Path, appender: Appender) -> None:
    """Appends put nothing between the lines, over closings too."""
    appender.append(line(1))
    appender.close()
    appender.append(line(2))
    assert path.read_bytes() == line(1) + line(2)


def test_a_removed_file_is_made_again(path: Path, appender: Appender) -> None:
    """Appends after somebody deleted the file go to a new one, not into nowhere."""
    appender.append(line(1))
    path.unlink()
    appender.append(line(2))
    assert ids(path) == ["2"]


def test_a_removed_folder_is_made_again(path: Path, appender: Appender) -> None:
    """Appends after somebody deleted the whole home go on."""
    appender.append(line(1))
    shutil.rmtree(path.parent)
    appender.append(line(2))
    assert ids(path) == ["2"]


def test_a_replaced_file_is_opened_again(path: Path, appender: Appender, tmp_path: Path) -> None:
    """Appends after a rename over the file go to the file that is there now."""
    appender.append(line(1))
    other = tmp_path / "other"
    other.write_bytes(line(7))
    other.replace(path)
    appender.append(line(2))
    assert ids(path) == ["7", "2"]


def test_the_lock_of_another_program_is_respected(path: Path, appender: Appender) -> None:
    """While somebody holds the file lock an append waits, and gives up after its time."""
    appender.append(line(1))
    with (
        FileLock(f"{path}.lock"),
        pytest.raises(TimeoutError, match=r"another process has held its lock for 0\.05 s"),
    ):
        appender.append(line(2))
    appender.append(line(3))
    assert ids(path) == ["1", "3"]


def test_readers_take_no_lock(path: Path, appender: Appender) -> None:
    """A journal can be read while somebody holds its lock."""
    appender.append(line(1))
    with FileLock(f"{path}.lock"):
        assert ids(path) == ["1"]


def test_a_reader_holds_up_no_writer(path: Path, appender: Appender) -> None:
    """While somebody is in the middle of reading, an append goes its way at once."""
    for number in range(3):
        appender.append(line(number, "x" * 1_000_000))
    reading = journal.blocks(path)
    next(reading)
    with closing(Appender(path, lock_timeout_s=0)) as hasty:
        hasty.append(line(3))
    assert sum(block.data.count(b"\n") for block in reading) == 3


def test_a_write_that_the_system_takes_in_parts_ends_whole(
    path: Path, appender: Appender, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where write() takes only some of the bytes, the rest follows."""
    write = os.write
    monkeypatch.setattr(os, "write", lambda handle, data: write(handle, bytes(data[:7])))
    appender.append(line(1))
    assert path.read_bytes() == line(1)


@contextmanager
def largest_file(size: int) -> Iterator[None]:
    """Lets no file of this process grow above a size: writes come short, then fail."""
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@posix_only
def test_a_write_that_fails_half_way_costs_only_itself(path: Path, appender: Appender) -> None:
    """An append that runs out of room raises and takes back what it wrote; the next one is whole."""
    appender.append(line(1))
    with largest_file(len(line(1)) + 5), pytest.raises(OSError) as caught:
        appender.append(line(2))
    assert caught.value.errno == errno.EFBIG
    assert path.read_bytes() == line(1)
    appender.append(line(3))
    assert path.read_bytes() == line(1) + line(3)


def test_a_file_that_was_cut_is_another_file(path: Path, appender: Appender) -> None:
    """Who remembers what a file holds is told when somebody has emptied it."""
    appender.append(line(1))
    opening = appender.open()
    os.truncate(path, 0)
    with pytest.raises(ReplacedError):
        appender.append(line(2), only_as=opening)
    appender.append(line(2), only_as=appender.open())
    assert ids(path) == ["2"]


def test_close_gives_the_descriptors_back(path: Path, appender: Appender) -> None:
    """A closed appender holds no descriptor, and opens again when it must."""
    appender.append(line(1))
    handles = appender._handles
    assert handles is not None
    appender.close()
    for handle in (handles.data, handles.lock):
        with pytest.raises(OSError):
            os.fstat(handle)
    appender.append(line(2))
    assert ids(path) == ["1", "2"]


def test_compaction_keeps_the_latest_of_each(path: Path, appender: Appender) -> None:
    """After a compaction the journal reads the same and has one line a document."""
    for number in (1, 2, 3, 1, 2):
        appender.append(line(number, f"text {number}"))
    appender.append(b'{"t":{"3":null},"empty":{}}\noops\n')
    before = journal.read(path)
    done = compact(path)
    after = journal.read(path)
    assert after.tables.keys() == {"t", "empty"}
    assert {key: bytes(raw) for key, raw in after.tables["t"].items()} == {
        key: bytes(raw) for key, raw in before.tables["t"].items()
    }
    assert path.read_bytes().count(b"\n") == 3
    assert (done.documents, done.bytes_after) == (2, path.stat().st_size)
    assert done.bytes_before > done.bytes_after
    assert done.problems == before.problems
    assert after.problems == ()


def test_compaction_copies_what_it_does_not_know(path: Path, appender: Appender) -> None:
    """A document of another version goes over byte by byte, numbers as they were written."""
    appender.append(b'{"calls":{"a":{"schema":99, "cost_usd": 0.10000000000000000000001}}}\n')
    compact(path)
    assert b'{"schema":99, "cost_usd": 0.10000000000000000000001}' in path.read_bytes()


@posix_only
def test_a_failed_compaction_leaves_everything_as_it_was(path: Path, appender: Appender) -> None:
    """Without room for the new file the old one stands, and no temporary file is left."""
    for number in range(100):
        appender.append(line(number))
    before = path.read_bytes()
    with largest_file(1000), pytest.raises(OSError):
        compact(path)
    assert path.read_bytes() == before
    assert {file.name for file in path.parent.iterdir()} == {"db.jsonl", "db.jsonl.lock"}


def test_a_compaction_of_nothing_is_an_error(path: Path) -> None:
    """There is no file to compact, and none is made."""
    with pytest.raises(FileNotFoundError):
        compact(path)
    assert not path.parent.exists()


APPENDS = """
from pathlib import Path
from sessiontap.store.appender import Appender, ReplacedError, compact
path, name, count = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
appender = Appender(path, create_folders=True)
for number in range(count):
    appender.append(b'{"t":{"%s-%d":{"text":"%s"}}}\\n' % (name.encode(), number, b"x" * (number % 900)))
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
    assert set(contents.tables["t"]) == {f"{name}-{number}" for name in names for number in range(300)}
