"""Opened: one session as its pages show it, read once for all that ask at about the same time."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from urllib.parse import quote, urlencode

from sessiontap.call import Call
from sessiontap.catalog import CatalogSession
from sessiontap.sessions.rollup import SessionSummary, summarize
from sessiontap.sessions.tree import PathNode, build_tree
from sessiontap.store import Ledger
from sessiontap.web.conditional import version_of

_KEPT = 8


@dataclass(frozen=True)
class Opened:
    """The calls of one session as they were a moment ago."""

    key: str
    session_id: str | None
    calls: tuple[Call, ...]
    """By start."""
    version: str
    """Another one where something may have changed."""

    @cached_property
    def summary(self) -> SessionSummary:
        """What they come to."""
        return summarize(self.session_id, self.calls)

    @cached_property
    def tree(self) -> PathNode:
        """Their tree."""
        return build_tree(self.calls)

    @cached_property
    def by_id(self) -> dict[str, int]:
        """The place of each call in `calls`."""
        return {call.call_id: number for number, call in enumerate(self.calls)}

    @property
    def title(self) -> str:
        """The session's name, else its id."""
        return self.summary.name or self.session_id or "calls without a session"

    def call_at(self, call: Call) -> str:
        """The address of a call's page."""
        return f"/s/{self.key}/calls/{quote(call.call_id, safe='')}"

    def path_at(self, path: str, page: int = 1) -> str:
        """The address of the page of a path's calls."""
        number = {"page": page} if page > 1 else {}
        return f"/s/{self.key}/path?{urlencode({'path': path, **number})}"


class OpenSessions:
    """Keeps the sessions that were opened last. For any number of threads."""

    def __init__(self, home: Path) -> None:
        self._ledger = Ledger(home)
        self._lock = threading.Lock()
        self._opened: OrderedDict[str, Opened] = OrderedDict()

    def get(self, session: CatalogSession) -> Opened:
        """The session with its calls. Raises StoreError."""
        version = version_of(session.stamp, [(call.call_id, call.status) for call in session.under_way])
        with self._lock:
            opened = self._opened.get(session.key)
            if opened is None or opened.version != version:
                calls = self._ledger.calls(session.session_id)
                opened = Opened(session.key, session.session_id, tuple(calls), version)
            self._opened[session.key] = opened
            self._opened.move_to_end(session.key)
            if len(self._opened) > _KEPT:
                self._opened.popitem(last=False)
            return opened
