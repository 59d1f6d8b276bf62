"""Trace Event Format, which Perfetto (https://ui.perfetto.dev) and chrome://tracing open.

A session is a process, and each path has a thread, or several where its calls overlap: viewers draw events of
one thread only where they nest. A call is a complete event (`ph` X), the time until its first output an event
within it. Times are microseconds since the first call of all; a call under way lasts until now.
https://docs.google.com/document/d/1CvAClvFfyA5R-PhYUmn5OOQtYMH4h6I0nSsKchNAySU
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import count

import msgspec

from sessiontap.call import Call
from sessiontap.export.document import WholeSession
from sessiontap.sessions.timeline import Span, moment_of, timeline

_encoder = msgspec.json.Encoder(decimal_format="number")
# Names that the viewers have a colour for.
_COLOURS = {"error": "terrible", "running": "good", "cancelled": "bad", "interrupted": "bad"}


def chrome_trace(sessions: Iterator[WholeSession], *, now_ms: int | None = None) -> Iterator[bytes]:
    """`{"displayTimeUnit": "ms", "traceEvents": [...]}`, an event a line.

    `now_ms` is where calls under way end, in epoch milliseconds; without it the last thing that is known.
    """
    found = list(sessions)
    origin = _begin(call for session in found for call in session.calls)
    yield b'{"displayTimeUnit":"ms","traceEvents":[\n'
    before = b""
    # No thread has the number of another one, or of a process: Perfetto takes such a one for its main thread.
    threads = count(len(found) + 1)
    for number, session in enumerate(found, start=1):
        for event in _events(session, number, threads, origin, now_ms):
            yield before + _encoder.encode(event)
            before = b",\n"
    yield b"\n]}\n"


def _events(
    session: WholeSession, pid: int, threads: Iterator[int], origin: int, now_ms: int | None
) -> Iterator[dict[str, object]]:
    yield _named("process_name", pid, 0, session.title)
    yield {"ph": "M", "name": "process_sort_index", "pid": pid, "tid": 0, "args": {"sort_index": pid}}
    drawn = timeline(session.calls, now_ms=now_ms)
    if drawn is None:
        return
    begin = _begin(session.calls) - origin
    for lane, tid in zip(drawn.lanes, threads, strict=False):
        yield _named("thread_name", pid, tid, lane.path)
        yield {"ph": "M", "name": "thread_sort_index", "pid": pid, "tid": tid, "args": {"sort_index": tid}}
        for span in lane.spans:
            yield from _call(span, begin, {"pid": pid, "tid": tid})


def _begin(calls: Iterable[Call]) -> int:
    """When the first starts, in epoch milliseconds. One whose start is no time has no place."""
    moments = (moment_of(call.started_at) for call in calls)
    return min((moment for moment in moments if moment is not None), default=0)


def _call(span: Span, begin: int, place: dict[str, int]) -> Iterator[dict[str, object]]:
    call, start = span.call, (begin + span.start) * 1000
    event: dict[str, object] = {
        "ph": "X",
        "name": call.model or call.operation,
        "cat": f"call,{call.status}",
        "ts": start,
        "dur": (span.end - span.start) * 1000,
        **place,
        "args": _about(call),
    }
    if call.status in _COLOURS:
        event["cname"] = _COLOURS[call.status]
    yield event
    if span.first is not None and span.first > span.start:
        wait = (span.first - span.start) * 1000
        yield {"ph": "X", "name": "until the first output", "cat": "wait", "ts": start, "dur": wait, **place}


def _about(call: Call) -> dict[str, object]:
    """What the viewer shows of a call; nothing that was said in it."""
    about: dict[str, object] = {
        "call_id": call.call_id,
        "path": call.session_path,
        "status": call.status,
        "provider": call.provider,
        "request_model": call.request_model,
        "http_status": call.http_status,
        "error_type": call.error_type,
        "attempt": call.attempt,
        "ttft_ms": call.ttft_ms,
        "duration_ms": call.duration_ms,
        **call.usage.known(),
        "cost_usd": call.cost_usd,
        "unpriced": True if call.unpriced else None,
        "finish_reasons": list(call.finish_reasons) or None,
        "tools": list(call.tools) or None,
    }
    return {name: value for name, value in about.items() if value is not None}


def _named(kind: str, pid: int, tid: int, name: str) -> dict[str, object]:
    return {"ph": "M", "name": kind, "pid": pid, "tid": tid, "args": {"name": name}}
