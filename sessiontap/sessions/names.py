"""Names: what the sessions of one name come to, in all and day by day. Pure folds over summaries.

A session counts under its name (the newest that is not empty), and on the UTC day on which it began.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

import msgspec

from sessiontap.sessions.rollup import SessionSummary, added_up
from sessiontap.sessions.spread import Spread, spread
from sessiontap.sessions.tally import Totals


class NameDay(msgspec.Struct, frozen=True, kw_only=True):
    """The sessions of one name that began on one day."""

    day: str
    """`2026-11-23`."""
    sessions: int
    cost_usd: Decimal | None
    cost: Spread[Decimal] | None
    """Of the sessions whose cost is known."""
    duration: Spread[int] | None
    """Milliseconds of wall time, of the sessions that have ended."""


class NameTotals(msgspec.Struct, frozen=True, kw_only=True):
    """The sessions of one name."""

    name: str | None
    """None: the sessions that have no name."""
    sessions: int
    totals: Totals
    first_at: str | None
    """When the first of them began."""
    last_at: str | None
    """When the last of them began."""
    cost: Spread[Decimal] | None
    duration: Spread[int] | None
    days: tuple[NameDay, ...]
    """Those on which a session began, in order."""


def by_name(summaries: Iterable[SessionSummary]) -> list[NameTotals]:
    """What the sessions of each name come to, the name that was used last first."""
    named: dict[str | None, list[SessionSummary]] = {}
    for summary in summaries:
        named.setdefault(summary.name, []).append(summary)
    found = [_totals(name, sessions) for name, sessions in named.items()]
    return sorted(found, key=lambda each: each.last_at or "", reverse=True)


def _totals(name: str | None, sessions: list[SessionSummary]) -> NameTotals:
    starts = [summary.started_at for summary in sessions if summary.started_at is not None]
    days: dict[str, list[SessionSummary]] = {}
    for summary in sessions:
        if summary.started_at is not None:
            days.setdefault(summary.started_at[:10], []).append(summary)
    return NameTotals(
        name=name,
        sessions=len(sessions),
        totals=added_up(sessions),
        first_at=min(starts, default=None),
        last_at=max(starts, default=None),
        cost=_costs(sessions),
        duration=_durations(sessions),
        days=tuple(
            NameDay(
                day=day,
                sessions=len(of_day),
                cost_usd=added_up(of_day).cost_usd,
                cost=_costs(of_day),
                duration=_durations(of_day),
            )
            for day, of_day in sorted(days.items())
        ),
    )


def _costs(sessions: Iterable[SessionSummary]) -> Spread[Decimal] | None:
    return spread(summary.cost_usd for summary in sessions)


def _durations(sessions: Iterable[SessionSummary]) -> Spread[int] | None:
    return spread(summary.duration_ms for summary in sessions if not summary.running)
