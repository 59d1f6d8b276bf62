"""The ledger: sessions on disk, one folder each, behind the Protocol that the rest of the program knows.

    <home>/sessions/<key>/calls.jsonl     each call
    <home>/sessions/<key>/bodies.jsonl    what the calls sent and got (see `bodies`)
    <home>/proxies/                       who is writing (see `presence`)

Each `calls.jsonl` is a TinyDB database (`CallDB` opens it); the ledger appends through the same table.
Reading takes no lock and holds up nobody who writes.
"""

from __future__ import annotations

import errno
import os
import threading
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Protocol, Self

import msgspec

from sessiontap.bodies import CallBodies
from sessiontap.call import Call, encode
from sessiontap.errors import StoreError
from sessiontap.masking import Masker
from sessiontap.recent import Recent
from sessiontap.store.appender import LOCK_TIMEOUT_S, sync, sync_folder
from sessiontap.store.bodies import BodyFile
from sessiontap.store.folders import BODIES_FILE, CALLS_FILE, folder_key
from sessiontap.store.journal import Problem, printable
from sessiontap.store.presence import Liveness, Presence
from sessiontap.store.records import read_calls
from sessiontap.store.rewrite import Compacted, compact
from sessiontap.store.search import sessions_with
from sessiontap.store.session_bodies import SessionBodies
from sessiontap.store.tinydb_storage import CALLS_TABLE, AppendStorage, AppendTable

OPEN_SESSIONS = 32
"""How many sessions stay open for appending; each holds two file descriptors, and two for its bodies."""

_MOST_NAMED = 10_000
_NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


class StoredSession(NamedTuple):
    """One session as it is stored."""

    session_id: str | None
    """None for the calls that belong to no session."""
    key: str
    """The name of its folder."""
    calls: list[Call]
    """The latest version of each, ordered by `started_at`, then `call_id`."""


class CallStore(Protocol):
    """Where calls are kept. Errors are StoreError."""

    def append(self, call: Call) -> None:
        """Stores a call; a later version of the same `call_id` replaces the earlier one."""

    def put_bodies(self, bodies: CallBodies) -> None:
        """Stores what a call sent and got, without credentials; a side that is None stays as it was."""

    def sync(self) -> None:
        """Makes sure that a power cut, too, loses nothing of what was stored so far."""

    def bodies(self, session_id: str | None) -> SessionBodies:
        """What the calls of one session sent and got."""

    def calls(self, session_id: str | None) -> list[Call]:
        """The calls of one session, the latest version of each, ordered by start."""

    def answered(self, host: str, response_id: str) -> Call | None:
        """The call of the last month whose reply has this id; None where none has."""

    def sessions(self) -> Iterator[StoredSession]:
        """All sessions that have a call, in no order that means anything."""


class Ledger:
    """The `CallStore` in a folder. Making one touches nothing; the first append makes the folders, private.

    Several ledgers, also in other processes, may use one home. Methods may be called from any thread.
    """

    def __init__(
        self,
        home: Path,
        *,
        open_sessions: int = OPEN_SESSIONS,
        lock_timeout_s: float = LOCK_TIMEOUT_S,
        masker: Masker | None = None,
    ) -> None:
        """`lock_timeout_s` is how long another writer may hold up an `append`."""
        self._home = home
        self._folder = home / "sessions"
        self._open_sessions = open_sessions
        self._lock_timeout_s = lock_timeout_s
        self._masker = masker or Masker()
        self._presence = Presence(home)
        self._open: OrderedDict[str | None, AppendTable] = OrderedDict()
        self._mutex = threading.Lock()
        self._open_bodies: OrderedDict[str | None, BodyFile] = OrderedDict()
        # One of its own: whoever appends a call does not wait for bodies.
        self._body_mutex = threading.Lock()
        self._unsynced: set[tuple[str | None, str]] = set()
        # Files whose names are on the disk, up to that of the home.
        self._named: Recent[tuple[Path, int], None] = Recent(_MOST_NAMED)
        self._problems: dict[Path, tuple[Problem, ...]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def proxy_id(self) -> str:
        """What marks the calls under way that are this ledger's."""
        return self._presence.proxy_id

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What the latest reading of each file left out: torn or foreign lines, newer schemas, files."""
        # A list first: another thread may be reading.
        return tuple(problem for found in list(self._problems.values()) for problem in found)

    def path(self, session_id: str | None) -> Path:
        """The file of a session's calls, whether or not there is one."""
        return self._folder / folder_key(session_id) / CALLS_FILE

    def append(self, call: Call) -> None:
        """Stores a call at the end of its session's file: flat in time at any size of the file.

        What is appended survives the death of the process. A call under way is marked with this ledger as
        its proxy: once that is closed or dead, it is read as interrupted. Raises StoreError; nothing is
        stored then.
        """
        try:
            with self._mutex:
                if call.status == "running":
                    self._presence.keep()
                    call = msgspec.structs.replace(call, proxy_id=self._presence.proxy_id)
                self._table(call.session_id).put({call.call_id: encode(call)})
                self._unsynced.add((call.session_id, CALLS_FILE))
        except OSError as error:
            raise _store_error(self.path(call.session_id), "written", error) from error
        except UnicodeEncodeError as error:
            shown = printable(repr(call.call_id), 60)
            message = f"call {shown} has a text that is not Unicode ({error.reason}); it is not stored"
            raise StoreError(message) from error

    def put_bodies(self, bodies: CallBodies) -> None:
        """Stores the bodies of a call, without credentials, each part of them once a session.

        Takes milliseconds a megabyte, and waits for other writers. Raises StoreError; nothing is stored then.
        """
        path = self._body_path(bodies.session_id)
        try:
            with self._body_mutex:
                self._body_file(bodies.session_id).put(bodies)
                self._unsynced.add((bodies.session_id, BODIES_FILE))
        except OSError as error:
            raise _store_error(path, "written", error) from error

    def bodies(self, session_id: str | None) -> SessionBodies:
        """What the calls of one session sent and got, as stored by now. Raises StoreError."""
        path = self._body_path(session_id)
        try:
            return SessionBodies(path, session_id)
        except OSError as error:
            raise _store_error(path, "read", error) from error

    def sync(self) -> None:
        """Gives what was appended so far to the disk itself; may take as long as the disk does.

        Raises StoreError where the disk fails: the others are given to it all the same, and the next time
        it is tried again.
        """
        failed: dict[tuple[str | None, str], StoreError] = {}
        for _ in range(len(self._unsynced)):
            appended = session_id, name = self._unsynced.pop()
            path = self._folder / folder_key(session_id) / name
            try:
                file = path, path.stat().st_ino
                sync(path)
                if file not in self._named:
                    self._sync_names(path)
                    self._named.put(file, None)
            except (FileNotFoundError, NotADirectoryError):
                continue  # removed since
            except OSError as error:
                failed[appended] = _store_error(path, "written", error)
        self._unsynced.update(failed)
        if failed:
            raise next(iter(failed.values()))

    def calls(self, session_id: str | None) -> list[Call]:
        """The calls of one session, the latest version of each, by `started_at` and `call_id`; none is []."""
        path = self.path(session_id)
        try:
            return self._read(path)
        except OSError as error:
            raise _store_error(path, "read", error) from error

    def session(self, session_id: str | None) -> StoredSession:
        """One session with its calls; they are none where nothing is stored."""
        return StoredSession(session_id, folder_key(session_id), self.calls(session_id))

    def answered(self, host: str, response_id: str) -> Call | None:
        """The call of the last month whose reply from that host has this id; None where none has.

        Looks through a gigabyte a second or so. What cannot be read is passed over.
        """
        for path in sessions_with(self._home, response_id):
            for call in self._read(path):
                if (call.host, call.response_id) == (host, response_id):
                    return call
        return None

    def sessions(self) -> Iterator[StoredSession]:
        """Every session with at least one call, one after the other, by key.

        A file that cannot be read is passed over and reported in `problems`; StoreError only where the
        folder of all sessions cannot be listed.
        """
        for key in self._keys():
            path = self._folder / key / CALLS_FILE
            try:
                calls = self._read(path)
            except OSError as error:
                reason = f"cannot be read ({error.strerror or error}); the session is left out"
                self._problems[path] = (Problem(path, reason),)
                continue
            if not calls:
                continue
            session_id = calls[-1].session_id
            if folder_key(session_id) != key:
                # A copy of a session's folder would be counted twice.
                shown = printable(repr(session_id), 60)
                reason = f"the folder of session {shown} is {folder_key(session_id)}; left out"
                self._problems[path] = (*self._problems.get(path, ()), Problem(path, reason))
                continue
            yield StoredSession(session_id, key, calls)

    def compact(self, session_id: str | None) -> Compacted:
        """Rewrites a session's file with the latest version of each call only. Raises StoreError."""
        path = self.path(session_id)
        try:
            return compact(path, lock_timeout_s=self._lock_timeout_s)
        except OSError as error:
            raise _store_error(path, "compacted", error) from error

    def close(self) -> None:
        """Gives all file descriptors back; a later append opens what it needs."""
        with self._mutex:
            while self._open:
                self._open.popitem()[1].storage.close()
            self._presence.end()
        with self._body_mutex:
            while self._open_bodies:
                self._open_bodies.popitem()[1].close()

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

    def _body_path(self, session_id: str | None) -> Path:
        return self._folder / folder_key(session_id) / BODIES_FILE

    def _body_file(self, session_id: str | None) -> BodyFile:
        file = self._open_bodies.get(session_id)
        if file is not None:
            self._open_bodies.move_to_end(session_id)
            return file
        file = BodyFile(self._body_path(session_id), self._masker, lock_timeout_s=LOCK_TIMEOUT_S)
        self._open_bodies[session_id] = file
        if len(self._open_bodies) > self._open_sessions:
            self._open_bodies.popitem(last=False)[1].close()
        return file

    def _read(self, path: Path) -> list[Call]:
        size = _size(path)
        calls = self._read_as_written(path)
        if all(call.proxy_id is None for call in calls):
            return calls
        lively = Liveness(self._home)
        shown = list(map(lively, calls))
        # A proxy may have ended its calls, and then itself, since they were read. The dead write no more.
        if shown != calls and _size(path) != size:
            shown = list(map(lively, self._read_as_written(path)))
        return shown

    def _read_as_written(self, path: Path) -> list[Call]:
        calls, problems = read_calls(path)
        if problems:
            self._problems[path] = problems
        else:
            self._problems.pop(path, None)
        return calls

    def _sync_names(self, path: Path) -> None:
        """Gives every name that leads to a new file to the disk: its folder may be new, and the home."""
        for folder in (path.parent, self._folder, self._home):
            sync_folder(folder)
        with suppress(OSError):  # it need not be ours
            sync_folder(self._home.parent)

    def _keys(self) -> list[str]:
        try:
            with os.scandir(self._folder) as entries:
                return sorted(entry.name for entry in entries if entry.is_dir())
        except FileNotFoundError:
            return []
        except OSError as error:
            raise _store_error(self._folder, "read", error) from error


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


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
