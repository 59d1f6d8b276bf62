"""Service tiers at the prompt sizes that a public table names for the standard tier alone."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from msgspec.structs import replace

from sessiontap.pricing.rates import Change
from sessiontap.pricing.terms import ServiceTier, Terms


def at_every_size(terms: Terms) -> Terms:
    """The terms with each service tier's rates at the standard tier's prompt sizes.

    What a tier says itself stays. What it leaves out is as far from the standard rate of that size as the
    tier's is from the standard's elsewhere, since a discount that ends at a size is nowhere published by
    silence; a class that the tier has no rate for costs what it does without the tier.
    """
    above = {size: change.rates for size, change in (terms.above or {}).items() if not change.factors}
    if not above or not terms.service:
        return terms
    service = {name: _sized(tier, terms.rates, above) for name, tier in terms.service.items()}
    return replace(terms, service=service)


def _sized(
    tier: ServiceTier | None, standard: Mapping[str, Decimal], above: Mapping[int, Mapping[str, Decimal]]
) -> ServiceTier | None:
    if tier is None or tier.above is None or tier.change.factors:
        return tier
    sizes = dict(tier.above)
    for size, rates in above.items():
        said = sizes.get(size, Change({}, {}))
        if not said.factors:
            sizes[size] = Change({}, {**_in_proportion(rates, standard, tier.change.rates), **said.rates})
    return ServiceTier(tier.change, sizes)


def _in_proportion(
    rates: Mapping[str, Decimal], standard: Mapping[str, Decimal], tier: Mapping[str, Decimal]
) -> dict[str, Decimal]:
    found = {}
    for name, rate in rates.items():
        if name not in tier:
            found[name] = rate
        elif standard.get(name):
            found[name] = rate * tier[name] / standard[name]
    return found
