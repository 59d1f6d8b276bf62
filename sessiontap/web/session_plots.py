"""The plots of one session's statistics: latency by path, cost by model, how the context grew."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from sessiontap.sessions.statistics import ContextPoint, Slice, Statistics
from sessiontap.views.numbers import counted, duration, money, tokens
from sessiontap.web.plots import Frame, Line, Tick, line_of, scale_for
from sessiontap.web.shown import visible

_MOST_BARS = 12
_CONTEXT = Frame(width=1000, height=200, left=64)
_MOST_POINTS = 400


@dataclass(frozen=True, slots=True)
class Across:
    """A bar from left to right with its label before it and its amount behind; lengths in percent."""

    label: str
    amount: str
    length: float
    inner: float = 0.0
    """The length of a part that stands out."""


@dataclass(frozen=True, slots=True)
class ContextPlot:
    """Input tokens call by call, and the part that came from a cache."""

    frame: Frame
    lines: tuple[Line, ...]
    rows: tuple[Tick, ...]
    labels: tuple[Tick, ...]


def latency_by_path(found: Statistics) -> list[Across]:
    """p95 of each path, slowest first, with p50 standing out."""
    known = [(each, each.latency) for each in found.paths if each.latency is not None]
    known.sort(key=lambda pair: -pair[1].p95)
    longest = max((latency.p95 for _, latency in known), default=0) or 1
    return [
        Across(
            visible(each.name or "/", 120),
            f"{duration(latency.p50)} p50, {duration(latency.p95)} p95",
            round(100 * latency.p95 / longest, 2),
            round(100 * latency.p50 / longest, 2),
        )
        for each, latency in known[:_MOST_BARS]
    ]


def cost_by_model(found: Statistics) -> list[Across]:
    """The dearest first; what has no cost is left out."""
    known = [(each, each.totals.cost_usd) for each in found.models if each.totals.cost_usd]
    largest = max((cost for _, cost in known), default=Decimal(1))
    return [_cost(each, cost, largest) for each, cost in known[:_MOST_BARS]]


def _cost(each: Slice, cost: Decimal, largest: Decimal) -> Across:
    amount = f"{money(cost)}, {counted(each.totals.calls, 'call')}"
    return Across(visible(each.name or "-", 120), amount, round(float(100 * cost / largest), 2))


def context_plot(points: Sequence[ContextPoint]) -> ContextPlot | None:
    """None where there are fewer than two calls; of very many, every so manieth."""
    if len(points) < 2:  # noqa: PLR2004 -- one point is no line
        return None
    shown = points[:: -(-len(points) // _MOST_POINTS)]
    scale = scale_for(max(point.input_tokens for point in shown))
    series = (
        ("input", [point.input_tokens for point in shown]),
        ("from cache", [point.cache_read_input_tokens for point in shown]),
    )
    lines = [
        line_of(
            _CONTEXT,
            scale,
            label,
            values,
            [
                f"{visible(point.path, 80)}: {tokens(value)} {label}"
                for point, value in zip(shown, values, strict=True)
            ],
        )
        for label, values in series
        if any(value is not None for value in values)
    ]
    rows = tuple(Tick(_CONTEXT.y(step / scale.top), tokens(round(step))) for step in scale.steps)
    return ContextPlot(_CONTEXT, tuple(lines), rows, ())
