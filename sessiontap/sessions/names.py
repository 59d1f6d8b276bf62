"""Names: what the sessions of one name come to, in all and day by day. Pure folds over summaries.

A session counts under its name (the newest that is not empty), and on the UTC day on which it began.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Generic, TypeVar

import msgspec

from sessiontap.sessions.rollup import SessionSummary, added_up
from sessiontap.sessions.tally import Totals

N = TypeVar("N", int, Decimal)


class Middle(msgspec.Struct, Generic[N], frozen=True):
    """The middle and the upper end of some amounts, by nearest rank: each is one of the amounts."""

    p50: N
    p95: N


class NameDay(msgspec.Struct, frozen=True, kw_only=True):
    """The sessions of one name that began on one day."""

    day: str
    """`2026-11-23`."""
    sessions: int
    cost_usd: Decimal | None
    cost: Middle[Decimal] | None
    """Of the sessions whose cost is known."""
    duration: Middle[int] | None
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
    cost: Middle[Decimal] | None
    duration: Middle[int] | None
    days: tuple[NameDay, ...]
    """Those on which a session began, in order."""


def by_name(summaries: Iterable[SessionSummary]) -> list[NameTotals]:
    """What the sessions of each name come to, the name that was used last first."""
    named: dict[str | None, list[SessionSummary]] = {}
    for summary in summaries:
        named.setdefault(summary.name, []).append(summary)
    found = [_totals(name, sessions) for name, sessions in named.items()]
    return sorted(found, key=lambda each: each.last_at or "", reverse=True)


def middle(amounts: Sequence[N]) -> Middle[N] | None:
    """None where there is no amount."""
    if not amounts:
        return None
    ordered = sorted(amounts)
    return Middle(_rank(ordered, 50), _rank(ordered, 95))


def _rank(ordered: Sequence[N], percent: int) -> N:
    """The smallest amount that is not below so many percent of all."""
    return ordered[max(0, -(-len(ordered) * percent // 100) - 1)]


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


def _costs(sessions: Iterable[SessionSummary]) -> Middle[Decimal] | None:
    return middle([summary.cost_usd for summary in sessions if summary.cost_usd is not None])


def _durations(sessions: Iterable[SessionSummary]) -> Middle[int] | None:
    ended = (summary.duration_ms for summary in sessions if not summary.running)
    return middle([duration for duration in ended if duration is not None])
