"""A session's timeline and statistics as JSON: what `show --timeline --stats --json` prints."""

from __future__ import annotations

import msgspec

from sessiontap.export.record import json_of
from sessiontap.sessions.rollup import SessionSummary, encode_summary
from sessiontap.sessions.statistics import Statistics
from sessiontap.sessions.timeline import Span, Timeline


def timeline_figures(drawn: Timeline) -> dict[str, object]:
    """The calls by path and lane; `pauses` are those that a drawing makes short.

    All are milliseconds since the first start. `first_ms` is null where it is not known when output began.
    """
    return {
        "length_ms": drawn.axis.length,
        "pauses": [{"start_ms": pause.start, "end_ms": pause.end} for pause in drawn.axis.pauses],
        "lanes": [{"path": lane.path, "calls": list(map(_figures, lane.spans))} for lane in drawn.lanes],
    }


def figures_json(summary: SessionSummary, drawn: Timeline | None, stats: Statistics | None) -> bytes:
    """`{"session": …, "timeline": …, "stats": …}` with those that are given, without the line end."""
    parts: dict[str, object] = {"session": msgspec.Raw(encode_summary(summary))}
    if drawn is not None:
        parts["timeline"] = timeline_figures(drawn)
    if stats is not None:
        parts["stats"] = stats
    return json_of(parts)


def _figures(span: Span) -> dict[str, object]:
    return {
        "call_id": span.call.call_id,
        "status": span.call.status,
        "start_ms": span.start,
        "first_ms": span.first,
        "end_ms": span.end,
    }
