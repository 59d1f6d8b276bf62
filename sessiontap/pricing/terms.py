"""What a provider, a model or an entry says about prices; the narrower goes over the wider."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal

import msgspec

from sessiontap.pricing.changes import CHANGE_KEYS, change_in, rates_in
from sessiontap.pricing.match import Pattern, folded
from sessiontap.pricing.rates import Change
from sessiontap.pricing.schedule import Window, read_schedule
from sessiontap.pricing.section import Section, keys
from sessiontap.pricing.tools import CHARGES, ToolRate

STANDARD = "standard"
"""The service tier of a call that names none."""

TERM_KEYS = ("source", "checked", "service", "regions", "schedule", "tools")
"""What a provider may say for all its models, and a model or an entry for itself."""
_SERVICE_KEYS = keys(*CHANGE_KEYS, "above")
_PER_CALL = keys("per_call")


class ServiceTier(msgspec.Struct, frozen=True, gc=False):
    """A service tier's change; `above` replaces the entry's prompt sizes, None keeps them."""

    change: Change
    above: Mapping[int, Change] | None


class Terms(msgspec.Struct, frozen=True, gc=False):
    """What a provider, a model or an entry says; the narrower goes over the wider."""

    # Structs, because a table has thousands of them and they are made several times faster.
    rates: Mapping[str, Decimal] = {}
    above: Mapping[int, Change] | None = None
    service: Mapping[str, ServiceTier | None] = {}
    regions: Mapping[str, Change | None] = {}
    """By region, or pattern of regions; None for the rates as they stand."""
    schedule: tuple[Window, ...] | None = None
    """Hours with other rates; the first that holds is meant."""
    tools: Mapping[str, ToolRate] = {}
    source: str | None = None
    checked: dt.date | None = None

    def over(self, wider: Terms) -> Terms:
        """These terms where they say something, else the wider ones'."""
        return Terms(
            rates={**wider.rates, **self.rates} if wider.rates else self.rates,
            above=wider.above if self.above is None else self.above,
            service={**wider.service, **self.service} if self.service else wider.service,
            regions={**wider.regions, **self.regions} if self.regions else wider.regions,
            schedule=wider.schedule if self.schedule is None else self.schedule,
            tools={**wider.tools, **self.tools} if self.tools else wider.tools,
            source=self.source or wider.source,
            checked=self.checked or wider.checked,
        )

    def in_region(self, region: str | None) -> Change | None:
        """What a region changes; None for nothing. The pattern that fixes the most characters is meant."""
        if region is None or not self.regions:
            return None
        name = folded(region)
        fitting = [pattern for text in self.regions if (pattern := Pattern(text)).fits(name)]
        return self.regions[max(fitting, key=lambda pattern: pattern.specificity).text] if fitting else None


def read_terms(section: Section) -> Terms:
    """The terms that a section states; raises PricingError for a mistake in them."""
    rates = rates_in(section)
    if len(rates) == len(section.node.values):
        return Terms(rates)  # as most entries are
    return Terms(
        rates=rates,
        above=_above(section),
        service=_service(section),
        regions=_regions(section),
        schedule=read_schedule(section),
        tools=_tools(section),
        source=section.text("source"),
        checked=section.day("checked"),
    )


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
            change.only(CHANGE_KEYS)
            found[size] = change_in(change)
    return found


def _regions(section: Section) -> Mapping[str, Change | None]:
    regions = section.section("regions")
    found: dict[str, Change | None] = {}
    if regions is None:
        return found
    for name in regions.names:
        if folded(name) != name or Pattern.parse(name) is None:
            regions.fault(name, "allowed is a lower-case region such as us-east-1, eu or us-gov-*")
        if regions.is_null(name):
            found[name] = None
            continue
        region = regions.section(name)
        if region is not None:
            region.only(CHANGE_KEYS)
            found[name] = change_in(region)
    return found


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
            found[name] = ServiceTier(change_in(tier), _above(tier))
    return found


def _tools(section: Section) -> Mapping[str, ToolRate]:
    tools = section.section("tools")
    if tools is None:
        return {}
    tools.only(keys(*CHARGES))
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
