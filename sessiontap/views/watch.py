"""What is under way, as a screen that is drawn anew each moment, and as a line a call for a log."""

from __future__ import annotations

from collections.abc import Iterator

from rich.text import Text

from sessiontap.call import Call
from sessiontap.catalog import CallEvent, Watched
from sessiontap.sessions.rollup import SessionSummary
from sessiontap.times import epoch_ms
from sessiontap.views.columns import Cell, Column, facts, fit
from sessiontap.views.numbers import cost, counted, duration, moment, share, tokens
from sessiontap.views.safe_text import safe
from sessiontap.views.session_list import title

_SESSIONS = (
    Column("Session", "left", most=50, least=16),
    Column("Calls"),
    Column("Running", gives_way=1),
    Column("Errors", gives_way=2),
    Column("Input"),
    Column("Output"),
    Column("Cached", gives_way=4),
    Column("Cost"),
    Column("Last", gives_way=3),
)
_RUNNING = (
    Column("Running", "left", most=40, least=12),
    Column("Session", "left", most=30, gives_way=2),
    Column("Model", "left", most=40, gives_way=1),
    Column("For"),
)
_HEAD_LINES = 3
_LEAST_ROWS = 3


def watch_screen(watched: Watched, width: int, height: int) -> list[Text]:
    """The lines, not more than the screen has; what has no room is counted."""
    lines = list(_head(watched, width))
    room = max(_LEAST_ROWS, height - len(lines) - _HEAD_LINES)
    errors = list(_errors(watched, width))
    room_for_running = max(_LEAST_ROWS, room // 3)
    running = list(_running(watched, width, room_for_running))
    errors = errors[: max(_LEAST_ROWS, room // 4)]
    sessions = list(_sessions(watched, width, max(_LEAST_ROWS, room - len(running) - len(errors))))
    for part in (sessions, running, errors):
        if part:
            lines += [Text(), *part]
    lines = lines[: height - 1]
    lines += [Text()] * (height - 1 - len(lines))
    lines.append(Text("q leaves", "dim"))
    for line in lines:
        line.truncate(width, overflow="ellipsis")
    return lines


def _head(watched: Watched, width: int) -> Iterator[Text]:
    running = len(watched.running)
    parts = [
        Text(f"{counted(len(watched.sessions), 'session')} in progress", "bold"),
        Text(f"{counted(running, 'call')} running", "bold green" if running else "bold"),
        Text(f"{cost(watched.totals.cost_usd, watched.totals.unpriced_calls)} so far", "bold"),
        Text(f"today {_today(watched)}"),
        Text(f"{_clock(watched.now_ms)} UTC", "dim"),
    ]
    return facts(parts, width)


def _today(watched: Watched) -> str:
    today = watched.today
    return f"{counted(today.calls, 'call')}, {cost(today.cost_usd, today.unpriced_calls)}"


def _sessions(watched: Watched, width: int, most: int) -> Iterator[Text]:
    if not watched.sessions:
        yield Text("Nothing in progress. A session shows up here as soon as its first call begins.", "dim")
        return
    rows = [_session(summary, watched.now_ms) for summary in watched.sessions[:most]]
    layout = fit(_SESSIONS, rows, width)
    yield layout.heading()
    yield from map(layout.line, rows)
    if len(watched.sessions) > most:
        yield Text(f"and {len(watched.sessions) - most:,} more", "dim")


def _session(summary: SessionSummary, now_ms: int) -> list[Cell]:
    usage = summary.usage
    last = max(summary.ended_at or "", summary.started_at or "")
    return [
        Text(title(summary), "bold"),
        f"{summary.calls:,}",
        Text(f"{summary.running:,}", "green" if summary.running else ""),
        Text(f"{summary.errors:,}", "red" if summary.errors else ""),
        tokens(usage.input_tokens),
        tokens(usage.output_tokens),
        share(usage.cache_read_input_tokens, usage.input_tokens),
        Text(cost(summary.cost_usd, summary.unpriced_calls), "yellow" if summary.unpriced_calls else "green"),
        "now" if summary.running else f"{_since(last, now_ms)} ago",
    ]


def _running(watched: Watched, width: int, most: int) -> Iterator[Text]:
    if not watched.running:
        return
    rows: list[list[Cell]] = [
        [
            safe(call.session_path, 100),
            safe(call.session_name or call.session_id or "-", 100),
            Text(safe(call.model or call.operation, 100), "cyan"),
            _since(call.started_at, watched.now_ms),
        ]
        for call in watched.running[:most]
    ]
    layout = fit(_RUNNING, rows, width)
    yield layout.heading()
    yield from map(layout.line, rows)
    if len(watched.running) > most:
        yield Text(f"and {len(watched.running) - most:,} more", "dim")


def _errors(watched: Watched, width: int) -> Iterator[Text]:
    if not watched.errors:
        return
    yield Text("Last errors", "bold")
    for call in watched.errors:
        line = Text(f"{moment(call.ended_at or call.started_at, '%H:%M:%S')}  ", "dim", no_wrap=True)
        line.append(safe(call.session_path, 60), "not dim").append("  ").append(_error(call), "not dim red")
        line.truncate(width, overflow="ellipsis")
        yield line


def event_line(event: CallEvent) -> Text:
    """`20:00:02 ended  triage ticket 4711  /triage  gpt-5-mini  ok 2.3 s  1,234 in 56 out  $0.000123`."""
    call = event.call
    stamp = call.started_at if event.kind == "began" else call.ended_at or call.started_at
    line = Text(f"{moment(stamp, '%H:%M:%S')} {event.kind}  ", no_wrap=True)
    line.append(safe(call.session_name or call.session_id or "-", 80), "bold")
    line.append(f"  {safe(call.session_path, 200)}  {safe(call.model or call.operation, 100)}")
    if event.kind == "began":
        return line
    usage = call.usage
    line.append(f"  {call.status} {duration(call.duration_ms)}", _COLOURS.get(call.status, ""))
    line.append(f"  {tokens(usage.input_tokens)} in {tokens(usage.output_tokens)} out")
    line.append(f"  {cost(call.cost_usd, int(call.unpriced))}")
    if call.status not in {"ok", "running"} and (said := _error(call)):
        line.append(f"  {said}", _COLOURS.get(call.status, ""))
    return line


_COLOURS = {"error": "red", "cancelled": "yellow", "interrupted": "yellow"}


def _error(call: Call) -> str:
    kind = " ".join(filter(None, (str(call.http_status or ""), safe(call.error_type or "", 100))))
    return ": ".join(filter(None, (kind, safe(call.error_message or "", 300))))


def _since(stamp: str, now_ms: int) -> str:
    """How long ago, in whole seconds, so that it does not dance."""
    try:
        ago = max(0, now_ms - epoch_ms(stamp)) // 1000
    except ValueError:
        return "-"
    return f"{ago} s" if ago < 60 else duration(ago * 1000)  # noqa: PLR2004 -- a minute


def _clock(now_ms: int) -> str:
    return f"{now_ms // 3_600_000 % 24:02}:{now_ms // 60_000 % 60:02}:{now_ms // 1000 % 60:02}"
