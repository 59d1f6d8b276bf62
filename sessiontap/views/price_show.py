"""A model's price in full: who knows it and by which name, every rate, and what changes them."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from rich.text import Text

from sessiontap.pricing.entry import Entry
from sessiontap.pricing.rates import CLASSES, Card
from sessiontap.pricing.table import Match
from sessiontap.views.columns import Cell, Column, fit
from sessiontap.views.price_words import above, change, days, parents, rate, tool, window
from sessiontap.views.safe_text import safe

_NAME = 11
"""The width of what a fact is called, and the gap behind it."""
_MOST_COLUMNS = 40


class Known(NamedTuple):
    """A model of the table, and which providers know the name that was asked for as it."""

    match: Match
    asked: tuple[tuple[str, Match], ...]
    """Provider and its match; all of them are of the same model."""

    def entry(self, at_ms: int) -> Entry | None:
        """The entry that holds at a moment, in milliseconds since the epoch."""
        return next((entry for entry in self.match.entries if entry.holds(at_ms)), None)


def price_show(known: Sequence[Known], at_ms: int, width: int) -> Iterator[Text]:
    """The lines, a block a model."""
    for number, each in enumerate(known):
        if number:
            yield Text()
        yield from _block(each, at_ms, width)


def _block(known: Known, at_ms: int, width: int) -> Iterator[Text]:
    entry = known.entry(at_ms)
    yield Text(safe(f"{known.match.provider}/{known.match.model}"), "bold cyan")
    for name, text in _head(known, entry):
        yield from _fact(name, text, width)
    if entry is None:
        return
    yield Text()
    yield from _rates(entry, width)
    for name, text in _others(entry, at_ms):
        yield from _fact(name, text, width)


def _head(known: Known, entry: Entry | None) -> Iterator[tuple[str, str]]:
    """Who knows it, and which entries there are."""
    by_reason: dict[str, list[str]] = {}
    for provider, match in known.asked:
        by_reason.setdefault(match.why, []).append(provider)
    for why, providers in by_reason.items():
        yield "known to", f"{', '.join(providers)}: {why}"
    for each in known.match.entries:
        text = f"{each.price_id}, {days(each.starts, each.ends)}"
        yield ("price", text) if each is entry else ("also", text)
    if entry is None:
        yield "price", "none at that time"
        return
    yield "source", entry.source
    yield "checked", f"{entry.checked}"
    yield "written", f"{entry.file}:{entry.line}"


def _others(entry: Entry, at_ms: int) -> Iterator[tuple[str, str]]:
    """What stands beside the rates."""
    for parent, classes in parents(entry).items():
        yield "unlisted", f"as {parent}: {', '.join(classes)}"
    for name, region in entry.terms.regions.items():
        yield "region", f"{name} {change(region)}"
    for each in entry.terms.schedule or ():
        yield "hours", window(each) + (" (in effect)" if each.holds(at_ms) else "")
    for name, of in entry.tools.items():
        yield "charge", tool(name, of)
    meant: dict[str, list[str]] = {}
    for alias, tier in entry.service_aliases.items():
        meant.setdefault(tier, []).append(alias)
    for tier in entry.service_tiers:
        if tier in meant:
            yield "tier", f"{tier} is also called {', '.join(meant[tier])}"


def _rates(entry: Entry, width: int) -> Iterator[Text]:
    """A row a class, a column for each service tier and prompt size; as many tables as the width asks for."""
    cards = [
        (f"{safe(tier, _MOST_COLUMNS)} {above(card.above)}".rstrip(), card)
        for tier in entry.service_tiers
        for card in reversed(entry.cards(tier))
    ]
    written = {name for _, card in cards for name in card.rates}
    classes = [name for name in CLASSES if name in written]
    while cards and classes:
        shown = _that_fit(cards, classes, width)
        columns = (Column("USD per 1M", "left"), *(Column(name) for name, _ in cards[:shown]))
        rows: list[list[Cell]] = [
            [name, *(rate(card.rate(name)) for _, card in cards[:shown])] for name in classes
        ]
        layout = fit(columns, rows, width)
        yield layout.heading()
        yield from map(layout.line, rows)
        yield Text()
        cards = cards[shown:]


def _that_fit(cards: Sequence[tuple[str, Card]], classes: Sequence[str], width: int) -> int:
    """How many of the cards have room beside each other; at least one."""
    left = width - max(len(name) for name in (*classes, "USD per 1M"))
    for number, (heading, card) in enumerate(cards):
        left -= 2 + max(len(heading), *(len(rate(card.rate(name))) for name in classes))
        if left < 0:
            return max(number, 1)
    return len(cards)


def _fact(name: str, text: str, width: int) -> Iterator[Text]:
    """`checked   2026-11-23`, on as many lines as it takes; words stay whole, and the console folds them."""
    room = max(width - _NAME, _NAME)
    for line in textwrap.wrap(safe(text), room, break_long_words=False, break_on_hyphens=False):
        yield Text(f"{name:<{_NAME}}", "dim").append(line, "not dim")
        name = ""
