"""Entry: what one model costs from one day on, ready to be looked up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime

from sessiontap.pricing.rates import Card
from sessiontap.pricing.tools import ToolRate

STANDARD = "standard"
"""The service tier of a call that names none."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One dated entry of a model. Rates are Decimal, USD per million tokens; days are UTC."""

    price_id: str
    """`provider/model@day`; without the day where the entry has no known start."""
    starts: date | None
    """The first day that it holds; None for ever before."""
    ends: date | None
    """The first day that it no longer holds; None for until further notice."""
    tiers: Mapping[str, tuple[Card, ...]]
    """By service tier, lower case: cards for prompts by size, the largest first; the last one fits all."""
    tools: Mapping[str, ToolRate]
    source: str
    checked: date
    file: str
    """The price file that it stands in, and the line."""
    line: int

    def holds(self, at_ms: int) -> bool:
        """True where the entry prices calls of that moment, in milliseconds since the epoch."""
        return (self.starts is None or day_ms(self.starts) <= at_ms) and (
            self.ends is None or at_ms < day_ms(self.ends)
        )

    def card(self, service_tier: str, prompt_tokens: int) -> Card | None:
        """The rates of a service tier for a prompt of that size; None for a tier that it does not know.

        The whole call is priced by the one card: tiers are no brackets.
        """
        cards = self.tiers.get(service_tier)
        if cards is None:
            return None
        return next((card for card in cards if prompt_tokens > card.above), cards[-1])


def day_ms(day: date) -> int:
    """Milliseconds since the epoch of the first moment of a day, UTC."""
    return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()) * 1000
