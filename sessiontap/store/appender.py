"""Writing a journal: appends under a lock that holds between processes, and compaction.

An append is one write to a descriptor opened with O_APPEND, so a killed process leaves at most one torn
last line; the next append, under the lock, ends that line first. One that finds no room takes back what it
wrote. An append does no fsync: what the operating system was given survives the death of the process, and
waiting for the disk would hold up the traffic; `sync` does it, in the background.

The lock is `<file>.lock` beside the file. It is filelock's native lock taken on a descriptor that stays open
(`FileLock(path + ".lock")` contends with it): 4 µs, where `FileLock` itself opens, checks and closes the
file each time: 150 µs. It is not the journal itself, because a lock is mandatory on Windows, where it
would shut out the readers. https://py-filelock.readthedocs.io/
"""

from __future__ import annotations

import errno
import os
import secrets
import time
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from filelock import lock_descriptor, unlock_descriptor

from sessiontap.store import journal

LOCK_TIMEOUT_S = 5.0
_POLL_S = 0.0005
_FILE_MODE = 0o600
_FOLDER_MODE = 0o700
# Windows: no translation of line ends. POSIX has no such flag.
_BINARY: int = getattr(os, "O_BINARY", 0)
# How often the files may change between the opening and the lock before that is an error.
_REOPENINGS = 8
_WRITE_BYTES = 1 << 20


class Compacted(NamedTuple):
    """What a compaction did."""

    bytes_before: int
    bytes_after: int
    documents: int
    problems: tuple[journal.Problem, ...]
    """The lines that could not be read and are gone now."""


class ReplacedError(OSError):
    """The journal is not, or not as, it was: removed, replaced, or grown since."""


class _Handles(NamedTuple):
    data: int
    lock: int
    device: int
    inode: int
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

    def append(self, line: bytes, *, only_as: int | None = None, only_at: int | None = None) -> None:
        """Appends one whole line, its LF included; the file is made, 0600, where there is none.

        A journal that was removed or replaced since the last append is opened again. Raises OSError;
        TimeoutError, which is one, where somebody else holds the lock for `lock_timeout_s`. With `only_as`
        it must be the file of that opening, with `only_at` of that size: else this raises ReplacedError and
        writes nothing.
        """
        for _ in range(_REOPENINGS):
            handles = self._handles or self._open()
            if only_as is not None and handles.opening != only_as:
                raise ReplacedError(errno.EAGAIN, "it was replaced", self._path)
            _take_lock(handles.lock, self._path, self._lock_timeout_s)
            try:
                # Only now: somebody may have replaced the file while this waited for the lock.
                now = _stat(self._path)
                same = now is not None and (now.st_dev, now.st_ino) == (handles.device, handles.inode)
                if now is not None and same and now.st_size >= self._end:
                    if only_at is not None and now.st_size != only_at:
                        raise ReplacedError(errno.EAGAIN, "it has grown", self._path)
                    if not _ends_with_line(handles.data, now.st_size):
                        line = b"\n" + line
                    _write_all(handles.data, line, now.st_size)
                    self._end = now.st_size + len(line)
                    return
            finally:
                unlock_descriptor(handles.lock)
            self.close()
        raise OSError(errno.EAGAIN, "it is replaced again and again", self._path)

    def close(self) -> None:
        """Gives the descriptors back; the next append opens the files again."""
        if self._handles is not None:
            handles, self._handles = self._handles, None
            os.close(handles.data)
            os.close(handles.lock)

    def _open(self) -> _Handles:
        if self._create_folders:
            make_private_folder(Path(self._path).parent)
        lock = _open_private(_lock_path(self._path))
        try:
            data = _open_private(self._path)
        except OSError:
            os.close(lock)
            raise
        found = os.fstat(data)
        self._end = 0
        self._openings += 1
        self._handles = _Handles(data, lock, found.st_dev, found.st_ino, self._openings)
        return self._handles


def compact(path: Path, *, lock_timeout_s: float = LOCK_TIMEOUT_S) -> Compacted:
    """Rewrites a journal with one line a document and replaces it in one step. Raises OSError.

    Writers wait, readers go on with the old file. Documents are copied byte by byte, whatever
    their schema. After an error the old file stands as it was.
    """
    before = path.stat().st_size
    lock = _open_private(_lock_path(os.fspath(path)))
    try:
        _take_lock(lock, os.fspath(path), lock_timeout_s)
        # Nobody writes now: a last line without LF is torn.
        contents = journal.read(path, patient=False)
        temporary = path.with_name(f"{path.name}.{secrets.token_hex(8)}.tmp")
        try:
            after = _write_contents(temporary, contents.tables)
            temporary.replace(path)
        except BaseException:
            with suppress(OSError):
                temporary.unlink()
            raise
        sync_folder(path.parent)
    finally:
        # Closing the only descriptor of it gives the lock back.
        os.close(lock)
    return Compacted(before, after, sum(map(len, contents.tables.values())), contents.problems)


def sync(path: Path) -> None:
    """Gives a file, and its name in its folder, to the disk. Raises OSError."""
    handle = os.open(path, os.O_RDWR | _BINARY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
    sync_folder(path.parent)


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


def _write_contents(path: Path, tables: journal.RawTables) -> int:
    """Writes a new private file that is on the disk at the end; gives its size."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _BINARY, _FILE_MODE)
    with open(handle, "wb", buffering=_WRITE_BYTES) as file:  # noqa: PTH123 - only open() takes a descriptor
        if hasattr(os, "fchmod"):
            os.fchmod(handle, _FILE_MODE)
        for name, documents in tables.items():
            if not documents:
                file.write(journal.changes_line({name: {}}))
            file.writelines(
                journal.documents_line(name, {doc_id: bytes(document)})
                for doc_id, document in documents.items()
            )
        file.flush()
        # Without it a power cut could leave the new name with no content.
        os.fsync(handle)
        return file.tell()
