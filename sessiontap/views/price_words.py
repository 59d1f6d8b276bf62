"""Prices in words: rates, what a tier, a region or an hour does to them, tools, days."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal

from sessiontap.pricing.entry import Entry
from sessiontap.pricing.rates import BASES, FALLBACKS, Change
from sessiontap.pricing.schedule import DAYS, Window
from sessiontap.pricing.terms import Terms
from sessiontap.pricing.tools import REQUEST, ToolRate
from sessiontap.views.numbers import UNKNOWN
from sessiontap.views.safe_text import safe


def rate(usd: Decimal | None) -> str:
    """US dollars per million, exactly, with two decimals at least: `3.00`, `0.01875`."""
    if usd is None:
        return UNKNOWN
    text = f"{usd.normalize():f}"
    whole, _, fraction = text.partition(".")
    return f"{int(whole):,}.{fraction:0<2}"


def change(of: Change | None) -> str:
    """Factors and rates, such as `input 6.00, output 22.50`; None is `no change`."""
    if of is None:
        return "no change"
    parts = [f"{name} {rate(usd)}" for name, usd in of.rates.items()]
    return ", ".join([*_factors(of.factors), *parts]) or "no change"


def _factors(factors: Mapping[str, Decimal]) -> list[str]:
    if not factors:
        return []
    if set(factors) == set(BASES) and len(set(factors.values())) == 1:
        return [f"×{_number(next(iter(factors.values())))}"]
    return [f"{name} ×{_number(factor)}" for name, factor in factors.items()]


def window(of: Window) -> str:
    """Its days and hours, and the change: `mon-fri 01:00-04:00 UTC input 6.00`."""
    return f"{_days(of.days)}{_clock(of.start)}-{_clock(of.end)} UTC {change(of.change)}"


def _days(of: frozenset[int]) -> str:
    """`mon-fri `, `sat,mon `; nothing for all of them."""
    days = sorted(of)
    if len(days) == len(DAYS):
        return ""
    in_a_row = len(days) > 1 and days[-1] - days[0] == len(days) - 1
    return f"{DAYS[days[0]]}-{DAYS[days[-1]]} " if in_a_row else ",".join(DAYS[day] for day in days) + " "


def tool(name: str, of: ToolRate) -> str:
    """`web_search 10.00 per 1,000 uses`."""
    per = "answers" if name == REQUEST else "calls with a use" if of.per_call else "uses"
    return f"{name} {rate(of.usd_per_thousand)} per 1,000 {per}"


def days(starts: date | None, ends: date | None) -> str:
    """`from 2026-03-13 until 2026-09-29`, which is the first day that it no longer holds; `at any time`."""
    parts = [] if starts is None else [f"from {starts}"]
    if ends is not None:
        parts.append(f"until {ends}")
    return " ".join(parts) or "at any time"


def extras(terms: Terms) -> str:
    """In a few words what beside the standard rates there is: `>200,000 · batch · us · web_search`."""
    tiers = [name for name, tier in terms.service.items() if tier is not None]
    regions = [name for name, region in terms.regions.items() if region is not None]
    hours = ["hours"] if terms.schedule else []
    sizes = [above(size) for size in sorted(terms.above or {})]
    return safe(" · ".join([*sizes, *tiers, *regions, *hours, *terms.tools]))


def above(size: int) -> str:
    """A prompt size: `>200,000`, or nothing for that of every prompt."""
    return f">{size:,}" if size >= 0 else ""


def parents(entry: Entry) -> dict[str, list[str]]:
    """The classes without a rate of their own, under the one that they cost as."""
    cards = [card for tier in entry.service_tiers for card in entry.cards(tier)]
    written = {name for card in cards for name in card.rates}
    found: dict[str, list[str]] = {}
    for name, above_it in FALLBACKS.items():
        parent = next((each for each in above_it if each in written), None)
        if name not in written and parent is not None:
            found.setdefault(parent, []).append(name)
    return found


def _number(value: Decimal) -> str:
    return f"{value.normalize():f}"


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"
