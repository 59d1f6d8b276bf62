"""The catalogue of a home: every session's figures, read from `catalog.json` and from what is new since.

    <home>/catalog.json

It is a cache. Deleting it is always safe; where it cannot be written everything works, only slower. What is
in it is never believed of a journal that has changed in any way but by growing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cached_property
from pathlib import Path
from typing import TypeAlias

from sessiontap.call import Call
from sessiontap.catalog.entry import Entry, Row, decode_entry, form, row_of, unpack
from sessiontap.catalog.readers import Change, read_changes
from sessiontap.errors import StoreError
from sessiontap.sessions.answers import may_meet, meets
from sessiontap.sessions.filters import CallFilter
from sessiontap.sessions.fold import DAY, Fold
from sessiontap.sessions.rollup import SessionSummary
from sessiontap.sessions.state import SessionState, Settle
from sessiontap.store.cachefile import CacheFile
from sessiontap.store.folders import CALLS_FILE, folder_key
from sessiontap.store.journal import Problem, printable
from sessiontap.store.keys import UNASSIGNED
from sessiontap.store.records import Position, Stamp
from sessiontap.store.stamps import session_stamps

CATALOG_FILE = "catalog.json"

_SHOWN_CHOICES = 8
_Entries: TypeAlias = dict[str, tuple[Entry, bytes | memoryview]]
# A small file is not worth rewriting, however much of it is out of date.
_SMALL_BYTES = 1 << 16


class CatalogSession:
    """One session. What only few ask for is worked out when it is asked for."""

    def __init__(self, entry: Entry, row: Row, settle: Settle) -> None:
        self.key = entry.key
        """The name of its folder."""
        self.totals: SessionSummary = row.totals
        """Its summary without models and paths."""
        self.calls_bytes = entry.stamp.size
        """The size of its journal of calls."""
        self._extent = row.extent
        self._entry = entry
        self._settle = settle

    @property
    def session_id(self) -> str | None:
        """None for the calls that belong to no session."""
        return self.totals.session_id

    @property
    def last_started_at(self) -> str:
        """When the last of its calls started."""
        return self._extent.last_started_at

    @property
    def stamp(self) -> Stamp:
        """That of its calls' file as it was read: another one says that something is new."""
        return self._entry.stamp

    @property
    def end(self) -> Position | None:
        """How far the file was read; None where its last line may not be whole."""
        return self._entry.end

    @property
    def under_way(self) -> list[Call]:
        """The calls that had not ended, as they are to be shown: those of a dead proxy are interrupted."""
        return [] if self._entry.row is not None else [self._settle(call) for call in self._state.under_way]

    def summary(self) -> SessionSummary:
        """The whole summary."""
        return self._state.summary(self._settle)

    @property
    def day(self) -> str | None:
        """The UTC day on which all of its calls started; None where they did on several."""
        day = (self.totals.started_at or "")[:DAY]
        return day if self._extent.last_started_at.startswith(day) else None

    def fold(self) -> Fold:
        """What its calls come to, those that are alike together."""
        return self._state.whole(self._settle)

    def meets(self, wanted: CallFilter) -> bool | None:
        """Whether a call of the session meets the filter; None where only the calls can tell."""
        if wanted == CallFilter():
            return True
        return may_meet(self.totals, self._extent, wanted) and meets(self._state, wanted, self._settle)

    @property
    def _state(self) -> SessionState:
        return unpack(self._entry.state)


class Catalog:
    """The sessions under a home as they are at the first look; make another one for another look.

    `settle` gives a call under way as it is to be shown; by default one of a dead proxy is interrupted.
    `processes` is how many may read at once where there is much to read; None is one a core.
    """

    def __init__(self, home: Path, *, settle: Settle | None = None, processes: int | None = 1) -> None:
        self._home = home
        self._folder = home / "sessions"
        self._settle_with = settle
        self._processes = processes
        self._problems: dict[Path, tuple[Problem, ...]] = {}
        self._before: _Entries | None = None

    @property
    def problems(self) -> dict[Path, tuple[Problem, ...]]:
        """By file, what was left out: torn or foreign lines, newer schemas, files."""
        self.sessions  # noqa: B018 -- looks, where nobody has yet
        return self._problems

    @cached_property
    def sessions(self) -> list[CatalogSession]:
        """Every session with at least one call, by key. StoreError where the sessions cannot be listed."""
        return list(self._listed({key: entry for key, (entry, _) in self._entries.items()}))

    @cached_property
    def by_key(self) -> dict[str, CatalogSession]:
        """The same, by the names of their folders."""
        return {session.key: session for session in self.sessions}

    def again(self) -> Catalog:
        """Another look: it reads what is new since this one, and leaves the cache to others."""
        later = Catalog(self._home, settle=self._settle_with)
        later._before = self._entries
        return later

    def summaries(self) -> Iterator[SessionSummary]:
        """The whole summary of every session, one after the other, by key."""
        return (session.summary() for session in self.sessions)

    def find(self, text: str) -> CatalogSession:
        """The one session that a user means: by its id, else by the start of its id, its name or its key.

        `unassigned` is the calls without a session. Raises StoreError where none fits, and where several
        do: then it lists them.
        """
        exact = self.by_key.get(folder_key(text))
        if exact is None and text == UNASSIGNED:
            exact = self.by_key.get(UNASSIGNED)
        if exact is not None:
            return exact
        fitting = [session for session in self.sessions if _fits(session, text)]
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

    @cached_property
    def _entries(self) -> _Entries:
        """The entry of each session whose journal can be read, by key; the cache is brought up to date."""
        stamps = session_stamps(self._home)
        if self._before is not None:
            return self._read(stamps, self._before)[0]
        cache = CacheFile(self._home / CATALOG_FILE, form())
        stored = cache.read()
        kept: _Entries = {}
        for raw in stored:
            entry = decode_entry(raw)
            kept[entry.key] = entry, raw
        there, fresh = self._read(stamps, kept)
        live = {key: raw for key, (_, raw) in there.items()}
        _write(cache, stored, live, fresh, gone=not kept.keys() <= live.keys())
        return there

    def _read(self, stamps: dict[str, Stamp | OSError], known: _Entries) -> tuple[_Entries, dict[str, bytes]]:
        """The entries as the journals are now, and those of them that are new."""
        kept = dict(known)
        changes: list[Change] = []
        for key, stamp in stamps.items():
            if isinstance(stamp, OSError):
                self._unreadable(key, stamp)
                kept.pop(key, None)
            elif not key.isascii():
                # No session has such a key, and it may not even be a text.
                reason = "its folder is not that of a session; left out"
                self._problems[self._path(key)] = (Problem(self._path(key), reason),)
            elif key not in kept or kept[key][0].stamp != stamp:
                changes.append(_change(key, stamp, kept.get(key)))
        fresh: dict[str, bytes] = {}
        for key, found in read_changes(self._folder, changes, processes=self._processes):
            if isinstance(found, OSError):
                kept.pop(key, None)
                if not isinstance(found, FileNotFoundError):  # removed in the meantime
                    self._unreadable(key, found)
            else:
                fresh[key] = found
                kept[key] = decode_entry(found), found
        return {key: kept[key] for key in stamps if key in kept}, fresh

    def _listed(self, entries: dict[str, Entry]) -> Iterator[CatalogSession]:
        for key, entry in entries.items():
            if entry.left_out or entry.newer:
                path = self._path(key)
                self._problems[path] = tuple(entry.problems(path))
            row = entry.row
            if row is None:
                state = unpack(entry.state)
                if not state:
                    continue
                if folder_key(state.session_id) != key:
                    self._misplaced(key, state.session_id)
                    continue
                row = row_of(state, self._settle)
            yield CatalogSession(entry, row, self._settle)

    @cached_property
    def _settle(self) -> Settle:
        if self._settle_with is not None:
            return self._settle_with
        return _LateLiveness(self._home)

    def _path(self, key: str) -> Path:
        return self._folder / key / CALLS_FILE

    def _unreadable(self, key: str, error: OSError) -> None:
        reason = f"cannot be read ({error.strerror or error}); the session is left out"
        self._problems[self._path(key)] = (Problem(self._path(key), reason),)

    def _misplaced(self, key: str, session_id: str | None) -> None:
        # A copy of a session's folder would be counted twice.
        path, shown = self._path(key), printable(repr(session_id), 60)
        reason = f"the folder of session {shown} is {folder_key(session_id)}; left out"
        self._problems[path] = (*self._problems.get(path, ()), Problem(path, reason))


class _LateLiveness:
    """Asks whether a proxy is alive; what that takes is imported for the first call under way."""

    def __init__(self, home: Path) -> None:
        self._home = home

    def __call__(self, call: Call) -> Call:
        return self._liveness(call)

    @cached_property
    def _liveness(self) -> Callable[[Call], Call]:
        from sessiontap.store.presence import Liveness

        return Liveness(self._home)


def _change(key: str, stamp: Stamp, known: tuple[Entry, bytes | memoryview] | None) -> Change:
    """What there is to be read of a session; what it was known for is of use only where it has grown."""
    if known is not None:
        entry, raw = known
        if entry.end is not None and entry.stamp.inode == stamp.inode and entry.stamp.size < stamp.size:
            return Change(key, bytes(raw), stamp.size - entry.end.offset)
    return Change(key, b"", stamp.size)


def _write(
    cache: CacheFile,
    stored: list[memoryview],
    live: dict[str, bytes | memoryview],
    fresh: dict[str, bytes],
    *,
    gone: bool,
) -> None:
    """Adds what is new; what is out of date goes once it is half of the file, removed sessions at once."""
    if not fresh and not gone:
        return
    written = sum(map(len, stored)) + sum(map(len, fresh.values()))
    of_use = sum(map(len, live.values()))
    try:
        if not stored or gone or written > 2 * of_use + _SMALL_BYTES:
            cache.replace(live.values())
        else:
            cache.append(fresh.values())
    except OSError:
        return  # a cache: whoever cannot write it reads the journals again


def _fits(session: CatalogSession, text: str) -> bool:
    if session.key == text:
        return True
    if text and session.session_id is not None and session.session_id.startswith(text):
        return True
    return text in session.totals.names


def _choice(session: CatalogSession) -> str:
    names = sorted(session.totals.names)
    shown = printable(repr(session.session_id or session.key), 60)
    return f"{shown} ({printable(', '.join(names), 60)})" if names else shown
