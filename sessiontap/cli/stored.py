"""What the commands need of a store, and how they find sessions in it.

Figures come out of the catalogue. Calls are read of those sessions only that a command is about.
"""

from __future__ import annotations

import heapq
import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from sessiontap.call import Call
from sessiontap.catalog import Catalog, CatalogSession
from sessiontap.errors import StoreError
from sessiontap.sessions.filters import CallFilter
from sessiontap.store.journal import Problem
from sessiontap.store.keys import UNASSIGNED

if TYPE_CHECKING:
    from sessiontap.store.ledger import Ledger, StoredSession


class Records:
    """The sessions under a home. Nothing is created but the catalogue, where there is a home."""

    def __init__(self, home: Path, ledger: Ledger | None = None) -> None:
        self._home = home
        self._given = ledger
        self._looked_up = False

    @cached_property
    def ledger(self) -> Ledger:
        """The calls."""
        # Late: locks and TinyDB, which a list does not need.
        from sessiontap.store.ledger import Ledger

        return self._given or Ledger(self._home)

    @cached_property
    def catalog(self) -> Catalog:
        """The figures, as they are at the first look."""
        self._looked_up = True
        return Catalog(self._home, processes=None)

    def calls(self, session_id: str | None) -> list[Call]:
        """The calls of a session, by start."""
        return self.ledger.calls(session_id)

    @property
    def problems(self) -> list[Problem]:
        """What could not be read so far; their texts are lines to tell the user."""
        found = dict(self.catalog.problems) if self._looked_up else {}
        read = self.ledger.problems if self._given or "ledger" in self.__dict__ else ()
        told = [problem for of_file in found.values() for problem in of_file]
        return told + [problem for problem in read if problem.path not in found]

    def find(self, text: str) -> StoredSession:
        """See `find_session`."""
        exact = self.ledger.calls(text) or (self.ledger.calls(None) if text == UNASSIGNED else [])
        session_id = exact[-1].session_id if exact else self.cataloged(text).session_id
        return self.ledger.session(session_id)

    def cataloged(self, text: str) -> CatalogSession:
        """The same without its calls."""
        back = _COUNTED_BACK.fullmatch(text)
        if back is None:
            return self.catalog.find(text)
        number = int(back[1])
        newest = heapq.nlargest(number, self.catalog.sessions, key=_started)
        if len(newest) < number:
            there = f"there are {len(newest)}; `sessiontap list` shows them"
            none = "there is none yet; to see one: sessiontap demo --keep"
            message = f"no session {text}: {there if newest else none}"
            raise StoreError(message)
        return newest[-1]


def open_store(home: Path, ledger: Ledger | None = None) -> Records:
    """The store on disk under `home`; a ledger that is open there is read through."""
    return Records(home, ledger)


_COUNTED_BACK = re.compile(r"-([1-9]\d{0,5})")


def find_session(store: Records, text: str) -> StoredSession:
    """The session that `text` names: its id, the start of it, its name, or `-1` for the newest, and so on.

    Raises StoreError where there is none, or more than one.
    """
    return store.find(text)


def choose(store: Records, wanted: CallFilter, texts: Sequence[str] = ()) -> Iterator[CatalogSession]:
    """Each session with a call that is wanted, by key.

    `texts` name sessions as `find_session` does; one that is named twice is given once.
    """
    sessions: Iterable[CatalogSession] = store.catalog.sessions
    if texts:
        named = [store.cataloged(text) for text in dict.fromkeys(texts)]
        sessions = {session.key: session for session in named}.values()
    for session in sessions:
        answer = session.meets(wanted)
        if answer is None:
            answer = bool(wanted.matching(store.ledger.calls(session.session_id)))
        if answer:
            yield session


def select(
    store: Records, wanted: CallFilter, texts: Sequence[str] = ()
) -> Iterator[tuple[StoredSession, list[Call]]]:
    """The same sessions with their calls, and the calls that are wanted."""
    sessions: Iterable[StoredSession]
    if texts:
        named = [find_session(store, text) for text in dict.fromkeys(texts)]
        sessions = {session.session_id: session for session in named}.values()
    elif wanted == CallFilter():
        sessions = store.ledger.sessions()
    else:
        may_be = (session for session in store.catalog.sessions if session.meets(wanted) is not False)
        sessions = (store.ledger.session(session.session_id) for session in may_be)
    for session in sessions:
        matching = wanted.matching(session.calls)
        if matching:
            yield session, matching


def _started(session: CatalogSession) -> str:
    return session.totals.started_at or ""
