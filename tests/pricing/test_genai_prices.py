"""Our prices beside those of genai-prices, an independent table and engine: every model that both know.

Random usages, in every service tier that both know, on the days around each change of a price.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

import msgspec
import pytest

from sessiontap.call import Call
from sessiontap.pricing import PriceTable
from sessiontap.pricing.entry import Entry
from sessiontap.pricing.terms import STANDARD
from sessiontap.usage import Usage

genai_prices: Any = pytest.importorskip("genai_prices")
data_snapshot: Any = pytest.importorskip("genai_prices.data_snapshot")

_PROVIDERS = {"anthropic": "anthropic", "gcp.gemini": "google", "openai": "openai"}
_NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
_CONTEXTS: dict[str, dict[str, str]] = {
    STANDARD: {},
    "batch": {"processing": "batch"},
    "flex": {"service_tier": "flex"},
    "priority": {"service_tier": "priority"},
    "fast": {"speed": "fast"},
}
# Names that our patterns fit; aliases are in the table.
_NAMES = {
    "gcp.gemini": [
        "gemini-1.5-pro-002",
        "gemini-2.0-flash-001",
        "gemini-2.0-flash-lite-001",
        "gemini-2.5-flash-native-audio-preview-12-2025",
        "gemini-2.5-pro-preview-05-06",
        "gemini-3.1-flash-lite-preview-06-2026",
        "gemma-3-27b-it",
        "gemma-3n-e4b-it",
    ],
    "openai": [
        "ft:gpt-3.5-turbo-0125:acme::abc",
        "ft:gpt-4o-2024-08-06:acme::abc",
        "ft:gpt-4o-mini-2024-07-18:acme::abc",
    ],
}


class Case(NamedTuple):
    """One call, and what both sides say that it costs."""

    model: str
    name: str
    tier: str
    at: datetime
    usage: Usage
    ours: Decimal | None
    theirs: Decimal


def _any(_: Case) -> bool:
    return True


def _cached(case: Case) -> bool:
    return bool(case.usage.cache_read_input_tokens)


def _cached_or_written(case: Case) -> bool:
    return bool(case.usage.cache_read_input_tokens or case.usage.cache_creation_input_tokens)


def _audio(case: Case) -> bool:
    return bool(case.usage.input_audio_tokens or case.usage.output_audio_tokens)


def _searched(case: Case) -> bool:
    return bool(case.usage.web_search_requests)


def _long_until(end: date) -> Callable[[Case], bool]:
    return lambda case: (case.usage.input_tokens or 0) > 200_000 and case.at.date() < end


def _long_since(start: date) -> Callable[[Case], bool]:
    return lambda case: (case.usage.input_tokens or 0) > 200_000 and case.at.date() >= start


# Model -> in which calls the two differ, and why.
_DIFFERENCES: dict[str, tuple[Callable[[Case], bool], str]] = {
    "claude-2": (_cached_or_written, "had no cache; our provider's rule for caches is without effect"),
    "claude-sonnet-4": (
        _long_until(date(2026, 4, 30)),
        "no tier there; https://thenewstack.io/anthropics-claude-sonnet-4-model-gets-a-1m-token-context-window/",
    ),
    "claude-sonnet-4-5": (
        _long_since(date(2026, 4, 30)),
        "the tier stays there although, by its own comment, the 1M context ended on 2026-04-30",
    ),
    "gemini-1.5-flash-8b": (
        _any,
        "taken for gemini-1.5-flash there (`contains`); its gemini-flash-1.5-8b has our rates",
    ),
    "gemini-1.5-pro": (_cached, "no rate for the cache there; its gemini-pro-1.5 has ours"),
    "gpt-4o-audio-preview": (_audio, "no rates for audio there; LiteLLM has ours"),
    "gpt-4o-mini-audio-preview": (_audio, "no rates for audio there; LiteLLM has ours"),
    "gpt-4o-mini-search-preview": (
        _searched,
        "10 per 1000 searches there; LiteLLM has 25, the preview's price",
    ),
    "gpt-4o-search-preview": (_cached, "no rate for the cache there; LiteLLM has ours"),
    "ft:gpt-4o": (_cached, "no rate for the cache there; LiteLLM has ours, from OpenAI's page"),
    "ft:gpt-4o-mini": (_cached, "no rate for the cache there; LiteLLM has ours, from OpenAI's page"),
    "o3": (
        lambda case: _cached(case) and case.at.date() < date(2025, 6, 10),
        "0.50 there before the reduction too; cached input was a quarter of 10 then as it is of 2 now",
    ),
}


def _usages(seed: str) -> Iterator[Usage]:
    """Usages of all sizes: with every class of tokens, with one beside the text, and with none."""
    dice = random.Random(seed)
    for size in (5_000, 110_000, 190_000, 260_000, 400_000):
        for kinds in (
            ("cache", "write", "audio", "image"),
            ("cache",),
            ("write",),
            ("audio",),
            ("image",),
            (),
        ):
            total, output = dice.randint(size * 3 // 4, size), dice.randint(100, 20_000)
            share = {kind: dice.randint(1, total // 5) for kind in kinds}
            cached_audio = dice.randint(0, share.get("cache", 0)) if "audio" in kinds else 0
            yield Usage(
                input_tokens=total,
                cache_read_input_tokens=share.get("cache", 0),
                cache_creation_input_tokens=share.get("write", 0),
                cache_creation_1h_input_tokens=dice.randint(0, share.get("write", 0)),
                input_audio_tokens=share.get("audio", 0) + cached_audio,
                cache_read_input_audio_tokens=cached_audio,
                input_image_tokens=share.get("image", 0),
                output_tokens=output,
                reasoning_output_tokens=output // 3,
                output_audio_tokens=output // 5 if "audio" in kinds else 0,
                output_image_tokens=output // 7 if "image" in kinds else 0,
                # At most one: Gemini 2 is billed by prompts that searched, theirs by searches.
                web_search_requests=dice.randint(0, 1),
                file_search_requests=dice.randint(0, 3),
            )


def _theirs(model: Any, provider: Any, usage: Usage, at: datetime, tier: str) -> Decimal:
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


def _comparable(model: Any, entry: Entry, at: datetime, usage: Usage) -> Usage:
    """The usage without what only one side prices: tools there, output of embeddings here."""
    prices = model.get_prices(at)
    without: dict[str, int | None] = {}
    if prices.web_searches_kcount is None:
        without["web_search_requests"] = None
    if prices.storage_searches_kcount is None:
        without["file_search_requests"] = None
    if entry.cards(STANDARD)[-1].rate("output") is None:
        without |= {name: None for name in Usage.__struct_fields__ if "output" in name}
    return msgspec.structs.replace(usage, **without)


def _moments(entry: Entry) -> set[datetime]:
    """Noon of the first and of the last day, and now, as far as the entry holds then."""
    noon = timedelta(hours=12)
    first = datetime.combine(entry.starts, datetime.min.time(), UTC) + noon if entry.starts else None
    last = datetime.combine(entry.ends, datetime.min.time(), UTC) - noon if entry.ends else None
    moments = {moment for moment in (first, last) if moment}
    if (first is None or first <= _NOW) and (last is None or last >= _NOW):
        moments.add(_NOW)
    return moments


def _knows(model: Any, tier: str, at: datetime) -> bool:
    """True where their table has the tier on that day: most begin when somebody looked them up."""
    return tier == STANDARD or any(
        variant.when == _CONTEXTS[tier] and (variant.constraint is None or variant.constraint.active(at))
        for variant in model.price_variants or ()
    )


def _find(provider: str, name: str) -> tuple[Any, Any] | None:
    try:
        found: tuple[Any, Any] = data_snapshot.get_snapshot().find_provider_model(
            name, None, _PROVIDERS[provider], None
        )
    except LookupError:
        return None
    return found


def _cases(ours: PriceTable, make_call: Callable[..., Call]) -> Iterator[Case]:
    for provider, rows in ours.providers.items():
        for name in (*rows.names.models, *_NAMES.get(provider, ())):
            match = ours.match(provider, name)
            found = _find(provider, name)
            if found is None or match is None:
                continue
            model = match.model
            their_provider, their_model = found
            for entry in match.entries:
                for at in _moments(entry):
                    for tier in set(entry.service_tiers) & _CONTEXTS.keys():
                        if not _knows(their_model, tier, at):
                            continue
                        for each in _usages(f"{name} {tier}"):
                            usage = _comparable(their_model, entry, at, each)
                            call = make_call(
                                provider=provider,
                                response_model=name,
                                service_tier=tier,
                                started_at=at.isoformat(),
                                usage=usage,
                            )
                            theirs = _theirs(their_model, their_provider, usage, at, tier)
                            yield Case(model, name, tier, at, usage, ours.price(call).cost_usd, theirs)


def test_costs_equal_those_of_genai_prices(ours: PriceTable, make_call: Callable[..., Call]) -> None:
    """To a billionth of a dollar, but for the listed differences; and each of those is still one."""
    names: set[str] = set()
    seen: set[str] = set()
    for case in _cases(ours, make_call):
        names.add(case.name)
        if case.ours is not None and abs(case.ours - case.theirs) < Decimal("1e-9"):
            continue
        meant, _ = _DIFFERENCES.get(case.model, (None, ""))
        assert meant is not None, case
        assert meant(case), case
        seen.add(case.model)
    assert seen == _DIFFERENCES.keys()
    assert len(names) > 200
