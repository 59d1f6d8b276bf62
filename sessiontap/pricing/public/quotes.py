"""What a public price table says of a model, in our own terms."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from msgspec.structs import replace

from sessiontap.pricing.match import folded
from sessiontap.pricing.terms import Terms


@dataclass(frozen=True, slots=True)
class Dated:
    """The terms from one day on, UTC; None for ever before."""

    starts: date | None
    terms: Terms
    ends: date | None = None
    """The first day that they no longer hold; None until the next ones begin."""


@dataclass(frozen=True, slots=True)
class Quote:
    """One model of a public table."""

    provider: str
    """By our name."""
    model: str
    """As the provider itself writes it, without the table's own prefix."""
    names: tuple[str, ...]
    """Other names that the table has for it."""
    region: str | None
    """Where the prices hold, when the table has a row of its own for a region."""
    dated: tuple[Dated, ...]
    """Oldest first, at least one."""
    is_family: bool = False
    """True where `model` is a name for many, which may be nobody's own."""

    @property
    def beside(self) -> bool:
        """True for prices of a region that the model's own name, unlike `us.anthropic…`, does not say."""
        return self.region is not None and not self.model.startswith(f"{self.region}.")

    def at(self, day: date) -> Dated | None:
        """What held on a day; None before the first."""
        held = [dated for dated in self.dated if dated.starts is None or dated.starts <= day]
        return held[-1] if held else None


def once(quotes: Iterable[Quote]) -> tuple[Quote, ...]:
    """The quotes without those that say again what one before them said of the same model."""
    kept: dict[tuple[str, str, str | None], list[Quote]] = {}
    for quote in quotes:
        same = kept.setdefault((quote.provider, folded(quote.model), quote.region), [])
        if all(_said(each) != _said(quote) for each in same):
            same.append(quote)
    return tuple(quote for same in kept.values() for quote in same)


def _said(quote: Quote) -> list[tuple[date | None, Terms]]:
    return [(each.starts, replace(each.terms, source=None)) for each in quote.dated]


@dataclass(frozen=True, slots=True)
class PublicTable:
    """A table as it was read."""

    kind: str
    """`genai-prices` or `LiteLLM`."""
    home: str
    """Where it is kept: the source of a price that names none."""
    quotes: tuple[Quote, ...]
    other_providers: Counter[str]
    """Models of providers that we do not have."""
    without_price: int
    """Models that state no price that we can express, or only zeros: nobody may know."""
    left_out: Counter[str]
    """Kinds of prices that we cannot express, with their number of models."""
