"""Grouped: what the calls of catalogued sessions come to by something, exact.

By a property all sessions' calls are read. By anything else the catalogue tells it; with a filter, the calls
of a session are read where only some of those that are alike there may meet it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import Decimal

from sessiontap.call import Call
from sessiontap.catalog.catalog import CatalogSession
from sessiontap.sessions.answers import narrowed
from sessiontap.sessions.filters import CallFilter
from sessiontap.sessions.fold import folded
from sessiontap.sessions.grouping import Grouping
from sessiontap.times import is_day

Costs = dict[str, Decimal]
"""USD by UTC day, `2026-11-23`."""

CallsOf = Callable[[str | None], list[Call]]
"""The calls of a session, by its id."""


def grouped(
    sessions: Iterable[CatalogSession], by: str, calls_of: CallsOf, wanted: CallFilter | None = None
) -> Grouping:
    """The calls of the sessions that meet the filter, in groups; `by` is as for `Grouping`."""
    wanted = wanted or CallFilter()
    unfiltered = wanted == CallFilter()
    grouping = Grouping(by)
    for session in sessions:
        totals = session.totals
        if session.meets(wanted) is False:
            continue
        if grouping.reads_calls:
            grouping.add_calls(wanted.matching(calls_of(session.session_id)))
        elif unfiltered and by == "name":
            grouping.add_alike(totals.name, totals)
        elif unfiltered and by == "day" and session.day is not None:
            grouping.add_alike(session.day, totals)
        else:
            fold = narrowed(session.fold(), wanted)
            if fold is None:
                fold = folded(wanted.matching(calls_of(session.session_id)))
            grouping.add(totals.name, fold)
    return grouping


def costs_by_day(sessions: Iterable[CatalogSession]) -> Costs:
    """What the calls of each day cost, as far as it is known; 0 where nothing of a day's is.

    For those who need no more of it than that: of sessions of one day not even the sums are looked into.
    """
    costs: Costs = {}
    for session in sessions:
        if session.day is not None:
            parts = [(session.day, session.totals.cost_usd)]
        else:
            parts = [(group.key.day, group.cost_usd) for group in session.fold().groups]
        for day, cost in parts:
            costs[day] = costs.get(day, Decimal(0)) + (cost or 0)
    return {day: cost for day, cost in costs.items() if is_day(day)}
