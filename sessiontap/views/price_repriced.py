"""What pricing calls again came to: the models whose cost changed, the totals, and what stays unpriced."""

from __future__ import annotations

from collections.abc import Iterator

from rich.text import Text

from sessiontap.sessions.repricing import Repriced, Sum
from sessiontap.views.columns import Cell, Column, facts, fit
from sessiontap.views.numbers import UNKNOWN, cost, counted
from sessiontap.views.price_gaps import price_gaps
from sessiontap.views.safe_text import safe

_COLUMNS = (
    Column("Model", "left", most=70, least=16),
    Column("Provider", "left", most=24, gives_way=1),
    Column("Calls"),
    Column("Before"),
    Column("After"),
)


def price_repriced(repriced: Repriced, width: int) -> Iterator[Text]:
    """The lines."""
    rows: list[list[Cell]] = [
        [
            safe(row.model) if row.model else UNKNOWN,
            safe(row.provider),
            f"{row.calls:,}",
            _cost(row.before),
            _cost(row.after),
        ]
        for row in repriced.models
    ]
    rows.append(
        [
            Text("All calls looked at", "bold"),
            "",
            f"{repriced.calls:,}",
            _cost(repriced.before),
            _cost(repriced.after),
        ]
    )
    layout = fit(_COLUMNS, rows, width)
    yield layout.heading()
    yield from map(layout.line, rows)
    if repriced.unpriced:
        yield Text()
        yield Text("Without a price:", "bold")
        yield from price_gaps(repriced.unpriced, width)
    yield Text()
    yield from facts([Text(part, "bold") for part in _parts(repriced)], width)


def _parts(repriced: Repriced) -> Iterator[str]:
    yield f"{counted(repriced.priced, 'call')} got a price"
    yield f"{repriced.changed:,} changed"
    if repriced.lost:
        yield f"{repriced.lost:,} lost theirs"
    yield f"{repriced.after.unpriced_calls:,} unpriced"
    if repriced.stated:
        yield f"{repriced.stated:,} as their provider states"


def _cost(of: Sum) -> Text:
    return Text(cost(of.cost_usd, of.unpriced_calls), "yellow" if of.unpriced_calls else "")
