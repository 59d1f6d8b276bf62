"""Metrics: how sessions are spread by calls, duration and cost, as Helicone's histograms show it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType

import msgspec

from sessiontap.web.helicone.asked import Percentile
from sessiontap.web.helicone.chosen import Chosen

BARS = 10

_SHARES: Mapping[Percentile, float] = MappingProxyType(
    {"p50": 0.5, "p75": 0.75, "p95": 0.95, "p99": 0.99, "p99.9": 0.999}
)


class Bar(msgspec.Struct, frozen=True):
    """How many sessions are in a range; both ends are numbers as text."""

    range_start: str
    range_end: str
    value: int


class Average(msgspec.Struct, frozen=True):
    """Of all sessions; null where there is none."""

    average: float | None


class Averages(msgspec.Struct, frozen=True):
    """A list of one each."""

    session_count: tuple[Average]
    session_duration: tuple[Average]
    session_cost: tuple[Average]


class Metrics(msgspec.Struct, frozen=True):
    """Calls a session, seconds from its first call's start to the last end, US dollars."""

    session_count: tuple[Bar, ...]
    session_duration: tuple[Bar, ...]
    session_cost: tuple[Bar, ...]
    average: Averages
    unpriced_sessions: int
    """Not Helicone's: how many sessions `session_cost` leaves out, since a call of theirs has no price."""


def metrics_of(sessions: Iterable[Chosen], percentile: Percentile, *, interquartile: bool) -> Metrics:
    """The metrics of the sessions; a session under way has no duration yet."""
    calls: list[float] = []
    seconds: list[float] = []
    costs: list[float] = []
    unpriced = 0
    for chosen in sessions:
        figures = chosen.figures()
        calls.append(figures.calls)
        if figures.seconds is not None:
            seconds.append(figures.seconds)
        if figures.billed:
            unpriced += 1
        else:
            costs.append(float(figures.cost_usd or 0))
    high = _SHARES[percentile]
    low = 1 - high if interquartile else 0.0
    return Metrics(
        session_count=histogram(calls, low, high),
        session_duration=histogram(seconds, low, high),
        session_cost=histogram(costs, low, high),
        average=Averages((_average(calls),), (_average(seconds),), (_average(costs),)),
        unpriced_sessions=unpriced,
    )


def histogram(amounts: Iterable[float], low: float, high: float) -> tuple[Bar, ...]:
    """The amounts between two quantiles in at most `BARS` bars of the same width; none for no amount."""
    ordered = sorted(amounts)
    if not ordered:
        return ()
    least, most = sorted((quantile(ordered, low), quantile(ordered, high)))
    within = [amount for amount in ordered if least <= amount <= most]
    if not within:
        return ()
    start, end = within[0], within[-1]
    if start == end:
        return (Bar(_number(start), _number(end), len(within)),)
    width = (end - start) / BARS
    counts = [0] * BARS
    for amount in within:
        counts[min(BARS - 1, int((amount - start) / width))] += 1
    edges = [*(start + width * number for number in range(BARS)), end]
    return tuple(
        Bar(_number(edges[number]), _number(edges[number + 1]), count)
        for number, count in enumerate(counts)
        if count
    )


def quantile(ordered: Sequence[float], share: float) -> float:
    """The amount that so large a share is not above, between two amounts in proportion."""
    place = share * (len(ordered) - 1)
    below = int(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (place - below)


def _average(amounts: Sequence[float]) -> Average:
    return Average(sum(amounts) / len(amounts) if amounts else None)


def _number(amount: float) -> str:
    return f"{amount:.12g}"
