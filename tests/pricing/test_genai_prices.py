"""Our prices beside those of genai-prices, an independent table and engine: every model that both know.

Random usages, in every service tier that both know, on the days around each change of a
price and now, by day and by night.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from itertools import cycle, islice
from typing import Any

import msgspec
import pytest

from sessiontap.call import Call
from sessiontap.pricing import PriceTable
from sessiontap.pricing.entry import Entry
from sessiontap.pricing.public.services import genai_provider
from sessiontap.pricing.terms import STANDARD
from sessiontap.usage import Usage
from tests.oracles.price_differences import Case, unexplained
from tests.oracles.random_usage import PER_MODEL, random_usages

genai_prices: Any = pytest.importorskip("genai_prices")
data_snapshot: Any = pytest.importorskip("genai_prices.data_snapshot")

_TODAY = date(2026, 11, 23)
_HOURS = (time(2, 30), time(12))  # one is dear where hours count
_CONTEXTS: dict[str, dict[str, str]] = {
    STANDARD: {},
    "batch": {"processing": "batch"},
    "flex": {"service_tier": "flex"},
    "priority": {"service_tier": "priority"},
    "fast": {"speed": "fast"},
}
_SERVICES: dict[str, list[tuple[Any, str]]] = defaultdict(list)
"""Their providers by our name, each with what our names of its models end with."""
for _theirs in data_snapshot.get_snapshot().providers:
    _provider, _ending = genai_provider(_theirs.id)
    if _provider is not None:
        _SERVICES[_provider].append((_theirs, _ending))


def _models(ours: PriceTable, provider: str) -> Iterator[tuple[str, Any, Any, tuple[Entry, ...]]]:
    """Each of their models that we know: our name of it, both sides' rows, and our entries."""
    for theirs, ending in _SERVICES[provider]:
        for model in theirs.models:
            name = f"{model.id}{ending}"
            match = ours.match(provider, name)
            # A few of their ids mean another model to them.
            found = next((each for each in theirs.models if each.is_match(model.id)), None)
            # What has no price per token cannot be compared by tokens.
            priced = match is not None and any(entry.terms.rates for entry in match.entries)
            if match is not None and priced and (found is None or found is model):
                yield name, theirs, model, match.entries


def _moments(model: Any, entry: Entry) -> list[datetime]:
    """Two hours of today and of the days at which either side has a new price, as far as the entry holds."""
    days = {_TODAY, entry.starts or _TODAY}
    listed = model.prices if isinstance(model.prices, list) else []
    for constraint in (price.constraint for price in listed):
        if hasattr(constraint, "start_date"):
            days |= {constraint.start_date, constraint.start_date - timedelta(1)}
    moments = [datetime.combine(day, hour, UTC) for day in days if day <= _TODAY for hour in _HOURS]
    return sorted(at for at in moments if entry.holds(int(at.timestamp() * 1000)))


def _knows(model: Any, tier: str, at: datetime) -> bool:
    """True where their table has the tier on that day: most begin when somebody looked them up."""
    return tier == STANDARD or any(
        variant.when == _CONTEXTS[tier] and (variant.constraint is None or variant.constraint.active(at))
        for variant in model.price_variants or ()
    )


def _comparable(model: Any, entry: Entry, at: datetime, usage: Usage) -> Usage:
    """The usage without what only one side prices: tools there, output of embeddings here."""
    prices = model.get_prices(at)
    without: dict[str, int | None] = {}
    if prices.web_searches_kcount is None:
        without["web_search_requests"] = None
    if prices.storage_searches_kcount is None:
        without["file_search_requests"] = None
    if entry.cards(STANDARD)[-1].rate("output") is None or prices.output_mtok is None:
        without |= {name: None for name in Usage.__struct_fields__ if "output" in name}
    return msgspec.structs.replace(usage, **without)


def _their_cost(model: Any, provider: Any, usage: Usage, at: datetime, tier: str) -> Decimal:
    counts = {
        "input_tokens": usage.input_tokens,
        "cache_read_tokens": usage.cache_read_input_tokens,
        "cache_write_tokens": usage.cache_creation_input_tokens,
        "cache_write_1h_tokens": usage.cache_creation_1h_input_tokens,
        "input_audio_tokens": usage.input_audio_tokens,
        "cache_audio_read_tokens": usage.cache_read_input_audio_tokens,
        "input_image_tokens": usage.input_image_tokens,
        "cache_image_read_tokens": 0,
        "input_video_tokens": 0,
        "output_tokens": usage.output_tokens,
        "output_reasoning_tokens": usage.reasoning_output_tokens,
        "output_audio_tokens": usage.output_audio_tokens,
        "output_image_tokens": usage.output_image_tokens,
        "output_video_tokens": 0,
        "web_searches": usage.web_search_requests,
        "storage_searches": usage.file_search_requests,
    }
    priced: Decimal = model.calc_price(
        genai_prices.Usage(**counts),
        provider,
        genai_request_timestamp=at,
        price_context=_CONTEXTS[tier],
    ).total_price
    return priced


def _cases(ours: PriceTable, make_call: Callable[..., Call], provider: str) -> Iterator[Case]:
    for name, their_provider, their_model, entries in _models(ours, provider):
        where = [
            (entry, at, tier)
            for entry in entries
            for at in _moments(their_model, entry)
            for tier in entry.service_tiers
            if tier in _CONTEXTS and _knows(their_model, tier, at)
        ]
        if not where:
            continue
        pairs = zip(cycle(where), random_usages(name), strict=False)
        for (entry, at, tier), drawn in islice(pairs, PER_MODEL):
            usage = _comparable(their_model, entry, at, drawn)
            call = make_call(
                provider=provider,
                response_model=name,
                service_tier=tier,
                started_at=at.isoformat(),
                usage=usage,
                # Their rows of Bedrock name the profile, or are those of a single region.
                region="global" if name.startswith("global.") else "us-east-1",
            )
            theirs = _their_cost(their_model, their_provider, usage, at, tier)
            yield Case("genai-prices", provider, name, tier, at, usage, ours.price(call).cost_usd, theirs)


@pytest.mark.parametrize("provider", sorted(_SERVICES))
def test_costs_equal_those_of_genai_prices(
    ours: PriceTable, make_call: Callable[..., Call], provider: str
) -> None:
    """To a billionth of a dollar, but for the listed differences; and each of those is still one."""
    found = unexplained("genai-prices", provider, _cases(ours, make_call, provider))
    assert not found, found
