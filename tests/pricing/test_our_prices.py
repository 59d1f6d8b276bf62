from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from itertools import pairwise
from urllib.parse import urlsplit

import pytest

from sessiontap.call import Call
from sessiontap.pricing import PriceTable
from sessiontap.pricing.rates import CLASSES
from sessiontap.pricing.terms import STANDARD
from sessiontap.resources import find
from sessiontap.times import epoch_ms
from sessiontap.usage import Usage

_NOW = epoch_ms("2026-11-23T20:00:00.000Z")


def test_every_entry_has_a_page_and_a_day(ours: PriceTable) -> None:
    """One page a provider, its own, and a day that is not in the future."""
    pages: dict[str, set[str]] = {}
    for provider, _, entry in ours.entries():
        if provider == "local":
            assert entry.source == "the machine is the user's own"
            continue
        assert entry.source.startswith("https://"), entry.price_id
        pages.setdefault(provider, set()).add(urlsplit(entry.source).netloc)
        assert date(2026, 11, 23) <= entry.checked <= date.today(), entry.price_id  # noqa: DTZ011 -- as a reader sees it
    assert all(len(hosts) == 1 for hosts in pages.values()), pages


def test_the_models_of_a_provider_stand_under_one_name_each(ours: PriceTable) -> None:
    """Price ids are unique; a provider without a model has others' prices, or says why it has none."""
    ids = [entry.price_id for _, _, entry in ours.entries()]
    assert len(ids) == len(set(ids))
    assert all(rows.models or rows.models_of or rows.unpriced for rows in ours.providers.values())


def test_cached_input_never_costs_more_than_input(ours: PriceTable) -> None:
    """Reading a cache is a discount, at every size and in every tier; writing one is none."""
    for _, _, entry in ours.entries():
        for card in (card for tier in entry.service_tiers for card in entry.cards(tier)):
            rates = {name: card.rate(name) for name in CLASSES}
            fresh, read, written, kept = (
                rates[name] for name in ("input", "cache_read", "cache_write", "cache_write_1h")
            )
            if fresh is None:
                # Billed by the piece, or by what goes in as a film.
                assert entry.tools or "output" in card.rates, entry.price_id
                continue
            assert read is not None
            assert written is not None
            assert kept is not None
            assert read <= fresh <= written <= kept, entry.price_id


def test_long_prompts_never_cost_less(ours: PriceTable) -> None:
    """A larger prompt's card has no smaller rate in any class."""
    for _, _, entry in ours.entries():
        for tier in entry.service_tiers:
            for larger, smaller in pairwise(entry.cards(tier)):
                for name in CLASSES:
                    assert (larger.rate(name) or 0) >= (smaller.rate(name) or 0), (entry.price_id, name)


def test_slow_tiers_cost_no_more_and_fast_ones_no_less_than_standard(ours: PriceTable) -> None:
    """Batch and flex are discounts; priority, fast and ultrafast are surcharges; others are not known."""
    signs = {"batch": -1, "flex": -1, "fast": 1, "priority": 1, "ultrafast": 1}
    for _, _, entry in ours.entries():
        assert set(entry.service_tiers) <= signs.keys() | {STANDARD}, entry.price_id
        for tier in set(entry.service_tiers) - {STANDARD}:
            for prompt in (1, 99_000, 250_000, 999_000):
                card, standard = entry.card(tier, prompt), entry.card(STANDARD, prompt)
                assert card is not None
                assert standard is not None
                for name in CLASSES:
                    rates = card.rate(name) or Decimal(0), standard.rate(name) or Decimal(0)
                    assert (rates[0] - rates[1]) * signs[tier] >= 0, (entry.price_id, tier, name)


def test_every_model_answers_to_its_own_name_and_aliases(ours: PriceTable) -> None:
    """No name is taken by the rule that strips a day, or by a pattern, for another model."""
    for name, provider in ours.providers.items():
        for alias, model in provider.names.models.items():
            for spelling in (alias, f"models/{alias.upper()}"):
                found = ours.match(name, spelling)
                assert found is not None
                assert (found.provider, found.model) == (name, model)
            assert ours.find(name, f"{alias}-foo", _NOW) is None or alias.startswith(
                ("ft:", "gemma-3", "any")
            )


@pytest.mark.parametrize(
    ("provider", "name", "price_id"),
    [
        ("anthropic", "claude-sonnet-4-5-20250929", "anthropic/claude-sonnet-4-5@2026-04-30"),
        ("anthropic", "claude-3-5-haiku-latest", "anthropic/claude-3-5-haiku@2024-10-22"),
        ("anthropic", "claude-opus-4-20250514", "anthropic/claude-opus-4@2025-05-14"),
        ("anthropic", "claude-opus-4-0", "anthropic/claude-opus-4@2025-05-14"),
        ("anthropic", "claude-opus-5-5", "anthropic/claude-opus-5-5"),
        ("gcp.gemini", "models/gemini-2.5-flash", "gcp.gemini/gemini-2.5-flash"),
        ("gcp.gemini", "gemini-2.5-pro-preview-05-06", "gcp.gemini/gemini-2.5-pro"),
        ("gcp.gemini", "gemini-2.0-flash-001", "gcp.gemini/gemini-2.0-flash"),
        ("gcp.gemini", "gemini-2.5-flash-preview-tts", "gcp.gemini/gemini-2.5-flash-preview-tts"),
        (
            "gcp.gemini",
            "gemini-2.5-flash-native-audio-preview-12-2025",
            "gcp.gemini/gemini-2.5-flash-native-audio",
        ),
        ("gcp.gemini", "gemma-3-27b-it", "gcp.gemini/gemma-3"),
        ("openai", "gpt-4o", "openai/gpt-4o@2024-08-06"),
        ("openai", "gpt-4o-2024-11-20", "openai/gpt-4o@2024-08-06"),
        ("openai", "gpt-4o-2024-05-13", "openai/gpt-4o-2024-05-13@2024-05-13"),
        ("openai", "gpt-5-chat-latest", "openai/gpt-5@2025-08-07"),
        ("openai", "gpt-5.6", "openai/gpt-5.6-sol@2026-08-21"),
        ("openai", "ft:gpt-4o-mini-2024-07-18:acme::abc", "openai/ft:gpt-4o-mini"),
        ("openai", "ft:gpt-4o-mini-2024-07-18:acme:name:abc:ckpt-step-90", "openai/ft:gpt-4o-mini"),
        ("openai", "omni-moderation-latest", "openai/omni-moderation"),
    ],
)
def test_names_as_they_come_over_the_wire_find_their_entry(
    ours: PriceTable, provider: str, name: str, price_id: str
) -> None:
    """Snapshots, aliases, previews and fine-tuned models, each at its own price."""
    entry = ours.find(provider, name, _NOW)
    assert entry is not None
    assert entry.price_id == price_id


@pytest.mark.parametrize(
    ("provider", "name"),
    [
        ("anthropic", "claude-opus-9"),
        ("anthropic", "claude-sonnet-4-5-preview"),
        ("anthropic", "claude"),
        ("gcp.gemini", "gemini-2.5-flash-preview-05-20"),
        ("gcp.gemini", "gemini-2.5-flash-foo"),
        ("gcp.gemini", "gemini-2.5-pro-preview-foo"),
        ("gcp.gemini", "gemini-exp-1206"),
        ("openai", "gpt-5-foo"),
        ("openai", "gpt-5.9"),
        ("openai", "ft:gpt-4-0613:acme::abc"),
        ("openai", "ft:gpt-5-2025-08-07:acme::abc"),
        ("openai", "gpt-4o:acme"),
        ("openai", "dall-e-3"),
        ("azure.ai.openai", "gpt-4o-foo"),
        ("groq", "gpt-4o"),
        ("nobody", "gpt-4o"),
    ],
)
def test_a_model_that_shares_a_beginning_is_unpriced(ours: PriceTable, provider: str, name: str) -> None:
    """Nothing is guessed: previews, new versions and fine-tuned models without a price have none."""
    assert ours.find(provider, name, _NOW) is None


@pytest.mark.parametrize(
    ("call", "usd"),
    [
        # What OpenRouter stated for such a call: 4012 of 4020 tokens were written to the cache.
        (
            {
                "provider": "anthropic",
                "response_model": "claude-opus-4-8",
                "usage": Usage(input_tokens=4020, cache_creation_input_tokens=4012),
            },
            "0.025115",
        ),
        # 300,000 tokens, before and after the tier went away.
        (
            {
                "provider": "anthropic",
                "response_model": "claude-opus-4-6",
                "started_at": "2026-02-20T00:00:00.000Z",
                "usage": Usage(input_tokens=300_000, output_tokens=1000),
            },
            "3.0375",
        ),
        (
            {
                "provider": "anthropic",
                "response_model": "claude-opus-4-6",
                "usage": Usage(input_tokens=300_000, output_tokens=1000),
            },
            "1.525",
        ),
        (
            {
                "provider": "anthropic",
                "response_model": "claude-haiku-5-5",
                "service_tier": "batch",
                "usage": Usage(
                    input_tokens=100_001, cache_read_input_tokens=100_000, cache_creation_1h_input_tokens=0
                ),
            },
            "0.00250025",
        ),
        (
            {
                "provider": "anthropic",
                "response_model": "claude-sonnet-5",
                "usage": Usage(input_tokens=1000, web_search_requests=3, web_fetch_requests=5),
            },
            "0.032",
        ),
        (
            {
                "provider": "gcp.gemini",
                "response_model": "gemini-2.5-flash",
                "service_tier": "priority",
                "usage": Usage(input_tokens=1_000_000),
            },
            "0.54",
        ),
        (
            {
                "provider": "gcp.gemini",
                "response_model": "gemini-4-argon",
                "started_at": "2026-12-01T00:00:00.000Z",
                "usage": Usage(input_tokens=1_000_000),
            },
            "4",
        ),
        (
            {
                "provider": "openai",
                "response_model": "gpt-5.5-2026-04-23",
                "service_tier": "flex",
                "usage": Usage(input_tokens=272_001, cache_read_input_tokens=72_001, output_tokens=1000),
            },
            "1.0585005",
        ),
        (
            {
                "provider": "openai",
                "response_model": "gpt-realtime",
                "usage": Usage(
                    input_tokens=1000,
                    cache_read_input_tokens=400,
                    cache_read_input_audio_tokens=300,
                    input_audio_tokens=700,
                    output_tokens=300,
                    output_audio_tokens=200,
                ),
            },
            "0.02816",
        ),
        # A million tokens: in the US, in fast mode, in regions with and without a price of their own.
        (
            {
                "provider": "anthropic",
                "response_model": "claude-opus-4-8",
                "region": "us",
                "usage": Usage(input_tokens=1_000_000),
            },
            "5.5",
        ),
        (
            {
                "provider": "anthropic",
                "response_model": "claude-opus-4-6",
                "service_tier": "fast",
                "usage": Usage(input_tokens=1_000_000),
            },
            "30",
        ),
        (
            {
                "provider": "anthropic",
                "response_model": "claude-opus-4-6",
                "service_tier": "fast",
                "region": "us",
                "usage": Usage(input_tokens=1_000_000),
            },
            "33",
        ),
        (
            {
                "provider": "aws.bedrock",
                "response_model": "us.anthropic.claude-haiku-4-5-20251001-v1:0",
                "region": "us",
                "usage": Usage(input_tokens=1_000_000),
            },
            "1.1",
        ),
        (
            {
                "provider": "aws.bedrock",
                "response_model": "global.anthropic.claude-haiku-4-5-20251001-v1:0",
                "region": "global",
                "usage": Usage(input_tokens=1_000_000),
            },
            "1",
        ),
        (
            {
                "provider": "aws.bedrock",
                "response_model": "anthropic.claude-haiku-4-5-20251001-v1:0",
                "region": "us-gov-west-1",
                "usage": Usage(input_tokens=1_000_000),
            },
            "1.2",
        ),
        (
            {
                "provider": "gcp.vertex_ai",
                "response_model": "claude-haiku-4-5@20251001",
                "region": "us-east5",
                "usage": Usage(input_tokens=1_000_000),
            },
            "1.1",
        ),
        (
            {
                "provider": "openai",
                "response_model": "gpt-5.4",
                "region": "eu",
                "usage": Usage(input_tokens=100_000),
            },
            "0.275",
        ),
        (
            {
                "provider": "openai",
                "response_model": "gpt-4o",
                "region": "eu",
                "usage": Usage(input_tokens=1_000_000),
            },
            "2.5",
        ),
        # DeepSeek at ten in the morning in Beijing: on a Tuesday and on a Sunday.
        (
            {
                "provider": "deepseek",
                "response_model": "deepseek-v4-pro",
                "started_at": "2026-11-24T02:00:00.000Z",
                "usage": Usage(input_tokens=1_000_000),
            },
            "1.32",
        ),
        (
            {
                "provider": "deepseek",
                "response_model": "deepseek-v4-pro",
                "started_at": "2026-11-22T02:00:00.000Z",
                "usage": Usage(input_tokens=1_000_000),
            },
            "0.66",
        ),
        # A minute of sound, a thousand characters, an answer that was searched for.
        (
            {
                "provider": "openai",
                "response_model": "whisper-1",
                "usage": Usage(input_audio_ms=60_000),
            },
            "0.006",
        ),
        (
            {
                "provider": "openai",
                "response_model": "tts-1",
                "usage": Usage(input_characters=1000),
            },
            "0.015",
        ),
        (
            {
                "provider": "perplexity",
                "response_model": "sonar",
                "usage": Usage(input_tokens=500, output_tokens=500),
            },
            "0.006",
        ),
    ],
)
def test_known_costs(
    ours: PriceTable, make_call: Callable[..., Call], call: dict[str, object], usd: str
) -> None:
    """Costs that were worked out by hand, or that providers and their clients state."""
    assert ours.price(make_call(**call)).cost_usd == Decimal(usd)


def test_the_file_is_kept_readable() -> None:
    """Lines that fit a screen, without blanks at their end."""
    for line in find("pricing.yaml").read_text("utf-8").splitlines():
        assert len(line) <= 115, line
        assert line == line.rstrip(), line
