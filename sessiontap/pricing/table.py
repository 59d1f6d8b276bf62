"""PriceTable: prices a call by the entry that held on its day.

A model that no entry knows is unpriced, with the reason; it never costs zero.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal, localcontext
from itertools import product
from pathlib import Path

import msgspec

from sessiontap.call import Call, UsagePart
from sessiontap.pricing.cost import Conditions, Cost, Unpriced, cost_of, total
from sessiontap.pricing.entry import Entry
from sessiontap.pricing.match import CLOSENESSES, Closeness, Form, Names
from sessiontap.pricing.nodes import quoted
from sessiontap.pricing.rates import EXACT
from sessiontap.pricing.rules import Rules
from sessiontap.pricing.sheet import read_sheet
from sessiontap.pricing.terms import STANDARD
from sessiontap.pricing.tools import TOOLS, uses
from sessiontap.times import epoch_ms
from sessiontap.usage import Usage

_NOTHING = Cost(Decimal(0), {}, None)


@dataclass(frozen=True, slots=True)
class Provider:
    """The models of a provider by id, with their entries, oldest first; and which names mean them."""

    models: Mapping[str, tuple[Entry, ...]]
    names: Names
    models_of: tuple[str, ...] = ()
    """Other providers, asked in this order for a model that is not here."""
    service_aliases: Mapping[str, str] = field(default_factory=dict)
    """Its names of service tiers that a model's entry, which may be another provider's, does not know."""
    unpriced: str | None = None
    """Why no price per token can say what a call costs; a model that is listed has a price all the same."""


@dataclass(frozen=True, slots=True)
class Match:
    """A model that a name means."""

    provider: str
    """In whose block it stands; another one's, where the provider has the prices of others."""
    model: str
    """In lower case."""
    why: str
    """In a few words: its name, its alias, a pattern …"""
    entries: tuple[Entry, ...]
    """Oldest first."""


@dataclass(frozen=True, slots=True)
class PriceTable:
    """Everything that one or several price files say. Made by `load_prices`."""

    providers: Mapping[str, Provider]

    def price(self, call: Call) -> Call:
        """The call with its cost, or with `unpriced_reason`. Never raises.

        Sets `cost_usd`, `cost_breakdown` (USD by class and tool, sums to the cost), `cost_source`, `price_id`
        (several, comma-separated, where the parts were priced by several entries) and each part's cost.
        A call with a cost that its provider states, or that was played back, comes back as it is, and so does
        one without usage, but for the reason where its provider bills by something else than tokens.
        """
        if call.cost_source not in {None, "table"}:
            return call
        if not call.usage:
            return self._without_usage(call)
        call_parts, found = self._cost_of_call(call)
        if isinstance(found, Unpriced):
            return msgspec.structs.replace(
                call,
                usage_parts=call_parts,
                cost_usd=None,
                cost_breakdown=None,
                cost_source=None,
                price_id=None,
                unpriced_reason=found.reason,
            )
        return msgspec.structs.replace(
            call,
            usage_parts=call_parts,
            cost_usd=found.usd,
            cost_breakdown=found.breakdown,
            cost_source="table",
            price_id=found.price_id,
            unpriced_reason=None,
        )

    def find(self, provider: str, model: str, at_ms: int) -> Entry | None:
        """The entry that prices a model's calls at a moment, in milliseconds since the epoch."""
        found = self.match(provider, model)
        return None if found is None else next((entry for entry in found.entries if entry.holds(at_ms)), None)

    def match(self, provider: str, model: str) -> Match | None:
        """Which model a name means: one of the provider's own, else of the providers whose prices it has."""
        rows = self.providers.get(provider)
        if rows is None:
            return None
        # Another provider's own name for it is closer than a pattern of this one.
        ways = product(rows.names.forms(model), CLOSENESSES, (provider, *rows.models_of))
        found = (self._match_in(name, form, closeness) for form, closeness, name in ways)
        return next((match for match in found if match is not None), None)

    def entries(self) -> Iterator[tuple[str, str, Entry]]:
        """Provider, model (lower case) and entry for every entry of the table, in the order of the files."""
        for name, provider in self.providers.items():
            for model, entries in provider.models.items():
                yield from ((name, model, entry) for entry in entries)

    def _cost_of_call(self, call: Call) -> tuple[tuple[UsagePart, ...], Cost | Unpriced]:
        own = tuple(name for name in (call.response_model, call.request_model) if name)
        # Also where nothing is known of it: who says that another model's prices are not the call's is right.
        names = (call.priced_as,) if call.priced_as else own
        if not call.usage_parts:
            return (), self._cost(call, names, call.usage)
        costs = [
            self._cost(call, names if part.model in own else (part.model,), part.usage)
            for part in call.usage_parts
        ]
        pairs = zip(call.usage_parts, costs, strict=True)
        beside = self._cost(call, names, _tools_beside(call))
        return tuple(_with_cost(part, cost) for part, cost in pairs), _sum([*costs, beside])

    def _cost(self, call: Call, names: tuple[str, ...], usage: Usage) -> Cost | Unpriced:
        found = self._cost_by_entry(call, names, usage)
        if isinstance(found, Cost):
            return found
        used = any(getattr(usage, name) for name in Usage.__struct_fields__)
        return _NOTHING if call.billing == "free" or (usage and not used) else found

    def _cost_by_entry(self, call: Call, names: tuple[str, ...], usage: Usage) -> Cost | Unpriced:
        if not usage:
            return Unpriced("no price: a part of the call reports no usage")
        if not names:
            return Unpriced("no price: the call names no model")
        try:
            at_ms = epoch_ms(call.started_at)
        except (ValueError, OverflowError):
            return Unpriced(f"no price: started_at {quoted(call.started_at)} is not an RFC 3339 time")
        provider = f"provider {quoted(call.provider)}"
        for name in names:
            entry = self.find(call.provider, name, at_ms)
            if entry is not None:
                conditions = Conditions(at_ms, self._tier(call, entry), call.region)
                return cost_of(usage, entry, conditions, f"{quoted(name)} of {provider}")
        rows = self.providers.get(call.provider)
        if rows is not None and rows.unpriced is not None:
            return Unpriced(f"no price: {rows.unpriced}")
        known = next((name for name in names if self.match(call.provider, name)), None)
        if known is not None:
            return Unpriced(f"no price for model {quoted(known)} of {provider} at {quoted(call.started_at)}")
        return Unpriced(f"no price for model {quoted(names[0])} of {provider}")

    def _tier(self, call: Call, entry: Entry) -> str:
        tier = (call.service_tier or STANDARD).strip().lower()
        rows = self.providers.get(call.provider)
        meant = rows.service_aliases.get(tier, tier) if rows is not None else tier
        return tier if entry.knows(tier) or not entry.knows(meant) else meant

    def _match_in(self, provider: str, form: Form, closeness: Closeness) -> Match | None:
        rows = self.providers.get(provider)
        found = None if rows is None else rows.names.find(form, closeness)
        if rows is None or found is None:
            return None
        return Match(provider, found.model, found.why, rows.models[found.model])

    def _without_usage(self, call: Call) -> Call:
        rows = self.providers.get(call.provider)
        if rows is None or rows.unpriced is None or not call.unpriced:
            return call
        return msgspec.structs.replace(call, unpriced_reason=f"no price: {rows.unpriced}")


def load_prices(*paths: Path) -> PriceTable:
    """The table of one or several price files; later ones go over earlier ones, model by model.

    A model that a later file has is its alone, under all the names that it had before.
    Raises PricingError, one line with file, line and key, for a file with a mistake.
    """
    providers: dict[str, Provider] = {}
    rules: dict[str, Rules] = {}
    with localcontext(EXACT):
        for path in paths:
            for name, sheet in read_sheet(path, rules).items():
                below = providers.get(name, Provider({}, Names({}, ())))
                providers[name] = Provider(
                    {**below.models, **sheet.models},
                    sheet.names.over(below.names),
                    sheet.rules.models_of,
                    sheet.rules.service_aliases,
                    sheet.rules.unpriced,
                )
                rules[name] = sheet.rules
    return PriceTable(providers)


def _with_cost(part: UsagePart, cost: Cost | Unpriced) -> UsagePart:
    return msgspec.structs.replace(part, cost_usd=cost.usd if isinstance(cost, Cost) else None)


def _sum(costs: list[Cost | Unpriced]) -> Cost | Unpriced:
    known = [cost for cost in costs if isinstance(cost, Cost)]
    if len(known) == len(costs):
        return total(known)
    return next(cost for cost in costs if isinstance(cost, Unpriced))


def _tools_beside(call: Call) -> Usage:
    """The uses of priced tools that the call counts and its parts do not."""
    return Usage(
        **{
            field: max(uses(call.usage, tool) - sum(uses(part.usage, tool) for part in call.usage_parts), 0)
            for tool, field in TOOLS.items()
        }
    )
