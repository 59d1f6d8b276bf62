"""The page of names: what the sessions of each name come to, and over time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import TypeAlias

from flask import Blueprint, Response, abort, render_template, request

from sessiontap.sessions.names import NameDay, NameTotals, by_name
from sessiontap.views.numbers import counted, duration, money
from sessiontap.web.conditional import unless_known, version_of
from sessiontap.web.plots import Frame, Line, Tick, day_labels, days_between, line_of, scale_for
from sessiontap.web.source import Source

_FRAME = Frame(width=640, height=180, left=64)
_LABELS = 8
_Amounts: TypeAlias = tuple[float, float] | None


@dataclass(frozen=True, slots=True)
class OverTime:
    """p50 and p95 of something, day by day."""

    frame: Frame
    lines: tuple[Line, ...]
    rows: tuple[Tick, ...]
    labels: tuple[Tick, ...]


def name_pages(source: Source) -> Blueprint:
    """`/names`, and `/names/of?name=…` for one of them (without `name`: the sessions that have none)."""
    pages = Blueprint("names", __name__)

    def version() -> str:
        return version_of(source.looks.now().version)

    def found() -> list[NameTotals]:
        return by_name(session.totals for session in source.looks.now().look.sessions)

    @pages.get("/names")
    def names() -> Response:
        def render() -> str:
            return render_template("names.html", page="names", names=found())

        return unless_known(version, render, source.stopping)

    @pages.get("/names/of")
    def name() -> Response:
        wanted = request.args.get("name") or None

        def render() -> str:
            totals = next((each for each in found() if each.name == wanted), None)
            if totals is None:
                abort(404, "No session has that name.")
            return render_template(
                "name.html",
                page="names",
                found=totals,
                costs=_over_time(totals.days, _costs, _usd),
                durations=_over_time(totals.days, _durations, _ms),
            )

        return unless_known(version, render, source.stopping)

    return pages


def _over_time(
    days: tuple[NameDay, ...], of: Callable[[NameDay], _Amounts], shown: Callable[[float], str]
) -> OverTime | None:
    """None where there are fewer than two days to show."""
    known = {day.day: (amounts, day.sessions) for day in days if (amounts := of(day)) is not None}
    if len(known) < 2:  # noqa: PLR2004 -- one point is no line
        return None
    every_day = days_between(min(known), max(known))
    scale = scale_for(max(known[day][0][1] for day in every_day if day in known))
    lines = []
    for number, label in enumerate(("p50", "p95")):
        values = [known[day][0][number] if day in known else None for day in every_day]
        texts = [
            f"{day}: {label} {shown(known[day][0][number])}, {counted(known[day][1], 'session')}"
            if day in known
            else ""
            for day in every_day
        ]
        lines.append(line_of(_FRAME, scale, label, values, texts))
    return OverTime(
        _FRAME,
        tuple(lines),
        tuple(Tick(_FRAME.y(step / scale.top), shown(step)) for step in scale.steps),
        tuple(day_labels(_FRAME, every_day, _LABELS)),
    )


def _costs(day: NameDay) -> _Amounts:
    return None if day.cost is None else (float(day.cost.p50), float(day.cost.p95))


def _durations(day: NameDay) -> _Amounts:
    return None if day.duration is None else (day.duration.p50, day.duration.p95)


def _usd(amount: float) -> str:
    return money(Decimal(str(amount)))


def _ms(amount: float) -> str:
    return duration(round(amount))
