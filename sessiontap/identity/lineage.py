"""Lineage: which sub-agents belong to which session, and where in it they stand.

A sub-agent names its parent only: what is above that is remembered from the parent's own calls.
"""

from __future__ import annotations

from typing import NamedTuple

from sessiontap.identity.texts import as_segment
from sessiontap.recent import Recent

_MOST_KNOWN = 10_000
_DEEPEST = 16
_TAIL = 8
_SHORT = 12
_SOME_AGENT = "agent"
# What says no more than that it is one.
_PLAIN = frozenset({"subagent", "collab_spawn", "thread_spawn"})


class Standing(NamedTuple):
    """A session, and a path within it that ends without a slash; the root is empty."""

    session_id: str
    path: str


class _Known(NamedTuple):
    path: str
    kind: str | None


class Lineage:
    """The sub-agents seen so far, the last 10,000; one that was forgotten stands right below its session."""

    __slots__ = ("_agents", "_sessions")

    def __init__(self) -> None:
        self._sessions: Recent[str, Standing] = Recent(_MOST_KNOWN)
        self._agents: Recent[tuple[str, str], _Known] = Recent(_MOST_KNOWN)

    def session(self, own: str, parent: str | None, kind: str | None = None) -> Standing:
        """Where a session stands that may have been started by another one."""
        known = self._sessions.get(own)
        if known is None:
            if parent is None or parent == own:
                return Standing(own, "")
            above = self._sessions.get(parent) or Standing(parent, "")
            if above.session_id == own:
                # Each says that it is below the other: who was above stays there.
                return Standing(own, "")
            known = Standing(above.session_id, _below(above.path, segment(kind, own)))
        self._sessions.put(own, known)
        return known

    def agent(self, session_id: str, own: str, parent: str | None, kind: str | None) -> str:
        """The path of a sub-agent within its session: the one that it had when its kind was first said."""
        known = self._agents.get((session_id, own))
        if known is None or (known.kind is None and kind is not None):
            above = self._agents.get((session_id, parent)) if parent else None
            known = _Known(_below(above.path if above else "", segment(kind, own)), kind)
        self._agents.put((session_id, own), known)
        return known.path


def segment(kind: str | None, own: str) -> str:
    """`explore-3f2a91bc`: what kind of agent, and the end of its id, for many ids begin with the time.

    A short id is whole, and one that is a name (`ann@team`) stands for itself.
    """
    if "@" in own:
        return as_segment(own) or _SOME_AGENT
    signs = "".join(filter(str.isalnum, own))
    tail = as_segment(signs if len(signs) <= _SHORT else signs[-_TAIL:])
    named = as_segment("" if kind is None or kind in _PLAIN else kind).lower() or _SOME_AGENT
    return f"{named}-{tail}" if tail else named


def _below(path: str, name: str) -> str:
    """The path with a segment more; what is deeper than 16 stands beside its parent."""
    return path if path.count("/") >= _DEEPEST else f"{path}/{name}"
