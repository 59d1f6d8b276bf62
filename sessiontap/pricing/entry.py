"""Entry: what one model costs from one day on, ready to be looked up."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import localcontext

import msgspec

from sessiontap.pricing.cards import cards
from sessiontap.pricing.rates import EXACT, Card, Derived
from sessiontap.pricing.terms import STANDARD, Terms
from sessiontap.pricing.tools import ToolRate

_MOST_KEPT = 64  # regions and tiers come from replies


class Entry(msgspec.Struct, frozen=True, eq=False, gc=False):
    """One dated entry of a model. Rates are Decimal, USD per million tokens; days are UTC."""

    price_id: str
    """`provider/model@day`; without the day where the entry has no known start."""
    starts: date | None
    """The first day that it holds; None for ever before."""
    ends: date | None
    """The first day that it no longer holds; None for until further notice."""
    terms: Terms
    derived: tuple[Derived, ...]
    service_aliases: Mapping[str, str]
    """Other names of its service tiers."""
    source: str
    checked: date
    file: str
    """The price file that it stands in, and the line."""
    line: int
    made: dict[tuple[str, str | None], tuple[Card, ...] | None] = {}
    """Cards that were asked for already, by service tier and region: most of a table never is."""

    def holds(self, at_ms: int) -> bool:
        """True where the entry prices calls of that moment, in milliseconds since the epoch."""
        return (self.starts is None or day_ms(self.starts) <= at_ms) and (
            self.ends is None or at_ms < day_ms(self.ends)
        )

    @property
    def service_tiers(self) -> tuple[str, ...]:
        """The service tiers that it has rates for, `standard` first; lower case, without aliases."""
        return (STANDARD, *(name for name, tier in self.terms.service.items() if tier is not None))

    @property
    def tools(self) -> Mapping[str, ToolRate]:
        """What it charges beside tokens."""
        return self.terms.tools

    def knows(self, service_tier: str) -> bool:
        """True for a service tier, in lower case, that it has rates for."""
        return self._tier(service_tier) is not None

    def card(
        self, service_tier: str, prompt_tokens: int, region: str | None = None, at_ms: int | None = None
    ) -> Card | None:
        """The rates of a service tier for a prompt of that size; None for a tier that it does not know.

        The whole call is priced by the one card: tiers are no brackets. Without a moment (milliseconds since
        the epoch) the hours of a schedule do not count.
        """
        found = self._cards_of(service_tier, region)
        if found is None:
            return None
        card = next((card for card in found if prompt_tokens > card.above), found[-1])
        if at_ms is None or not self.terms.schedule:
            return card
        window = next((window for window in self.terms.schedule if window.holds(at_ms)), None)
        if window is None:
            return card
        with localcontext(EXACT):
            return card.changed(window.change)

    def cards(self, service_tier: str, region: str | None = None) -> tuple[Card, ...]:
        """The rates of a service tier by prompt size, the largest prompts first; none for an unknown tier."""
        return self._cards_of(service_tier, region) or ()

    def _cards_of(self, service_tier: str, region: str | None) -> tuple[Card, ...] | None:
        key = (service_tier, region)
        if key not in self.made:
            tier, change = self._tier(service_tier), self.terms.in_region(region)
            made = None if tier is None else cards(self.terms, self.derived, tier, change)
            if len(self.made) >= _MOST_KEPT:
                self.made.clear()
            self.made[key] = made
        return self.made[key]

    def _tier(self, name: str) -> str | None:
        known = self.service_tiers
        meant = name if name in known else self.service_aliases.get(name)
        return meant if meant in known else None


def day_ms(day: date) -> int:
    """Milliseconds since the epoch of the first moment of a day, UTC."""
    return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()) * 1000
