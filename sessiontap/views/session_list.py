"""The list of sessions: one line each where the terminal is wide, two where it is not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from types import MappingProxyType

from rich.text import Text

from sessiontap.sessions.rollup import SessionSummary, added_up
from sessiontap.times import days_from
from sessiontap.views.bars import columns
from sessiontap.views.columns import Cell, Column, Layout, facts, fit
from sessiontap.views.numbers import UNKNOWN, cost, counted, duration, moment, money, share, tokens, tokens_in
from sessiontap.views.safe_text import safe

NO_SESSION = "unassigned"
"""The name by which the store finds the calls that belong to no session."""

_WIDE = (
    Column("Session", "left", most=60, least=20),
    Column("ID", "left"),
    Column("Agent", "left", most=30),
    Column("Started (UTC)", "left"),
    Column("Time"),
    Column("Calls"),
    Column("Errors"),
    Column("Input"),
    Column("Output"),
    Column("Cached"),
    Column("Cost"),
)
_NARROW = (
    Column("Session", "left", most=60, least=16),
    Column("UTC", "left", gives_way=3),
    Column("Time", gives_way=1),
    Column("Calls"),
    Column("Err", gives_way=2),
    Column("Input"),
    Column("Output"),
    Column("Cached", gives_way=4),
    Column("Cost"),
)
_LEAST_DAYS = 2
_MOST_DAYS = 400


def title(summary: SessionSummary) -> str:
    """The session's name, else its id, made safe for a terminal."""
    return safe(summary.name or summary.session_id or NO_SESSION)


def session_list(
    summaries: Sequence[SessionSummary],
    width: int,
    *,
    shown: int | None = None,
    costs: Mapping[str, Decimal] = MappingProxyType({}),
    ascii_only: bool = False,
) -> Iterator[Text]:
    """The lines of the list in the order given, with a line of totals.

    Of more than `shown` sessions only the first are listed; the totals are of all of them, and the last line
    says how many more there are. `costs` are what the calls of each day cost: of several, a column a day
    follows.
    """
    if not summaries:
        yield Text("No sessions.")
        return
    listed = summaries[:shown]
    rows = [_wide(summary) for summary in listed]
    layout = fit(_WIDE, rows, width)
    if layout.fits:
        yield layout.heading()
        yield from map(layout.line, rows)
    else:
        yield from _two_lines(listed, width)
    yield Text()
    yield from _totals(summaries, width)
    yield from _days(costs, width, ascii_only=ascii_only)
    if len(listed) < len(summaries):
        yield Text(f"{len(summaries) - len(listed):,} more not shown; --all or --limit N shows them", "dim")


def _wide(summary: SessionSummary) -> list[Cell]:
    return [
        Text(safe(summary.name) if summary.name else UNKNOWN, "bold"),
        safe(summary.session_id or NO_SESSION),
        _agents(summary),
        moment(summary.started_at, "%Y-%m-%d %H:%M"),
        *_figures(summary),
        _cost(summary),
    ]


def _two_lines(summaries: Sequence[SessionSummary], width: int) -> Iterator[Text]:
    """Figures on the first line; id, agent and what has no price on the second."""
    rows: list[list[Cell]] = [
        [
            Text(title(summary), "bold"),
            moment(summary.started_at, "%m-%d %H:%M"),
            *_figures(summary),
            money(summary.cost_usd),
        ]
        for summary in summaries
    ]
    layout: Layout = fit(_NARROW, rows, width)
    yield layout.heading()
    for summary, row in zip(summaries, rows, strict=True):
        line = layout.line(row)
        yield line
        # Below, unless it is the title and stands there whole.
        needed = summary.name or "…" in line.plain
        session_id = safe(summary.session_id) if summary.session_id and needed else ""
        notes = [note for note in (session_id, _agents(summary)) if note not in {"", UNKNOWN}]
        sign = "+" if summary.cost_usd is not None else ""
        unpriced = Text(
            f"{sign}{summary.unpriced_calls:,} unpriced" if summary.unpriced_calls else "", "yellow"
        )
        below = Text("  " + " · ".join(notes), "dim", no_wrap=True)
        below.truncate(min(width, _width(layout)) - unpriced.cell_len - 2, overflow="ellipsis")
        if unpriced:
            below.append(" " * (_width(layout) - below.cell_len - unpriced.cell_len))
            below.append_text(unpriced)
        if notes or unpriced:
            yield below


def _width(layout: Layout) -> int:
    return layout.heading().cell_len


def _figures(summary: SessionSummary) -> list[Cell]:
    about = "~" if summary.estimated_calls else ""
    return [
        "running" if summary.running and summary.ended_at is None else duration(summary.duration_ms),
        f"{summary.calls:,}",
        Text(f"{summary.errors:,}", "red" if summary.errors else ""),
        about + tokens(summary.usage.input_tokens),
        about + tokens(summary.usage.output_tokens),
        share(summary.usage.cache_read_input_tokens, summary.usage.input_tokens),
    ]


def _agents(summary: SessionSummary) -> str:
    return ", ".join(safe(agent, 100) for agent in summary.agents[:5]) or UNKNOWN


def _cost(summary: SessionSummary) -> Text:
    return Text(
        cost(summary.cost_usd, summary.unpriced_calls), "yellow" if summary.unpriced_calls else "green"
    )


def _days(costs: Mapping[str, Decimal], width: int, *, ascii_only: bool) -> Iterator[Text]:
    """`cost a day  ▁▃█  2026-11-01 to 2026-11-03, at most $1.20`."""
    most = max(costs.values(), default=Decimal(0))
    if len(costs) < _LEAST_DAYS or not most:
        return
    label, room = "cost a day  ", max(10, width - 62)
    days = days_from(min(costs), max(costs))[-min(room, _MOST_DAYS) :]
    drawn = columns([float(costs.get(day, Decimal(0)) / most) for day in days], ascii_only=ascii_only)
    about = f"  {days[0]} to {days[-1]}, at most {money(most)}"
    yield Text(label, "dim", no_wrap=True).append(drawn, "not dim blue").append(about)


def _totals(summaries: Sequence[SessionSummary], width: int) -> Iterator[Text]:
    whole = added_up(summaries)
    usage = whole.usage
    parts: tuple[str, ...] = (
        counted(len(summaries), "session"),
        counted(whole.calls, "call"),
        counted(whole.errors, "error"),
        tokens_in(usage),
        f"{tokens(usage.output_tokens)} out",
        cost(whole.cost_usd, whole.unpriced_calls),
    )
    if whole.estimated_calls:
        parts = (*parts, f"{whole.estimated_calls:,} estimated")
    return facts([Text(part, "bold") for part in parts], width)
