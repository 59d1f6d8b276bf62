"""Rates by token class, and what a tier, a region or an hour changes about them.

Rates are USD per million tokens.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Context, Decimal

import msgspec

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


class Card(msgspec.Struct, frozen=True, gc=False):
    """The rates of prompts with more than `above` tokens."""

    above: int
    rates: Mapping[str, Decimal]

    def rate(self, token_class: str) -> Decimal | None:
        """USD per million tokens, its fallback's where a class has none; None where there is neither."""
        return inherited(self.rates, token_class)

    def changed(self, change: Change) -> Card:
        """The same card with its rates changed."""
        return Card(self.above, change.apply(self.rates, ()))


@dataclass(frozen=True, slots=True)
class Derived:
    """A class whose rate is a multiple of another's, unless it is written out."""

    token_class: str
    base: str
    factor: Decimal


class Change(msgspec.Struct, frozen=True, gc=False):
    """What is done to rates: first the factors, then the rates that are written out."""

    factors: Mapping[str, Decimal]
    rates: Mapping[str, Decimal]

    def apply(self, rates: Mapping[str, Decimal], derived: tuple[Derived, ...]) -> Mapping[str, Decimal]:
        """The changed rates; `derived` follows a base that is written out here."""
        changed = {
            name: rate if (factor := inherited(self.factors, name)) is None else rate * factor
            for name, rate in rates.items()
        }
        for name in self.factors.keys() - rates.keys():
            rate = inherited(rates, name)
            if rate is not None:
                changed[name] = rate * self.factors[name]
        changed.update(self.rates)
        for rule in derived:
            if rule.base in self.rates and rule.token_class not in self.rates:
                changed[rule.token_class] = self.rates[rule.base] * rule.factor
        return changed
