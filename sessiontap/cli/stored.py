"""What the commands need of a store, and how they find sessions in it."""

from __future__ import annotations

import heapq
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Protocol

from sessiontap.call import Call
from sessiontap.errors import StoreError
from sessiontap.sessions.filters import CallFilter


class StoredSession(Protocol):
    """One session as a store gives it."""

    @property
    def session_id(self) -> str | None:
        """None for the calls that belong to no session."""

    @property
    def calls(self) -> Sequence[Call]:
        """The latest version of each, by start."""


class SessionStore(Protocol):
    """The part of a store that reading commands use."""

    @property
    def problems(self) -> Sequence[object]:
        """Their texts are lines to tell the user about what could not be read so far."""

    def sessions(self) -> Iterator[StoredSession]:
        """Every session, one at a time."""

    def find(self, text: str) -> StoredSession:
        """The session of that id, unique prefix of an id, or name. Raises StoreError."""


def open_store(home: Path) -> SessionStore:
    """The store on disk under `home`; nothing is created."""
    from sessiontap.store.ledger import Ledger

    return Ledger(home)


_COUNTED_BACK = re.compile(r"-([1-9]\d{0,5})")


def find_session(store: SessionStore, text: str) -> StoredSession:
    """The session that `text` names: as the store finds it, or `-1` for the newest, `-2` for the one before.

    Raises StoreError where there is none, or more than one.
    """
    back = _COUNTED_BACK.fullmatch(text)
    if back is None:
        return store.find(text)
    number = int(back[1])
    newest = heapq.nlargest(number, store.sessions(), key=_started)
    if len(newest) < number:
        message = f"no session {text}: there are {len(newest)}; `sessiontap list` shows them"
        raise StoreError(message)
    return newest[-1]


def _started(session: StoredSession) -> str:
    return min((call.started_at for call in session.calls), default="")


def select(
    store: SessionStore, wanted: CallFilter, texts: Sequence[str] = ()
) -> Iterator[tuple[StoredSession, list[Call]]]:
    """Each session with a call that is wanted, and those calls.

    `texts` name sessions as `find_session` does; one that is named twice is given once.
    """
    sessions: Iterable[StoredSession] = store.sessions()
    if texts:
        named = [find_session(store, text) for text in dict.fromkeys(texts)]
        sessions = {session.session_id: session for session in named}.values()
    for session in sessions:
        matching = wanted.matching(session.calls)
        if matching:
            yield session, matching
