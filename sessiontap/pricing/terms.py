"""What a provider, a model or an entry says about prices; the narrower goes over the wider."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from sessiontap.pricing.entry import STANDARD
from sessiontap.pricing.match import folded
from sessiontap.pricing.rates import BASES, CLASSES, Change, ServiceTier
from sessiontap.pricing.section import Section, keys
from sessiontap.pricing.tools import TOOLS, ToolRate

_CLASS_KEYS = keys(*CLASSES)
_CHANGE_KEYS = keys(*CLASSES, "x")
_SERVICE_KEYS = keys(*_CHANGE_KEYS, "above")
_PER_CALL = keys("per_call")


@dataclass(frozen=True, slots=True)
class Terms:
    """What a provider, a model or an entry says; the narrower goes over the wider."""

    rates: Mapping[str, Decimal] = field(default_factory=dict)
    above: Mapping[int, Change] | None = None
    service: Mapping[str, ServiceTier | None] = field(default_factory=dict)
    tools: Mapping[str, ToolRate] = field(default_factory=dict)
    source: str | None = None
    checked: dt.date | None = None

    def over(self, wider: Terms) -> Terms:
        """These terms where they say something, else the wider ones'."""
        return Terms(
            rates={**wider.rates, **self.rates},
            above=wider.above if self.above is None else self.above,
            service={**wider.service, **self.service},
            tools={**wider.tools, **self.tools},
            source=self.source or wider.source,
            checked=self.checked or wider.checked,
        )


def read_terms(section: Section) -> Terms:
    """The terms that a section states; raises PricingError for a mistake in them."""
    return Terms(
        rates=rates_in(section),
        above=_above(section),
        service=_service(section),
        tools=_tools(section),
        source=section.text("source"),
        checked=section.day("checked"),
    )


def rates_in(section: Section) -> dict[str, Decimal]:
    """The numbers under the names of token classes."""
    found = {}
    for name in section.node.values:
        rate = section.number(name) if name in _CLASS_KEYS else None
        if rate is not None:
            found[name] = rate
    return found


def _above(section: Section) -> Mapping[int, Change] | None:
    if section.is_null("above"):
        return {}
    sizes = section.section("above")
    if sizes is None:
        return None
    found = {}
    for key in sizes.names:
        size, change = sizes.size(key), sizes.section(key)
        if change is not None:
            change.only(_CHANGE_KEYS)
            found[size] = _change(change)
    return found


def _change(section: Section) -> Change:
    factors: dict[str, Decimal] = {}
    if section.is_mapping("x"):
        by_class = section.section("x")
        if by_class is not None:
            by_class.only(_CLASS_KEYS)
            factors = rates_in(by_class)
    elif (factor := section.number("x")) is not None:
        factors = dict.fromkeys(BASES, factor)
    return Change(factors, rates_in(section))


def _service(section: Section) -> Mapping[str, ServiceTier | None]:
    tiers = section.section("service")
    found: dict[str, ServiceTier | None] = {}
    if tiers is None:
        return found
    for name in tiers.names:
        if folded(name) != name or name == STANDARD:
            tiers.fault(name, f"allowed is a lower-case name other than {STANDARD!r}")
        if tiers.is_null(name):
            found[name] = None
            continue
        tier = tiers.section(name)
        if tier is not None:
            tier.only(_SERVICE_KEYS)
            found[name] = ServiceTier(_change(tier), _above(tier))
    return found


def _tools(section: Section) -> Mapping[str, ToolRate]:
    tools = section.section("tools")
    if tools is None:
        return {}
    tools.only(keys(*TOOLS))
    found = {}
    for name in tools.names:
        nested = tools.section(name) if tools.is_mapping(name) else None
        if nested is not None:
            nested.only(_PER_CALL)
        rate = tools.number(name) if nested is None else nested.number("per_call")
        if rate is None:
            tools.fault(name, "nothing; allowed is USD per 1000 uses, or {per_call: USD per 1000 calls}")
        found[name] = ToolRate(rate, per_call=nested is not None)
    return found
