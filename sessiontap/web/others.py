"""The sessions that one may be compared with."""

from __future__ import annotations

from sessiontap.catalog import CatalogSession
from sessiontap.web.source import Source

MOST = 50
"""How many a page offers."""


def others_of(source: Source, key: str) -> list[CatalogSession]:
    """The sessions to compare one with: those of its name first, then the newest."""
    sessions = source.looks.now().look.sessions
    mine = source.looks.session(key)
    name = mine.totals.name if mine is not None else None
    others = [session for session in sessions if session.key != key]
    others.sort(key=lambda session: session.totals.started_at or "", reverse=True)
    others.sort(key=lambda session: name is None or session.totals.name != name)
    return others[:MOST]
