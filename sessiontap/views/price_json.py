"""Prices as JSON, for programs. The field names are a stable contract; rates are USD per million tokens."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Any, TypeAlias

import msgspec

from sessiontap.pricing.entry import Entry
from sessiontap.pricing.rates import CLASSES, Card, Change
from sessiontap.pricing.schedule import Window
from sessiontap.views.price_estimate import Estimate
from sessiontap.views.price_list import Row, standard
from sessiontap.views.price_show import Known
from sessiontap.views.price_words import window

Json: TypeAlias = dict[str, Any]

_encoder = msgspec.json.Encoder(decimal_format="number")


def encoded(value: object) -> bytes:
    """One line of JSON without the line end; money stays exact."""
    return _encoder.encode(value)


def array(items: Iterable[object]) -> Iterator[bytes]:
    """A JSON array, an item a line; `[]` where there are none."""
    before = b"[\n"
    for item in items:
        yield before + encoded(item)
        before = b",\n"
    yield b"[]\n" if before == b"[\n" else b"\n]\n"


def listed(row: Row) -> Json:
    """A model with the rates that a standard call with a short prompt is priced by."""
    entry = row.entry
    return {"provider": row.provider, "model": row.model, **_head(entry), "rates": rates(standard(entry))}


def shown(known: Known, at_ms: int) -> Json:
    """A model as providers know it: who, by which name, its entries, and all that the one that holds says."""
    match, entry = known.match, known.entry(at_ms)
    return {
        "provider": match.provider,
        "model": match.model,
        "known_to": [{"provider": name, "why": each.why} for name, each in known.asked],
        "entries": [_head(each) for each in match.entries],
        "price": None if entry is None else _whole(entry),
    }


def _whole(entry: Entry) -> Json:
    terms = entry.terms
    return {
        **_head(entry),
        "file": entry.file,
        "line": entry.line,
        "cards": [
            {"service_tier": tier, "above": max(card.above, 0), "rates": rates(card)}
            for tier in entry.service_tiers
            for card in reversed(entry.cards(tier))
        ],
        "service_aliases": dict(entry.service_aliases),
        "regions": {
            name: None if change is None else _change(change) for name, change in terms.regions.items()
        },
        "schedule": [_window(each) for each in terms.schedule or ()],
        "tools": {
            name: {"usd_per_thousand": tool.usd_per_thousand, "per_call": tool.per_call}
            for name, tool in entry.tools.items()
        },
    }


def estimated(estimate: Estimate) -> Json:
    """What a call would cost at some providers; absent is not known."""
    call = estimate.call
    found = {
        "providers": estimate.providers,
        "model": call.request_model,
        "started_at": call.started_at,
        "service_tier": call.service_tier,
        "region": call.region,
        "usage": call.usage,
        "cost_usd": call.cost_usd,
        "cost_breakdown": call.cost_breakdown,
        "price_id": call.price_id,
        "unpriced_reason": call.unpriced_reason,
    }
    return {name: value for name, value in found.items() if value is not None}


def rates(card: Card) -> Mapping[str, Decimal]:
    """By class what a token costs, after fallbacks; a class without a rate is left out."""
    return {name: usd for name in CLASSES if (usd := card.rate(name)) is not None}


def _head(entry: Entry) -> Json:
    days = {"from": entry.starts, "until": entry.ends}
    known = {name: day for name, day in days.items() if day is not None}
    return {"price_id": entry.price_id, **known, "source": entry.source, "checked": entry.checked}


def _change(change: Change) -> Json:
    return {"factors": dict(change.factors), "rates": dict(change.rates)}


def _window(of: Window) -> Json:
    return {"hours": window(of), **_change(of.change)}
