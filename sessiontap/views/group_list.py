"""Totals of calls by day, model, user, agent, name or property: a line each, with a bar of its cost."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.text import Text

from sessiontap.sessions.grouping import PROPERTY, Grouped
from sessiontap.views.bars import bar
from sessiontap.views.columns import Cell, Column, facts, fit
from sessiontap.views.numbers import UNKNOWN, cost, counted, share, tokens, tokens_in
from sessiontap.views.safe_text import safe

_BAR = 24


def group_list(
    groups: Sequence[Grouped],
    whole: Grouped,
    by: str,
    width: int,
    *,
    shown: int | None = None,
    ascii_only: bool = False,
) -> Iterator[Text]:
    """The lines in the order given; of more than `shown` groups the first (of days, the last).

    `whole` is of all of them: a call that billed several models is in several groups, and once there.
    """
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
        Column("", "left", most=_BAR, least=6 if days else None, gives_way=1 if days else 6),
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
    yield from facts(_totals(len(groups), whole), width)
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


def _totals(groups: int, whole: Grouped) -> list[Text]:
    """The last line."""
    totals = whole.totals
    parts: tuple[str, ...] = (
        counted(groups, "group"),
        counted(whole.sessions, "session"),
        counted(totals.calls, "call"),
        counted(totals.errors, "error"),
        tokens_in(totals.usage),
        f"{tokens(totals.usage.output_tokens)} out",
        cost(totals.cost_usd, totals.unpriced_calls),
    )
    if totals.estimated_calls:
        parts = (*parts, f"{totals.estimated_calls:,} estimated")
    return [Text(part, "bold") for part in parts]
