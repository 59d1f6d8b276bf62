"""The timeline of a session as an SVG: places in percent across, in pixels down. Shapes only; no markup."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sessiontap.call import Call
from sessiontap.sessions.timeline import Axis, Lane, Span, timeline
from sessiontap.views.numbers import cost, duration, tokens
from sessiontap.web.shown import visible

LANE_A_CALL = 60
"""Up to so many calls each has a lane of its own, with its model beside it."""

DETAILED = 1500
"""Up to so many calls each has a link and a tooltip in the page itself; of more, a script fetches them."""

LANE = 20
TOP = 24
_BAR = 12
_LEAST = 0.12
_TICKS = 8


@dataclass(frozen=True, slots=True)
class GanttBar:
    """One call."""

    call: Call
    x: float
    width: float
    wait: float
    """The part until the first output."""
    y: int
    text: str


@dataclass(frozen=True, slots=True)
class GanttLane:
    """One line, with what stands beside it."""

    label: str
    title: str
    y: int


@dataclass(frozen=True, slots=True)
class Mark:
    """A moment, or a pause that is shorter than it was."""

    x: float
    width: float
    label: str


@dataclass(frozen=True, slots=True)
class Gantt:
    """The whole plot."""

    lanes: tuple[GanttLane, ...]
    bars: tuple[GanttBar, ...]
    ticks: tuple[Mark, ...]
    pauses: tuple[Mark, ...]
    height: int
    bar: int = _BAR
    detailed: bool = True


def gantt(calls: Sequence[Call], *, now_ms: int | None = None) -> Gantt | None:
    """The timeline of the calls; None where there is none."""
    apart = len(calls) <= LANE_A_CALL
    found = timeline(calls, now_ms=now_ms, lane_a_call=apart)
    if found is None:
        return None
    lanes: list[GanttLane] = []
    bars: list[GanttBar] = []
    before = ""
    for number, lane in enumerate(found.lanes):
        y = TOP + number * LANE
        lanes.append(_lane(lane, y, apart=apart, again=lane.path == before))
        bars += [_bar(span, found.axis, y) for span in lane.spans]
        before = lane.path
    pauses = tuple(
        Mark(
            round(100 * found.axis.at(pause.start), 3),
            round(100 * (found.axis.at(pause.end) - found.axis.at(pause.start)), 3),
            f"{duration(pause.end - pause.start)} without a call",
        )
        for pause in found.axis.pauses
    )
    return Gantt(
        tuple(lanes),
        tuple(bars),
        _ticks(found.axis),
        pauses,
        TOP + len(lanes) * LANE + 4,
        detailed=len(calls) <= DETAILED,
    )


def _ticks(axis: Axis) -> tuple[Mark, ...]:
    """Moments since the start; of those that read alike, such as seconds an hour later, the first."""
    labels: dict[str, int] = {}
    for moment in axis.ticks(_TICKS):
        labels.setdefault(f"+{duration(moment)}" if moment else "0", moment)
    return tuple(Mark(round(100 * axis.at(moment), 3), 0.0, label) for label, moment in labels.items())


def _lane(lane: Lane, y: int, *, apart: bool, again: bool) -> GanttLane:
    path = visible(lane.path, 200)
    if not apart:
        return GanttLane("" if again else path, path, y)
    call = lane.spans[0].call
    model = visible(call.model or call.operation, 80)
    return GanttLane(f"{lane.path.rpartition('/')[2] or '/'} · {model}", f"{path} · {model}", y)


def _bar(span: Span, axis: Axis, y: int) -> GanttBar:
    start, end = 100 * axis.at(span.start), 100 * axis.at(span.end)
    wait = 0.0 if span.first is None else 100 * axis.at(span.first) - start
    width = max(_LEAST, end - start)
    return GanttBar(
        span.call,
        round(min(start, 100 - width), 3),
        round(width, 3),
        round(min(wait, width), 3),
        y + (LANE - _BAR) // 2,
        text_of(span.call),
    )


def text_of(call: Call) -> str:
    """What a tooltip says of a call, in one line."""
    parts = [
        visible(call.session_path, 120),
        visible(call.model or call.operation, 80),
        call.status,
        duration(call.duration_ms),
        f"{duration(call.ttft_ms)} to the first token" if call.ttft_ms is not None else "",
        f"{tokens(call.usage.input_tokens)} in, {tokens(call.usage.output_tokens)} out",
        cost(call.cost_usd, int(call.unpriced)),
    ]
    return " · ".join(part for part in parts if part and part != "-")
