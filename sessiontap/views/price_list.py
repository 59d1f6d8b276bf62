"""The price table as a list: by provider, each model with its rates at a moment."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import NamedTuple

from rich.text import Text

from sessiontap.pricing.entry import Entry
from sessiontap.pricing.rates import Card
from sessiontap.pricing.terms import STANDARD
from sessiontap.views.columns import Cell, Column, fit
from sessiontap.views.numbers import counted
from sessiontap.views.price_words import extras, rate
from sessiontap.views.safe_text import safe

LISTED = ("input", "cache_read", "cache_write", "cache_write_1h", "output")
"""The classes that have a column."""

_COLUMNS = (
    Column("Model", "left", most=70, least=20),
    Column("Input"),
    Column("Cache read"),
    Column("Cache write"),
    Column("Write 1h", gives_way=1),
    Column("Output"),
    Column("Also", "left", most=60, gives_way=2),
)


class Row(NamedTuple):
    """A model and the entry that holds for it at the moment that was asked for."""

    provider: str
    model: str
    entry: Entry


def standard(entry: Entry) -> Card:
    """The rates of an entry for a short prompt, of the service tier of a call that names none."""
    card = entry.card(STANDARD, 0)
    assert card is not None, "every entry has its standard tier"
    return card


def price_list(rows: Sequence[Row], width: int) -> Iterator[Text]:
    """The lines, a block for each provider, in the order given; all blocks have the same columns."""
    layout = fit(_COLUMNS, [_cells(row) for row in rows], width)
    for number, (provider, group) in enumerate(groupby(rows, key=lambda row: row.provider)):
        of_provider = list(group)
        if number:
            yield Text()
        title = Text(safe(provider), "bold cyan", no_wrap=True)
        title.append(f" · {counted(len(of_provider), 'model')}", "not bold dim")
        yield title
        yield layout.heading()
        yield from (layout.line(_cells(row)) for row in of_provider)
    yield Text()
    providers = counted(len({row.provider for row in rows}), "provider")
    yield Text(f"{providers} · {counted(len(rows), 'model')} · USD per million tokens", "bold")


def _cells(row: Row) -> list[Cell]:
    card = standard(row.entry)
    return [safe(row.model), *(_rate(card, name) for name in LISTED), extras(row.entry.terms)]


def _rate(card: Card, token_class: str) -> Cell:
    """A rate that the class has from its parent stands back."""
    text = rate(card.rate(token_class))
    return text if token_class in card.rates else Text(text, "dim")
