"""The cost of each day as bars, each of which leads to the sessions of its day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from sessiontap.catalog import CatalogSession, costs_by_day
from sessiontap.views.numbers import money
from sessiontap.web.plots import Bar, Frame, Scale, Tick, day_labels, days_between, place_in, scale_for
from sessiontap.web.query import ListQuery

_FRAME = Frame(width=1000, height=140)
_GAP = 0.18
# So many labels have room below the bars.
_LABELS = 12


@dataclass(frozen=True, slots=True)
class DayPlot:
    """The bars, and the same as rows for a table."""

    frame: Frame
    bars: tuple[Bar, ...]
    rows: tuple[Tick, ...]
    """The grid's lines, with amounts."""
    labels: tuple[Tick, ...]
    """Some of the days, below."""


def day_plot(sessions: Sequence[CatalogSession], query: ListQuery) -> DayPlot | None:
    """What the sessions' calls of each day cost; None where there are fewer than two days to show."""
    costs = costs_by_day(sessions)
    if len(costs) < 2:  # noqa: PLR2004 -- one bar says nothing
        return None
    days = days_between(min(costs), max(costs))
    scale = scale_for(float(max(costs.get(day, Decimal(0)) for day in days)))
    return DayPlot(
        _FRAME,
        tuple(
            _bar(
                scale,
                place_in(_FRAME, len(days), number),
                day,
                costs.get(day, Decimal(0)),
                there=day in costs,
                query=query,
            )
            for number, day in enumerate(days)
        ),
        tuple(Tick(_FRAME.y(step / scale.top), money(Decimal(str(step)))) for step in scale.steps),
        tuple(day_labels(_FRAME, days, _LABELS)),
    )


def _bar(
    scale: Scale, slot: tuple[float, float], day: str, cost: Decimal, *, there: bool, query: ListQuery
) -> Bar:
    begin, width = slot
    top = _FRAME.y(float(cost) / scale.top)
    return Bar(
        label=day,
        text=f"{day}: {money(cost)}",
        x=round(begin + width * _GAP / 2, 2),
        y=top,
        width=round(width * (1 - _GAP), 2),
        height=round(_FRAME.base - top, 2),
        href=query.address(since=day, until=_day_after(day)) if there else "",
    )


def _day_after(day: str) -> str:
    """Midnight at its end; nothing for the last day that there is, which only a wrong clock knows."""
    try:
        return (date.fromisoformat(day) + timedelta(days=1)).isoformat()
    except OverflowError:
        return ""
