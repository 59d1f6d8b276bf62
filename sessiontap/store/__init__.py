"""Sessions on disk: one folder a session, in it one TinyDB database that is only ever appended to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sessiontap.store.journal import Problem
from sessiontap.store.keys import UNASSIGNED, session_key

if TYPE_CHECKING:
    from sessiontap.store.ledger import CallStore, Ledger, StoredSession

__all__ = ["UNASSIGNED", "CallStore", "Ledger", "Problem", "StoredSession", "session_key"]


def __getattr__(name: str) -> object:
    """What writes is imported when it is asked for: a command that reads does without locks and TinyDB."""
    if name not in __all__:
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message)
    from sessiontap.store import ledger

    return getattr(ledger, name)
