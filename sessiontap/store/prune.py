"""Removing sessions: what there is, what is due, and taking it away beside proxies that write.

Nothing is removed that is not what was looked at: a session whose files were written to in the meantime is
left, and so is one with records that this version cannot read.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from sessiontap.call import Call
from sessiontap.store.appender import LOCK_TIMEOUT_S, locked
from sessiontap.store.folders import (
    BODIES_FILE,
    CALLS_FILE,
    Folder,
    folder_key,
    journal_name,
    look_into,
    session_folders,
)
from sessiontap.store.journal import printable
from sessiontap.store.presence import Liveness
from sessiontap.store.records import read_calls


class Stamp(NamedTuple):
    """By which a changed file is told."""

    device: int
    inode: int
    size: int
    mtime_ns: int


@dataclass(frozen=True, slots=True)
class Stored:
    """One session, as much of it as decides whether it goes."""

    session_id: str | None
    """None for the calls that belong to no session."""
    name: str | None
    """The newest one."""
    folder: Path
    calls: int
    last_activity: str
    """The latest end of a call, else the latest start; RFC 3339."""
    running_since: str | None
    """The latest start of a call that is under way."""
    bytes: int
    """Of all files that go with the session."""
    body_bytes: int
    """Of those that only the bodies take."""
    seen: dict[Path, Stamp]


@dataclass(frozen=True, slots=True)
class Left:
    """Something that was not removed, and why."""

    path: Path
    reason: str
    """One line fit to be shown."""
    failed: bool = False
    """True where it was to go, and could not be removed."""


def survey(home: Path, wanted: Callable[[Sequence[Call]], object] = bool) -> Iterator[Stored | Left]:
    """Each session whose calls are wanted, and what cannot be removed because nobody can know what it is.

    Raises OSError and StoreError where the sessions cannot be listed.
    """
    settled = Liveness(home)
    for folder in session_folders(home):
        try:
            found = _stored(folder, wanted, settled)
        except FileNotFoundError:
            continue  # another command was faster
        except OSError as error:
            yield Left(folder, f"cannot be read: {printable(error.strerror or str(error))}")
            continue
        if found is not None:
            yield found


def due(
    sessions: Sequence[Stored], *, before: str | None, keep: int | None, running_after: str
) -> tuple[list[Stored], list[Left]]:
    """The sessions to go, newest first, and those that would but have a call under way.

    They are those whose last activity is before `before`, and that are not among the newest `keep`; None
    leaves a condition out. A call under way that started after `running_after` is believed.
    """
    ordered = sorted(sessions, key=lambda session: (session.last_activity, str(session.folder)), reverse=True)
    going: list[Stored] = []
    left: list[Left] = []
    for session in ordered[keep or 0 :]:
        if before is not None and session.last_activity >= before:
            continue
        if session.running_since is not None and session.running_since > running_after:
            left.append(Left(session.folder, "has a call under way; left as it is"))
        else:
            going.append(session)
    return going, left


def remove(
    session: Stored, *, bodies_only: bool = False, lock_timeout_s: float = LOCK_TIMEOUT_S
) -> tuple[bool, list[Left]]:
    """Removes a session's files, or those of its bodies; whether it did, and what is left and why.

    Nothing is left, and it did not, where another command has removed the session.
    Proxies that append to it wait, and make its files anew. Foreign files stay, and with them the folder.
    """
    try:
        return _remove(session, bodies_only=bodies_only, lock_timeout_s=lock_timeout_s)
    except OSError as error:
        if not session.folder.exists():
            return False, []  # another command was faster
        where = Path(error.filename) if error.filename is not None else session.folder
        reason = f"cannot be removed: {printable(error.strerror or str(error))}"
        return False, [Left(where, reason, failed=True)]


def _stored(
    folder: Path, wanted: Callable[[Sequence[Call]], object], settled: Liveness
) -> Stored | Left | None:
    files = look_into(folder)
    path = folder / CALLS_FILE
    if path not in files.journals:
        if path in files.foreign:
            return Left(path, "is no file but a link or a folder; not followed")
        return None
    # Before the reading: what is written after it is noticed.
    seen = {each: _stamp(each.lstat()) for each in files.journals}
    read, problems = read_calls(path)
    calls = list(map(settled, read))
    if any(problem.line is None for problem in problems):
        return Left(path, "holds records of a newer sessiontap, which alone knows how old they are")
    if not calls or not wanted(calls):
        return None
    session_id = calls[-1].session_id
    if folder_key(session_id) != folder.name:
        return Left(folder, "is not the folder of the session in it; `sessiontap verify` says more")
    names = [call.session_name for call in calls if call.session_name]
    return Stored(
        session_id=session_id,
        name=names[-1] if names else None,
        folder=folder,
        calls=len(calls),
        last_activity=max(call.ended_at or call.started_at for call in calls),
        running_since=max((call.started_at for call in calls if call.status == "running"), default=None),
        bytes=_size(files),
        body_bytes=_size(files.of(BODIES_FILE)),
        seen=seen,
    )


def _remove(session: Stored, *, bodies_only: bool, lock_timeout_s: float) -> tuple[bool, list[Left]]:
    with ExitStack() as locks:
        files = look_into(session.folder)
        # In one order, so that two commands do not wait for each other.
        for name in sorted({name for path in _own(files) if (name := journal_name(path.name))}):
            locks.enter_context(locked(session.folder / name, timeout_s=lock_timeout_s))
        files = look_into(session.folder)
        if not files.journals:
            # Another command was faster, and this one has made a lock again.
            _unlink_all(files.locks)
            with suppress(OSError):
                session.folder.rmdir()
            return False, []
        if session.seen != {each: _stamp(each.lstat()) for each in files.journals}:
            return False, [Left(session.folder, "was written to in the meantime; left as it is")]
        going = files.of(BODIES_FILE) if bodies_only else files
        # The calls last: whatever interrupts this leaves a session that the next run finds.
        for path in sorted((*going.others, *going.journals), key=lambda path: path.name == CALLS_FILE):
            path.unlink()
        if os.name == "posix":
            _unlink_all(going.locks)
    if os.name != "posix":
        # Windows removes no open file, so what goes now is nobody's any more.
        _unlink_all(going.locks)
    if bodies_only:
        return True, []
    # A proxy may have begun to write again already; then the folder is its own.
    with suppress(OSError):
        session.folder.rmdir()
    return True, [Left(path, "is not sessiontap's; left, with its folder") for path in files.foreign]


def _own(files: Folder) -> tuple[Path, ...]:
    return (*files.journals, *files.locks, *files.others)


def _unlink_all(paths: Iterable[Path]) -> None:
    for path in paths:
        with suppress(FileNotFoundError, PermissionError):
            path.unlink()


def _stamp(about: os.stat_result) -> Stamp:
    return Stamp(about.st_dev, about.st_ino, about.st_size, about.st_mtime_ns)


def _size(files: Folder) -> int:
    return sum(path.lstat().st_size for path in _own(files))
