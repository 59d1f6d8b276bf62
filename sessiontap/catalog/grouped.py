"""Grouped: what the calls of catalogued sessions come to by something, exact.

By a property all sessions' calls are read. By anything else the catalogue tells it; with a filter, the calls
of a session are read where only some of those that are alike there may meet it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from sessiontap.call import Call
from sessiontap.catalog.catalog import CatalogSession
from sessiontap.sessions.answers import narrowed
from sessiontap.sessions.filters import CallFilter
from sessiontap.sessions.fold import folded
from sessiontap.sessions.grouping import Grouping

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
