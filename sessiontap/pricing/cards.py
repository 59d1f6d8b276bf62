"""Cards: what the few words of an entry (`batch: {x: 0.5}`) come down to, tier by tier."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, localcontext

from sessiontap.pricing.rates import EXACT, Card, Change, Derived
from sessiontap.pricing.terms import STANDARD, ServiceTier, Terms


def cards(
    terms: Terms, derived: tuple[Derived, ...], service_tier: str, in_region: Change | None
) -> tuple[Card, ...] | None:
    """The cards of a service tier in a region, the largest prompts first; None for a tier that is not there.

    The rates that a region writes out stand in for the entry's; its factors come last, over everything.
    """
    with localcontext(EXACT):
        written = {**terms.rates, **in_region.rates} if in_region is not None else terms.rates
        rules = not_written(written, derived)
        full = dict(written)
        full.update((rule.token_class, full[rule.base] * rule.factor) for rule in rules if rule.base in full)
        above = terms.above or {}
        found = _sized(full, above, rules)
        if service_tier != STANDARD:
            tier = terms.service.get(service_tier)
            if tier is None:
                return None
            found = _served(found, above, rules, tier)
        if in_region is None or not in_region.factors:
            return found
        return tuple(card.changed(Change(in_region.factors, {})) for card in found)


def not_written(rates: Mapping[str, Decimal], derived: tuple[Derived, ...]) -> tuple[Derived, ...]:
    """The rules for classes that have no rate of their own."""
    return tuple(rule for rule in derived if rule.token_class not in rates) if derived else ()


def _sized(
    rates: Mapping[str, Decimal], above: Mapping[int, Change], derived: tuple[Derived, ...]
) -> tuple[Card, ...]:
    sizes = (Card(size, above[size].apply(rates, derived)) for size in sorted(above, reverse=True))
    return (*sizes, Card(-1, rates))


def _served(
    standard: tuple[Card, ...],
    above: Mapping[int, Change],
    derived: tuple[Derived, ...],
    tier: ServiceTier,
) -> tuple[Card, ...]:
    """A tier that only multiplies does so to the rates of every prompt size.

    One that writes rates out is itself multiplied by the prompt sizes; both writing rates out is refused
    where the file is read.
    """
    if tier.above is None and not tier.change.rates:
        return tuple(Card(card.above, tier.change.apply(card.rates, derived)) for card in standard)
    sizes = above if tier.above is None else tier.above
    return _sized(tier.change.apply(standard[-1].rates, derived), sizes, derived)
