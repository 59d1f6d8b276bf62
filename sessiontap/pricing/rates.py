"""Rates by token class, and the cards that an entry's tiers and factors come down to.

A file says a tier in few words (`batch: {x: 0.5}`); here it becomes whole cards once, at load, so that
pricing a call is only looking up. Rates are USD per million tokens.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Context, Decimal

from sessiontap.usage import UsageParts

CLASSES = UsageParts._fields
BASES = ("input", "output")

EXACT = Context(prec=200, traps=[])
"""Money is multiplied and added in a copy of this, so that nothing is rounded and nothing raises,
whatever decimal context the caller's thread has set."""

FALLBACKS: Mapping[str, tuple[str, ...]] = {
    "cache_read": ("input",),
    "cache_write": ("input",),
    "cache_write_1h": ("cache_write", "input"),
    "cache_write_12h": ("cache_write_1h", "cache_write", "input"),
    "input_audio": ("input",),
    "cache_read_audio": ("cache_read", "input_audio", "input"),
    "input_image": ("input",),
    "cache_read_image": ("cache_read", "input_image", "input"),
    "input_video": ("input",),
    "reasoning": ("output",),
    "output_audio": ("output",),
    "output_image": ("output",),
}
"""Where a class takes its rate or factor from when it has none, the nearest first."""


def inherited(values: Mapping[str, Decimal], token_class: str) -> Decimal | None:
    """The value of a class, else the nearest one that it falls back to; None where there is none."""
    found = values.get(token_class)
    if found is not None:
        return found
    return next((values[name] for name in FALLBACKS.get(token_class, ()) if name in values), None)


@dataclass(frozen=True, slots=True)
class Card:
    """The rates of prompts with more than `above` tokens."""

    above: int
    rates: Mapping[str, Decimal]

    def rate(self, token_class: str) -> Decimal | None:
        """USD per million tokens, its fallback's where a class has none; None where there is neither."""
        return inherited(self.rates, token_class)


@dataclass(frozen=True, slots=True)
class Derived:
    """A class whose rate is a multiple of another's, unless it is written out."""

    token_class: str
    base: str
    factor: Decimal


@dataclass(frozen=True, slots=True)
class Change:
    """What a tier does to the rates below it: first its factors, then the rates that it writes out."""

    factors: Mapping[str, Decimal]
    rates: Mapping[str, Decimal]

    def apply(self, rates: Mapping[str, Decimal], derived: tuple[Derived, ...]) -> Mapping[str, Decimal]:
        """The changed rates; `derived` follows a base that is written out here."""
        changed = {
            name: rate if (factor := inherited(self.factors, name)) is None else rate * factor
            for name, rate in rates.items()
        }
        changed.update(self.rates)
        for rule in derived:
            if rule.base in self.rates and rule.token_class not in self.rates:
                changed[rule.token_class] = self.rates[rule.base] * rule.factor
        return changed


@dataclass(frozen=True, slots=True)
class ServiceTier:
    """A service tier's change; `above` replaces the entry's prompt sizes, None keeps them."""

    change: Change
    above: Mapping[int, Change] | None


def standard_cards(
    rates: Mapping[str, Decimal], above: Mapping[int, Change], derived: tuple[Derived, ...]
) -> tuple[Card, ...]:
    """The cards of the standard tier, the largest prompts first; `derived` leaves written rates alone."""
    full = dict(rates)
    for rule in derived:
        if rule.token_class not in rates and rule.base in rates:
            full[rule.token_class] = rates[rule.base] * rule.factor
    return _cards(full, above, not_written(rates, derived))


def service_cards(
    standard: tuple[Card, ...],
    above: Mapping[int, Change],
    derived: tuple[Derived, ...],
    service: ServiceTier,
) -> tuple[Card, ...]:
    """The cards of a service tier, the largest prompts first; `derived` has the rules of `not_written`.

    A tier that only multiplies does so to the rates of every prompt size. One that writes rates out is
    itself multiplied by the prompt sizes; both writing rates out is refused where the file is read.
    """
    if service.above is None and not service.change.rates:
        return tuple(Card(card.above, service.change.apply(card.rates, derived)) for card in standard)
    sizes = above if service.above is None else service.above
    return _cards(service.change.apply(standard[-1].rates, derived), sizes, derived)


def not_written(rates: Mapping[str, Decimal], derived: tuple[Derived, ...]) -> tuple[Derived, ...]:
    """The rules for classes that an entry does not write out itself."""
    return tuple(rule for rule in derived if rule.token_class not in rates) if derived else ()


def _cards(
    rates: Mapping[str, Decimal], above: Mapping[int, Change], derived: tuple[Derived, ...]
) -> tuple[Card, ...]:
    base = Card(-1, rates)
    if not above:
        return (base,)
    return (*(Card(size, above[size].apply(rates, derived)) for size in sorted(above, reverse=True)), base)
