"""Which sessions a list shows: those that are asked for, in the order asked for, a page of them."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sessiontap.catalog import CatalogSession
from sessiontap.sessions.filters import CallFilter
from sessiontap.sessions.order import ordered
from sessiontap.sessions.rollup import added_up
from sessiontap.sessions.tally import Totals
from sessiontap.store import Ledger
from sessiontap.web.query import ListQuery

PAGE = 50
"""How many sessions stand on a page."""


@dataclass(frozen=True, slots=True)
class Listing:
    """The sessions that were asked for."""

    chosen: Sequence[CatalogSession]
    """All of them, in order."""
    shown: Sequence[CatalogSession]
    """Those of the page."""
    page: int
    pages: int
    totals: Totals
    """Of all of them."""


def choose(home: Path, sessions: Sequence[CatalogSession], query: ListQuery) -> list[CatalogSession]:
    """The sessions that a query asks for, in its order."""
    wanted = query.calls(time.time())
    chosen = [each for each in sessions if query.fits(each) and _has_call(home, each, wanted)]
    return ordered(chosen, query.sort)


def listing(home: Path, sessions: Sequence[CatalogSession], query: ListQuery) -> Listing:
    """The page that a query asks for; the last one where it asks for one beyond."""
    chosen = choose(home, sessions, query)
    pages = max(1, -(-len(chosen) // PAGE))
    page = min(query.page, pages)
    shown = chosen[(page - 1) * PAGE : page * PAGE]
    return Listing(chosen, shown, page, pages, added_up(session.totals for session in chosen))


def _has_call(home: Path, session: CatalogSession, wanted: CallFilter) -> bool:
    answer = session.meets(wanted)
    if answer is None:
        return bool(wanted.matching(Ledger(home).calls(session.session_id)))
    return answer
