"""Rewriting a journal: a new file in the place of the old one in one step, and compaction.

What fails or is killed on the way leaves the old file as it was. Readers go on with the old file.
"""

from __future__ import annotations

import errno
import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from io import RawIOBase
from pathlib import Path
from typing import IO, NamedTuple, TypeAlias

from sessiontap.store import journal
from sessiontap.store.appender import LOCK_TIMEOUT_S, locked, sync_folder

Reachable: TypeAlias = Callable[[journal.RawTables], journal.RawTables]
"""Gives, of all documents of a journal, those that are still used by something."""

_BUFFER_BYTES = 1 << 20
_MODE = 0o600
# How often a file may change while it is read before it is left alone.
_TRIES = 4


class Compacted(NamedTuple):
    """What a compaction did; where there was nothing to gain, both sizes are the same."""

    bytes_before: int
    bytes_after: int
    documents: int
    problems: tuple[journal.Problem, ...]
    """The lines that cannot be read. Where there are any, nothing was rewritten: it would lose them."""


class _Draft(NamedTuple):
    """What a journal held when it was read without its lock."""

    tables: journal.RawTables
    problems: tuple[journal.Problem, ...]
    end: int
    """The first byte that is not in the tables: that of an unfinished last line, or the end of the file."""
    seen: int
    """The size of what was read."""


def compact(
    path: Path, *, reachable: Reachable | None = None, lock_timeout_s: float = LOCK_TIMEOUT_S
) -> Compacted:
    """Rewrites a journal with one line a document, where that makes it smaller. Raises OSError.

    Documents are copied byte by byte, whatever their schema. The new file is written before the lock is
    taken; under it only what was appended in the meantime is copied. With `reachable`, a file that is
    appended to meanwhile is read anew, and after some tries an OSError says so.
    """
    for _ in range(_TRIES):
        # Open while it is compared, so that no other file can get its number.
        with path.open("rb", buffering=0) as file:
            before = os.fstat(file.fileno())
            draft = _draft(path, file)
            tables = draft.tables if reachable is None else reachable(draft.tables)
            documents, size = sum(map(len, tables.values())), sum(map(len, _lines(tables)))
            if draft.problems or size >= draft.end:
                return Compacted(draft.seen, draft.seen, documents, draft.problems)
            with replacement(path) as new:
                new.writelines(_lines(tables))
                # Now, so that the lock is not held for it.
                to_disk(new)
                with locked(path, timeout_s=lock_timeout_s):
                    now = path.stat()
                    # Shorter: somebody has cut it with an editor.
                    if not os.path.samestat(now, before) or now.st_size < draft.seen:
                        continue
                    if reachable is not None and now.st_size > draft.seen:
                        continue
                    file.seek(draft.end)
                    appended = file.read()
                    # Windows replaces no file that is open.
                    file.close()
                    new.write(appended)
                    put_in_place(new, path)
            return Compacted(draft.end + len(appended), size + len(appended), documents, ())
    raise OSError(errno.EAGAIN, "it is written to all the time", os.fspath(path))


@contextmanager
def replacement(path: Path) -> Iterator[IO[bytes]]:
    """A new private file beside a journal, to be written and given to `put_in_place`, else removed."""
    temporary = path.with_name(f"{path.name}.{secrets.token_hex(8)}.tmp")
    file = new_private_file(temporary)
    try:
        yield file
    finally:
        # Unwritten text that does not fit on the disk is given up.
        with suppress(OSError):
            file.close()
        # Where it was put in place, its old name is gone.
        with suppress(FileNotFoundError):
            temporary.unlink()


def new_private_file(path: Path) -> IO[bytes]:
    """A new file, 0600 whatever the umask, open for writing. Raises OSError, also where there is one."""
    # Only open() takes an opener; unlike a descriptor's, such a file knows its name.
    file = open(path, "xb", buffering=_BUFFER_BYTES, opener=_open_private)  # noqa: SIM115
    if hasattr(os, "fchmod"):
        os.fchmod(file.fileno(), _MODE)
    return file


def _open_private(path: str, flags: int) -> int:
    return os.open(path, flags, _MODE)


def put_in_place(file: IO[bytes], path: Path) -> None:
    """Closes a replacement and makes it the journal, on the disk; the caller holds the lock."""
    to_disk(file)
    owner = path.stat()
    # An administrator must not take a user's file away from the user's proxy.
    if hasattr(os, "fchown") and os.fstat(file.fileno()).st_uid != owner.st_uid:
        os.fchown(file.fileno(), owner.st_uid, owner.st_gid)
    file.close()
    Path(file.name).replace(path)
    sync_folder(path.parent)


def to_disk(file: IO[bytes]) -> None:
    """Waits until what was written is on the disk."""
    # Without it a power cut could leave the new name with no content.
    file.flush()
    os.fsync(file.fileno())


def _draft(path: Path, file: RawIOBase) -> _Draft:
    tables: journal.RawTables = {}
    problems: list[journal.Problem] = []
    end = seen = 0
    for block in journal.blocks_of(file):
        end = seen = block.offset + len(block.data)
        for line in block.lines():
            try:
                journal.merge_line(tables, line.text)
            except journal.UNREADABLE as error:
                if line.torn:
                    # Perhaps somebody is writing it just now.
                    end = line.offset
                else:
                    problems.append(journal.unreadable(path, line, error))
    return _Draft(tables, tuple(problems), end, seen)


def _lines(tables: journal.RawTables) -> Iterator[bytes]:
    for name, documents in tables.items():
        if not documents:
            yield journal.changes_line({name: {}})
        for doc_id, document in documents.items():
            yield journal.documents_line(name, {doc_id: bytes(document)})
