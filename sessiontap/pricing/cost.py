"""The cost of a usage by one entry: exact, by class, or the reason why there is none."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal, localcontext

from sessiontap.pricing.entry import Entry
from sessiontap.pricing.nodes import quoted
from sessiontap.pricing.rates import EXACT
from sessiontap.pricing.tools import CHARGES, REQUEST, uses
from sessiontap.usage import Usage, parts

_MILLION = Decimal(1_000_000)


@dataclass(frozen=True, slots=True)
class Cost:
    """USD, by class and tool; the breakdown sums to `usd` exactly and leaves out what was not used."""

    usd: Decimal
    breakdown: dict[str, Decimal]
    price_id: str | None


@dataclass(frozen=True, slots=True)
class Unpriced:
    """Why something has no cost, in one line."""

    reason: str


@dataclass(frozen=True, slots=True)
class Conditions:
    """What beside the tokens decides on the rates of a call."""

    at_ms: int
    """When it began, in milliseconds since the epoch."""
    service_tier: str
    """In lower case."""
    region: str | None


def cost_of(usage: Usage, entry: Entry, conditions: Conditions, model: str) -> Cost | Unpriced:
    """What a usage costs by an entry.

    The card is that of the conditions and of the whole prompt's size (`input_tokens`).
    A class, tool or service tier that is used and has no rate makes the whole unpriced; `model` is its name
    in the reason.
    """
    tier = conditions.service_tier
    card = entry.card(tier, usage.input_tokens or 0, conditions.region, conditions.at_ms)
    if card is None:
        return Unpriced(f"no price for service tier {quoted(tier)} of model {model}")
    breakdown: dict[str, Decimal] = {}
    with localcontext(EXACT):
        for token_class, tokens in parts(usage)._asdict().items():
            if not tokens:
                continue
            rate = card.rate(token_class)
            if rate is None:
                return Unpriced(f"no {token_class} rate for model {model}")
            breakdown[token_class] = _plain(rate * tokens / _MILLION)
        for tool in CHARGES:
            used = uses(usage, tool)
            charge = entry.tools.get(tool)
            if not used or (charge is None and tool == REQUEST):
                continue
            if charge is None:
                return Unpriced(f"no {tool} rate for model {model}")
            breakdown[tool] = _plain(charge.cost(used))
    return total([Cost(Decimal(0), breakdown, entry.price_id)])


def total(costs: list[Cost]) -> Cost:
    """The sum of several costs, class by class; its price id lists all, in the order of first use."""
    breakdown: dict[str, Decimal] = {}
    with localcontext(EXACT):
        for cost in costs:
            for name, usd in cost.breakdown.items():
                breakdown[name] = _plain(breakdown.get(name, Decimal(0)) + usd)
        ids = dict.fromkeys(cost.price_id for cost in costs if cost.price_id)
        return Cost(_plain(sum(breakdown.values(), Decimal(0))), breakdown, ",".join(ids) or None)


def _plain(value: Decimal) -> Decimal:
    """The same number without zeros at its end, and without an exponent above zero (3E+1)."""
    value = value.normalize()
    exponent = value.as_tuple().exponent
    return value.quantize(Decimal(1)) if isinstance(exponent, int) and exponent > 0 else value
