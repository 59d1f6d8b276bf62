"""The Gantt of a session: a line a call, or, of many, a line a path and what ran beside it; to scale.

The part of a call until its first output is drawn lighter. A pause that the axis makes short is a gap.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rich.cells import cell_len
from rich.text import Text

from sessiontap.call import Call
from sessiontap.sessions.timeline import Axis, Lane, Span, timeline
from sessiontap.views.numbers import counted, duration
from sessiontap.views.safe_text import safe

LANE_A_CALL = 100
"""Up to so many calls each has a line of its own."""

_LEAST_PLOT = 20
_MOST_LABEL = 44
_TIME = 8
_TICK_EVERY = 12


@dataclass(frozen=True, slots=True)
class _Signs:
    wait: str
    output: str
    point: str
    pause: str


_DRAWN = _Signs("░", "█", "▏", "┊")
_ASCII = _Signs(".", "#", "|", ":")


def session_timeline(
    calls: Sequence[Call], width: int, *, now_ms: int | None = None, ascii_only: bool = False
) -> Iterator[Text]:
    """The lines; none where there is no call."""
    apart = len(calls) <= LANE_A_CALL
    drawn = timeline(calls, now_ms=now_ms, lane_a_call=apart)
    if drawn is None:
        return
    signs = _ASCII if ascii_only else _DRAWN
    labels = [_label(lane, apart=apart) for lane in drawn.lanes]
    room = min(_MOST_LABEL, max(8, width // 3), max(map(cell_len, labels)))
    plot = max(_LEAST_PLOT, width - room - 2 - (_TIME + 1 if apart else 0))
    yield _scale(drawn.axis, room, plot)
    before = ""
    for lane, label in zip(drawn.lanes, labels, strict=True):
        shown = Text("" if not apart and lane.path == before else label, no_wrap=True)
        shown.truncate(room, overflow="ellipsis", pad=True)
        line = shown + Text("  ") + _bars(lane.spans, drawn.axis, plot, signs)
        if apart:
            line.append(f" {duration(lane.spans[0].call.duration_ms):>{_TIME}}", "dim")
        line.truncate(width)
        before = lane.path
        yield line
    for pause in drawn.axis.pauses[:3]:
        yield Text(f"{signs.pause} {duration(pause.end - pause.start)} without a call, made short", "dim")
    if len(drawn.axis.pauses) > 3:  # noqa: PLR2004 -- as above
        yield Text(f"{signs.pause} and {counted(len(drawn.axis.pauses) - 3, 'more pause')}", "dim")


def _label(lane: Lane, *, apart: bool) -> str:
    if not apart:
        return safe(lane.path, 200)
    call = lane.spans[0].call
    return f"{safe(lane.path.rpartition('/')[2] or '/', 80)} {safe(call.model or call.operation, 80)}"


def _scale(axis: Axis, room: int, plot: int) -> Text:
    """Moments since the start, as many as have room."""
    cells = [" "] * plot
    written, last = 0, ""
    for moment in axis.ticks(max(2, plot // _TICK_EVERY)):
        at = min(plot - 1, int(axis.at(moment) * plot))
        text = f"|{duration(moment)}" if moment else "|0"
        if text == last:
            continue  # an hour later, seconds are not told
        if at >= written and at + len(text) <= plot:
            cells[at : at + len(text)] = text
            written, last = at + len(text) + 1, text
    return Text(" " * (room + 2) + "".join(cells).rstrip(), "dim", no_wrap=True)


def _bars(spans: Sequence[Span], axis: Axis, plot: int, signs: _Signs) -> Text:
    line = Text(" " * plot, no_wrap=True)
    cells = [" "] * plot
    styles = [""] * plot
    for pause in axis.pauses:
        at = min(plot - 1, int((axis.at(pause.start) + axis.at(pause.end)) / 2 * plot))
        cells[at], styles[at] = signs.pause, "dim"
    for span in spans:
        start = min(plot - 1, int(axis.at(span.start) * plot))
        end = min(plot, max(start + 1, round(axis.at(span.end) * plot)))
        first = start if span.first is None else min(end, round(axis.at(span.first) * plot))
        for at in range(start, end):
            cells[at] = signs.wait if at < first else signs.output
            styles[at] = _COLOURS.get(span.call.status, "blue")
        if end - start == 1:
            cells[start] = signs.point if span.end - span.start < axis.length / plot / 2 else cells[start]
    line = Text(no_wrap=True)
    for cell, style in zip(cells, styles, strict=True):
        line.append(cell, style)
    return line


_COLOURS = {"error": "red", "running": "green", "cancelled": "yellow", "interrupted": "yellow"}
