from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from filelock import FileLock

from sessiontap.store import journal
from sessiontap.store.appender import Appender, ReplacedError, locked, wait_for_writer
from tests.store.journals import line
from tests.store.limits import LargestFile

posix_only = pytest.mark.skipif(os.name == "nt", reason="modes, RLIMIT_FSIZE and /dev/full are POSIX's")


def ids(path: Path) -> list[str]:
    """The ids of the documents in the journal, in order."""
    return list(journal.read(path).tables.get("t", {}))


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


@posix_only
def test_a_write_that_fails_half_way_costs_only_itself(
    path: Path, appender: Appender, largest_file: LargestFile
) -> None:
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


def test_a_lock_file_that_is_gone_counts_no_more(path: Path, appender: Appender) -> None:
    """Whoever removes journal and lock under the lock leaves no writer with a lock of its own."""
    appender.append(line(1))
    with locked(path):
        path.unlink()
        # As one that opens both just now would have it: a new journal beside the old lock.
        appender.close()
        assert appender._open() is not None
        Path(f"{path}.lock").unlink()
    with locked(path), pytest.raises(TimeoutError):
        appender.append(line(2))
    appender.append(line(3))
    assert ids(path) == ["3"]


def test_a_lock_that_somebody_removed_is_made_again(path: Path, appender: Appender) -> None:
    """Also where the journal still stands: two writers never hold two locks."""
    appender.append(line(1))
    Path(f"{path}.lock").unlink()
    with locked(path), pytest.raises(TimeoutError):
        appender.append(line(2))
    appender.append(line(3))
    assert ids(path) == ["1", "3"]


@posix_only
def test_a_lock_that_is_a_link_is_not_followed(path: Path, appender: Appender, tmp_path: Path) -> None:
    """Nothing is made or changed at its end."""
    appender.append(line(1))
    Path(f"{path}.lock").unlink()
    Path(f"{path}.lock").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OSError, match="links are not followed"), locked(path):
        pass
    assert not (tmp_path / "elsewhere").exists()


def test_the_lock_is_given_back_whatever_happens(path: Path, appender: Appender) -> None:
    """An error in its block, and a timeout, leave it free."""
    appender.append(line(1))
    with pytest.raises(ZeroDivisionError), locked(path):
        raise ZeroDivisionError
    with locked(path), pytest.raises(TimeoutError), locked(path, timeout_s=0.01):
        pass
    appender.append(line(2))
    assert ids(path) == ["1", "2"]


def test_waiting_for_a_writer_makes_nothing(path: Path, appender: Appender) -> None:
    """Without a lock file there is nobody to wait for; with one it waits as long as it is told."""
    wait_for_writer(path)
    assert not path.parent.exists()
    appender.append(line(1))
    wait_for_writer(path)
    with locked(path), pytest.raises(TimeoutError):
        wait_for_writer(path, timeout_s=0.01)


REMOVES = """
import os
from pathlib import Path
from sessiontap.store.appender import Appender, locked
path, name, count = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
appender = Appender(path, create_folders=True)
kept = path.parent.parent / "kept"
for number in range(count):
    if name == "removing":
        try:
            with locked(path):
                if path.exists():
                    with kept.open("ab") as file:
                        file.write(path.read_bytes())
                    path.unlink()
                os.unlink(f"{path}.lock")
            path.parent.rmdir()
        except OSError:
            pass
    else:
        appender.append(b'{"t":{"%s-%d":{}}}\\n' % (name.encode(), number))
"""


@posix_only
def test_processes_that_append_while_another_removes_lose_nothing(
    path: Path, run_together: Callable[[str, list[list[str]]], None]
) -> None:
    """Journal, lock and folder go again and again; no append fails, and each is in a file that was there."""
    run_together(REMOVES, [[str(path), name, "2000"] for name in ("one", "two", "removing")])
    kept = path.parent.parent / "kept"
    if path.exists():
        with kept.open("ab") as file:
            file.write(path.read_bytes())
    assert set(ids(kept)) == {f"{name}-{number}" for name in ("one", "two") for number in range(2000)}
    assert journal.read(kept).problems == ()
