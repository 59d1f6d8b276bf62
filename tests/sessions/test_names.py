"""What the sessions of each name come to."""

from __future__ import annotations

from decimal import Decimal

from sessiontap.sessions.names import by_name
from sessiontap.sessions.rollup import SessionSummary, summarize
from sessiontap.sessions.spread import Spread
from tests.sessions.samples import make_call


def session(number: int, name: str | None, day: int, cost: str | None) -> SessionSummary:
    """A session of one call."""
    call = make_call(
        number,
        "/",
        session_id=f"s{number}",
        session_name=name,
        started_at=f"2026-11-{day:02}T10:00:00.000Z",
        ended_at=f"2026-11-{day:02}T10:00:0{number}.000Z",
        cost_usd=None if cost is None else Decimal(cost),
    )
    return summarize(f"s{number}", [call])


def test_by_name() -> None:
    """The name that was used last stands first; days are those on which its sessions began."""
    first, second = by_name(
        [session(1, "a", 1, "1"), session(2, None, 2, "5"), session(3, "a", 1, "3"), session(4, "a", 4, None)]
    )
    assert (first.name, second.name) == ("a", None)
    assert (first.sessions, first.totals.cost_usd, first.totals.unpriced_calls) == (3, Decimal(4), 1)
    assert first.cost == Spread(2, Decimal(1), Decimal(3), Decimal(3), Decimal(3))
    assert (first.first_at, first.last_at) == ("2026-11-01T10:00:00.000Z", "2026-11-04T10:00:00.000Z")
    assert [(day.day, day.sessions, day.cost_usd) for day in first.days] == [
        ("2026-11-01", 2, Decimal(4)),
        ("2026-11-04", 1, None),
    ]
    assert first.days[1].cost is None
    assert first.days[1].duration == Spread(1, 4000, 4000, 4000, 4000)


def test_no_sessions() -> None:
    """No names."""
    assert by_name([]) == []
