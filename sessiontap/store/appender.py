"""Writing a journal: appends under a lock that holds between processes.

An append is one write to a descriptor opened with O_APPEND, so a killed process leaves at most one torn
last line; the next append, under the lock, ends that line first. One that finds no room takes back what it
wrote. An append does no fsync: what the operating system was given survives the death of the process, and
waiting for the disk would hold up the traffic; `sync` does it, in the background.

The lock is `<file>.lock` beside the file. It is filelock's native lock taken on a descriptor that stays open
(`FileLock(path + ".lock")` contends with it): 4 µs, where `FileLock` itself opens, checks and closes the
file each time: 150 µs. It is not the journal itself, because a lock is mandatory on Windows, where it
would shut out the readers. https://py-filelock.readthedocs.io/

A lock file may be removed by whoever holds it, after the journal: a lock counts only while its file is still
the one of that name. So a session can be removed beside a proxy that writes to it.
"""

from __future__ import annotations

import errno
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path
from typing import NamedTuple

from filelock import lock_descriptor, unlock_descriptor

LOCK_TIMEOUT_S = 5.0
_POLL_S = 0.0005
_FILE_MODE = 0o600
_FOLDER_MODE = 0o700
# Windows: no translation of line ends. POSIX has no such flag.
_BINARY: int = getattr(os, "O_BINARY", 0)
# How often, at least, the files may change between the opening and the lock before that is an error.
_REOPENINGS = 8
_RESTLESS = "it is replaced again and again"


class ReplacedError(OSError):
    """The journal is not the file that it was: it was removed or replaced."""


class _Handles(NamedTuple):
    data: int
    lock: int
    data_file: os.stat_result
    lock_file: os.stat_result
    opening: int


class Appender:
    """Appends lines to one journal and keeps it open. Not for use by several threads at once.

    Any number of processes and appenders may write one journal.
    """

    __slots__ = ("_create_folders", "_end", "_handles", "_lock_timeout_s", "_openings", "_path")

    def __init__(
        self, path: Path, *, create_folders: bool = False, lock_timeout_s: float = LOCK_TIMEOUT_S
    ) -> None:
        self._path = os.fspath(path)
        self._create_folders = create_folders
        self._lock_timeout_s = lock_timeout_s
        self._handles: _Handles | None = None
        self._openings = 0
        # Where the last append ended: a file that is shorter by now has been cut, and is another one.
        self._end = 0

    def open(self) -> int:
        """Opens the journal, where it is not open, and gives the number of this opening, for `append`.

        As long as the number stays the same, so does the file. The file is made, 0600, where there is none.
        Raises OSError.
        """
        return (self._handles or self._open()).opening

    def append(self, line: bytes, *, only_as: int | None = None) -> None:
        """Appends one whole line, its LF included; the file is made, 0600, where there is none.

        A journal that was removed or replaced since the last append is opened again. Raises OSError;
        TimeoutError, which is one, where somebody else holds the lock for `lock_timeout_s`. With `only_as`
        it must be the file of that opening: else this raises ReplacedError and writes nothing.
        """
        for _ in _tries(self._lock_timeout_s):
            handles = self._handles or self._open()
            _take_lock(handles.lock, self._path, self._lock_timeout_s)
            try:
                # Only now: somebody may have removed or replaced the files while this waited for the lock.
                if is_at(_lock_path(self._path), handles.lock_file):
                    size = os.fstat(handles.data).st_size
                    if size < self._end or not is_at(self._path, handles.data_file):
                        # Under the lock nobody replaces it once more.
                        handles = self._open_data_again(handles)
                        size = os.fstat(handles.data).st_size
                    if only_as is not None and handles.opening != only_as:
                        raise ReplacedError(errno.EAGAIN, "it was replaced", self._path)
                    if not _ends_with_line(handles.data, size):
                        line = b"\n" + line
                    _write_all(handles.data, line, size)
                    self._end = size + len(line)
                    return
            finally:
                unlock_descriptor(handles.lock)
            self.close()
        raise OSError(errno.EAGAIN, _RESTLESS, self._path)

    def close(self) -> None:
        """Gives the descriptors back; the next append opens the files again."""
        if self._handles is not None:
            handles, self._handles = self._handles, None
            os.close(handles.data)
            os.close(handles.lock)

    def _open(self) -> _Handles:
        for _ in range(_REOPENINGS - 1):
            try:
                return self._open_both()
            except FileNotFoundError:
                # Perhaps the folder was there, and removed before the files were in it.
                if not self._create_folders:
                    raise
        return self._open_both()

    def _open_both(self) -> _Handles:
        if self._create_folders:
            make_private_folder(Path(self._path).parent)
        lock = _open_private(_lock_path(self._path))
        try:
            data = _open_private(self._path)
        except OSError:
            os.close(lock)
            raise
        return self._opened(data, lock, os.fstat(lock))

    def _open_data_again(self, handles: _Handles) -> _Handles:
        data = _open_private(self._path)
        os.close(handles.data)
        return self._opened(data, handles.lock, handles.lock_file)

    def _opened(self, data: int, lock: int, lock_file: os.stat_result) -> _Handles:
        self._end = 0
        self._openings += 1
        self._handles = _Handles(data, lock, os.fstat(data), lock_file, self._openings)
        return self._handles


@contextmanager
def locked(path: Path, *, timeout_s: float = LOCK_TIMEOUT_S) -> Iterator[None]:
    """Holds the lock of a journal, whether or not there is a journal; writers wait, readers do not.

    Whoever holds it may remove the journal, and after it the lock file. Raises OSError; TimeoutError, which
    is one, where somebody else holds the lock for `timeout_s`.
    """
    name = os.fspath(path)
    if os.path.islink(_lock_path(name)):  # noqa: PTH114 - as `_stat`
        raise OSError(errno.ELOOP, "its lock is a link, and links are not followed", name)
    for _ in _tries(timeout_s):
        lock = _open_private(_lock_path(name))
        try:
            _take_lock(lock, name, timeout_s)
            if is_at(_lock_path(name), os.fstat(lock)):
                yield
                return
        finally:
            # Closing the only descriptor of it gives the lock back.
            os.close(lock)
    raise OSError(errno.EAGAIN, _RESTLESS, name)


def wait_for_writer(path: Path, *, timeout_s: float = LOCK_TIMEOUT_S) -> None:
    """Waits until the append that is under way is over, if one is; makes and changes nothing.

    Raises OSError where the lock file may not be opened, and TimeoutError as `locked` does.
    """
    try:
        lock = os.open(_lock_path(os.fspath(path)), os.O_RDWR | _BINARY)
    except FileNotFoundError:
        return
    try:
        _take_lock(lock, os.fspath(path), timeout_s)
    finally:
        os.close(lock)


def sync(path: Path) -> None:
    """Gives what is in a file to the disk; its name is `sync_folder`'s. Raises OSError."""
    handle = os.open(path, os.O_RDWR | _BINARY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def sync_folder(folder: Path) -> None:
    """Gives the names in a folder to the disk. Raises OSError."""
    # Windows opens no folders, and needs none of this.
    if hasattr(os, "O_DIRECTORY"):
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def make_private_folder(folder: Path) -> None:
    """Makes a folder and its missing parents, each 0700 whatever the umask. Raises OSError."""
    missing = []
    while not folder.exists():
        missing.append(folder)
        folder = folder.parent
    for new in reversed(missing):
        try:
            new.mkdir(_FOLDER_MODE)
        except FileExistsError:
            continue  # another process was faster
        new.chmod(_FOLDER_MODE)


def _lock_path(path: str) -> str:
    return path + ".lock"


def _open_private(path: str) -> int:
    """Opens for reading and appending. A new file is 0600 whatever the umask."""
    handle = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | _BINARY, _FILE_MODE)
    try:
        found = os.fstat(handle)
        # Only an empty file: what a user has allowed for an older one is the user's business.
        if found.st_size == 0 and found.st_mode & 0o777 != _FILE_MODE and hasattr(os, "fchmod"):
            with suppress(PermissionError):
                os.fchmod(handle, _FILE_MODE)
    except OSError:
        os.close(handle)
        raise
    return handle


def _tries(timeout_s: float) -> Iterator[None]:
    """As many as are to be made: some in any case, and then until the time is over."""
    deadline = time.monotonic() + timeout_s
    for number in count():
        if number >= _REOPENINGS and time.monotonic() > deadline:
            return
        yield


def _take_lock(handle: int, path: str, timeout_s: float) -> None:
    if lock_descriptor(handle, blocking=False):
        return
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        time.sleep(_POLL_S)
        if lock_descriptor(handle, blocking=False):
            return
    raise TimeoutError(errno.ETIMEDOUT, f"another process has held its lock for {timeout_s:g} s", path)


def _stat(path: str) -> os.stat_result | None:
    try:
        return os.stat(path)  # noqa: PTH116 - a Path costs as much as the call
    except (FileNotFoundError, NotADirectoryError):
        return None


def _same(one: os.stat_result, other: os.stat_result) -> bool:
    """Whether both are of one file; that file must be open, or another may have got its number."""
    return (one.st_dev, one.st_ino) == (other.st_dev, other.st_ino)


def is_at(path: str, file: os.stat_result) -> bool:
    """Whether an open file is the one of that name."""
    now = _stat(path)
    return now is not None and _same(now, file)


def _ends_with_line(handle: int, size: int) -> bool:
    if size == 0:
        return True
    # Not pread, which Windows does not have; O_APPEND writes at the end wherever this leaves the position.
    os.lseek(handle, -1, os.SEEK_END)
    return os.read(handle, 1) == b"\n"


def _write_all(handle: int, data: bytes, size: int) -> None:
    """Writes everything; one call to the system unless it takes only a part. None of it where that fails."""
    try:
        written = os.write(handle, data)
        while written < len(data):
            written += os.write(handle, memoryview(data)[written:])
    except OSError:
        # Nobody has written behind it: whoever does holds the lock.
        with suppress(OSError):
            os.ftruncate(handle, size)
        raise
