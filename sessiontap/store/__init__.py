"""Sessions on disk: one folder a session, in it one TinyDB database that is only ever appended to."""

from sessiontap.store.journal import Problem
from sessiontap.store.keys import UNASSIGNED, session_key
from sessiontap.store.ledger import CallStore, Ledger, StoredSession

__all__ = ["UNASSIGNED", "CallStore", "Ledger", "Problem", "StoredSession", "session_key"]
