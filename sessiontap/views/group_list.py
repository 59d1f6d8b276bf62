"""Totals of calls by day, model, user, agent, name or property: a line each, with a bar of its cost."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.text import Text

from sessiontap.sessions.grouping import PROPERTY, Grouped
from sessiontap.sessions.tally import Tally, Totals
from sessiontap.views.bars import bar
from sessiontap.views.columns import Cell, Column, facts, fit
from sessiontap.views.numbers import UNKNOWN, cost, counted, share, tokens
from sessiontap.views.safe_text import safe

_BAR = 24


def group_list(
    groups: Sequence[Grouped], by: str, width: int, *, shown: int | None = None, ascii_only: bool = False
) -> Iterator[Text]:
    """The lines in the order given; of more than `shown` groups the first (of days, the last)."""
    what = safe(by.removeprefix(PROPERTY), 40)
    days = by == "day"
    columns = (
        Column(what.capitalize() if what == by else what, "left", most=60, least=None if days else 10),
        Column("Sessions", gives_way=4),
        Column("Calls"),
        Column("Errors", gives_way=3),
        Column("Input", gives_way=1),
        Column("Output", gives_way=1),
        Column("Cached", gives_way=5),
        Column("Cost"),
        Column("", "left", most=_BAR, least=6 if days else None, gives_way=6),
    )
    listed = groups if shown is None else groups[-shown:] if by == "day" else groups[:shown]
    most = max((each.totals.cost_usd for each in listed if each.totals.cost_usd), default=None)
    shares = [float((each.totals.cost_usd or 0) / most) if most else 0.0 for each in listed]
    figures = [_figures(each) for each in listed]
    layout = fit(columns, [[*row, "-" * _BAR] for row in figures], width)
    room = layout.widths[-1] or 0
    rows: list[list[Cell]] = [
        [*row, Text(bar(part, room, ascii_only=ascii_only), "blue")]
        for row, part in zip(figures, shares, strict=True)
    ]
    yield layout.heading()
    yield from map(layout.line, rows)
    yield Text()
    yield from facts(_totals(groups), width)
    if len(listed) < len(groups):
        yield Text(f"{len(groups) - len(listed):,} more not shown; --limit N shows them", "dim")


def _figures(group: Grouped) -> list[Cell]:
    totals = group.totals
    about = "~" if totals.estimated_calls else ""
    return [
        Text(safe(group.name) if group.name else UNKNOWN, "bold"),
        f"{group.sessions:,}",
        f"{totals.calls:,}",
        Text(f"{totals.errors:,}", "red" if totals.errors else ""),
        about + tokens(totals.usage.input_tokens),
        about + tokens(totals.usage.output_tokens),
        share(totals.usage.cache_read_input_tokens, totals.usage.input_tokens),
        Text(cost(totals.cost_usd, totals.unpriced_calls), "yellow" if totals.unpriced_calls else "green"),
    ]


def _totals(groups: Sequence[Grouped]) -> list[Text]:
    """The last line. Sessions are not added up: one may be in several groups."""
    whole = _added(each.totals for each in groups)
    parts = (
        counted(len(groups), "group"),
        counted(whole.calls, "call"),
        counted(whole.errors, "error"),
        f"{tokens(whole.usage.input_tokens)} in",
        f"{tokens(whole.usage.output_tokens)} out",
        cost(whole.cost_usd, whole.unpriced_calls),
    )
    return [Text(part, "bold") for part in parts]


def _added(totals: Iterator[Totals]) -> Totals:
    tally = Tally()
    for each in totals:
        tally.calls += each.calls
        tally.errors += each.errors
        tally.unpriced_calls += each.unpriced_calls
        tally.add_usage(each.usage)
        tally.add_cost(each.cost_usd, notional=False)
    return tally.totals()
