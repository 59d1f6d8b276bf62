"""The ledger: sessions on disk, one folder each, behind the Protocol that the rest of the program knows.

    <home>/sessions/<key>/calls.jsonl

Each `calls.jsonl` is a TinyDB database (`CallDB` opens it); the ledger appends through the same table.
Reading takes no lock and holds up nobody who writes.
"""

from __future__ import annotations

import errno
import os
import threading
from collections import OrderedDict
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Protocol, Self

from sessiontap.call import Call, encode
from sessiontap.errors import StoreError
from sessiontap.store import appender
from sessiontap.store.appender import LOCK_TIMEOUT_S, Compacted
from sessiontap.store.journal import Problem, printable
from sessiontap.store.keys import UNASSIGNED, session_key
from sessiontap.store.records import read_calls
from sessiontap.store.tinydb_storage import CALLS_TABLE, AppendStorage, AppendTable

OPEN_SESSIONS = 32
"""How many sessions stay open for appending; each holds two file descriptors."""

_FILE = "calls.jsonl"
_SHOWN_CHOICES = 8
_NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


class StoredSession(NamedTuple):
    """One session as it is stored."""

    session_id: str | None
    """None for the calls that belong to no session."""
    key: str
    """The name of its folder."""
    calls: list[Call]
    """The latest version of each, ordered by `started_at`, then `call_id`; never empty."""


class CallStore(Protocol):
    """Where calls are kept. Errors are StoreError."""

    def append(self, call: Call) -> None:
        """Stores a call; a later version of the same `call_id` replaces the earlier one."""

    def calls(self, session_id: str | None) -> list[Call]:
        """The calls of one session, the latest version of each, ordered by start."""

    def sessions(self) -> Iterator[StoredSession]:
        """All sessions that have a call, in no order that means anything."""


class Ledger:
    """The `CallStore` in a folder. Making one touches nothing; the first append makes the folders, private.

    Several ledgers, also in other processes, may use one home. Methods may be called from any thread.
    """

    def __init__(
        self, home: Path, *, open_sessions: int = OPEN_SESSIONS, lock_timeout_s: float = LOCK_TIMEOUT_S
    ) -> None:
        self._folder = home / "sessions"
        self._open_sessions = open_sessions
        self._lock_timeout_s = lock_timeout_s
        self._open: OrderedDict[str | None, AppendTable] = OrderedDict()
        self._mutex = threading.Lock()
        self._problems: dict[Path, tuple[Problem, ...]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What the latest reading of each file left out: torn or foreign lines, newer schemas, files."""
        # A list first: another thread may be reading.
        return tuple(problem for found in list(self._problems.values()) for problem in found)

    def path(self, session_id: str | None) -> Path:
        """The file of a session's calls, whether or not there is one."""
        return self._folder / _key(session_id) / _FILE

    def append(self, call: Call) -> None:
        """Stores a call at the end of its session's file: flat in time at any size of the file.

        What is appended survives the death of the process. Raises StoreError; nothing is stored then.
        """
        try:
            document = {call.call_id: encode(call)}
            with self._mutex:
                self._table(call.session_id).put(document)
        except OSError as error:
            raise _store_error(self.path(call.session_id), "written", error) from error
        except UnicodeEncodeError as error:
            shown = printable(repr(call.call_id), 60)
            message = f"call {shown} has a text that is not Unicode ({error.reason}); it is not stored"
            raise StoreError(message) from error

    def calls(self, session_id: str | None) -> list[Call]:
        """The calls of one session, the latest version of each, by `started_at` and `call_id`; none is []."""
        path = self.path(session_id)
        try:
            return self._read(path)
        except OSError as error:
            raise _store_error(path, "read", error) from error

    def sessions(self) -> Iterator[StoredSession]:
        """Every session with at least one call, one after the other, by key.

        A file that cannot be read is passed over and reported in `problems`; StoreError only where the
        folder of all sessions cannot be listed.
        """
        for key in self._keys():
            path = self._folder / key / _FILE
            try:
                calls = self._read(path)
            except OSError as error:
                reason = f"cannot be read ({error.strerror or error}); the session is left out"
                self._problems[path] = (Problem(path, reason),)
                continue
            if not calls:
                continue
            session_id = calls[-1].session_id
            if _key(session_id) != key:
                # A copy of a session's folder would be counted twice.
                reason = (
                    f"the folder of session {printable(repr(session_id), 60)} is {_key(session_id)}; left out"
                )
                self._problems[path] = (*self._problems.get(path, ()), Problem(path, reason))
                continue
            yield StoredSession(session_id, key, calls)

    def find(self, text: str) -> StoredSession:
        """The one session that a user means: by its id, else by the start of its id, its name or its key.

        `unassigned` is the calls without a session. Raises StoreError where none fits, and where several
        do: then it lists them.
        """
        exact = self.calls(text) or (self.calls(None) if text == UNASSIGNED else [])
        if exact:
            session_id = exact[-1].session_id
            return StoredSession(session_id, _key(session_id), exact)
        fitting = [session for session in self.sessions() if _fits(session, text)]
        if len(fitting) == 1:
            return fitting[0]
        wanted = printable(repr(text), 60)
        if not fitting:
            message = (
                f"no session fits {wanted} in {printable(str(self._folder))};"
                " give an id, the start of an id, or a name (`sessiontap list` shows them)"
            )
        else:
            choices = ", ".join(map(_choice, fitting[:_SHOWN_CHOICES]))
            more = f" and {len(fitting) - _SHOWN_CHOICES} more" if len(fitting) > _SHOWN_CHOICES else ""
            message = f"{wanted} fits {len(fitting)} sessions: {choices}{more}; give one whole id"
        raise StoreError(message)

    def compact(self, session_id: str | None) -> Compacted:
        """Rewrites a session's file with the latest version of each call only. Raises StoreError."""
        path = self.path(session_id)
        try:
            return appender.compact(path, lock_timeout_s=self._lock_timeout_s)
        except OSError as error:
            raise _store_error(path, "compacted", error) from error

    def close(self) -> None:
        """Gives all file descriptors back; a later append opens what it needs."""
        with self._mutex:
            while self._open:
                self._open.popitem()[1].storage.close()

    def _table(self, session_id: str | None) -> AppendTable:
        table = self._open.get(session_id)
        if table is not None:
            self._open.move_to_end(session_id)
            return table
        storage = AppendStorage(self.path(session_id), create_dirs=True, lock_timeout_s=self._lock_timeout_s)
        table = self._open[session_id] = AppendTable(storage, CALLS_TABLE)
        if len(self._open) > self._open_sessions:
            self._open.popitem(last=False)[1].storage.close()
        return table

    def _read(self, path: Path) -> list[Call]:
        calls, problems = read_calls(path)
        if problems:
            self._problems[path] = problems
        else:
            self._problems.pop(path, None)
        return calls

    def _keys(self) -> list[str]:
        try:
            with os.scandir(self._folder) as entries:
                return sorted(entry.name for entry in entries if entry.is_dir())
        except FileNotFoundError:
            return []
        except OSError as error:
            raise _store_error(self._folder, "read", error) from error


def _key(session_id: str | None) -> str:
    return UNASSIGNED if session_id is None else session_key(session_id)


def _fits(session: StoredSession, text: str) -> bool:
    if session.key == text:
        return True
    if text and session.session_id is not None and session.session_id.startswith(text):
        return True
    return any(call.session_name == text for call in session.calls)


def _choice(session: StoredSession) -> str:
    names = sorted({call.session_name for call in session.calls if call.session_name})
    shown = printable(repr(session.session_id or session.key), 60)
    return f"{shown} ({printable(', '.join(names), 60)})" if names else shown


def _store_error(path: Path, done: str, error: OSError) -> StoreError:
    if error.errno in _NO_ROOM:
        advice = "make room there, or set SESSIONTAP_HOME to a folder that has some"
    elif isinstance(error, TimeoutError):
        advice = "end the process that holds it"
    elif error.errno == errno.ENOENT and done != "written":
        advice = "nothing is stored there"
    else:
        advice = "make it accessible for this user, or set SESSIONTAP_HOME to another folder"
    reason = printable(error.strerror or str(error))
    return StoreError(f"{printable(str(path), 400)} cannot be {done}: {reason}; {advice}")
