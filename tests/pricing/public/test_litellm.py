from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest

from sessiontap.pricing.public import PublicTable
from sessiontap.pricing.public.fields import read_field
from sessiontap.pricing.schedule import Window
from sessiontap.pricing.terms import Terms

Make = Callable[..., PublicTable]
Read = Callable[[object], PublicTable]


def terms(table: PublicTable) -> Terms:
    """Of the one model."""
    (quote,) = table.quotes
    (dated,) = quote.dated
    assert dated.starts is None
    return dated.terms


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("input_cost_per_token", ("input", None, None)),
        ("output_cost_per_token_batches", ("output", None, "batch")),
        ("input_cost_per_token_above_200k_tokens", ("input", 200_000, None)),
        ("input_cost_per_token_above_272k_tokens_priority", ("input", 272_000, "priority")),
        ("input_cost_per_token_flex_above_128k_tokens", ("input", 128_000, "flex")),
        ("cache_creation_input_token_cost", ("cache_write", None, None)),
        ("cache_creation_input_token_cost_above_1hr", ("cache_write_1h", None, None)),
        (
            "cache_creation_input_token_cost_above_12hr_above_272k_tokens_ultrafast",
            ("cache_write_12h", 272_000, "ultrafast"),
        ),
        ("cache_read_input_token_cost_balanced", ("cache_read", None, "balanced")),
        ("cache_read_input_audio_token_cost", ("cache_read_audio", None, None)),
        ("cache_read_input_image_token_cost", ("cache_read_image", None, None)),
        ("input_cost_per_video_token", ("input_video", None, None)),
        ("output_cost_per_reasoning_token", ("reasoning", None, None)),
        ("output_cost_per_image_token_batches", ("output_image", None, "batch")),
        ("input_cost_per_token_above_1hr", None),
        ("input_cost_per_pixel", None),
        ("max_tokens", None),
    ],
)
def test_a_key_says_class_size_and_tier(
    key: str, expected: tuple[str, int | None, str | None] | None
) -> None:
    """Endings come in any order and number; what is no price of a token is none."""
    assert read_field(key) == expected


def test_rates_are_what_the_text_says_times_a_million(read: Read) -> None:
    """No float is between: 1.1e-07 is 0.11."""
    row = '{"litellm_provider": "groq", "input_cost_per_token": 1.1e-07, "output_cost_per_token": 0.0000003}'
    found = terms(read('{"groq/m": ' + row + "}"))
    assert found.rates == {"input": Decimal("0.11"), "output": Decimal("0.3")}


def test_tiers_and_sizes_are_what_they_are_with_us(litellm: Make) -> None:
    """A tier's own sizes stand inside of it."""
    found = terms(
        litellm(
            input_cost_per_token=1e-6,
            input_cost_per_token_above_200k_tokens=2e-6,
            input_cost_per_token_flex=5e-7,
            input_cost_per_token_above_200k_tokens_flex=1e-6,
        )
    )
    assert found.above is not None
    assert found.above[200_000].rates == {"input": 2}
    flex = found.service["flex"]
    assert flex is not None
    assert flex.above is not None
    assert (flex.change.rates, flex.above[200_000].rates) == (
        {"input": Decimal("0.5")},
        {"input": Decimal(1)},
    )


def test_steps_of_tiered_pricing_are_prompt_sizes(litellm: Make) -> None:
    """The step that starts at zero is the price of every prompt."""
    steps = [
        {"input_cost_per_token": 1e-6, "range": [0, 32000.0]},
        {"input_cost_per_token": 3e-6, "range": [32000.0, 128000.0]},
    ]
    found = terms(litellm(tiered_pricing=steps))
    assert found.rates == {"input": 1}
    assert found.above is not None
    assert {size: dict(change.rates) for size, change in found.above.items()} == {32_000: {"input": 3}}


def test_zero_is_nothing_said(litellm: Make) -> None:
    """A model at zero is counted and not free; one zero beside a price is left out."""
    free = litellm(input_cost_per_token=0.0, output_cost_per_token=0)
    assert (free.quotes, free.without_price) == ((), 1)
    partly = terms(litellm(input_cost_per_token=1e-6, output_cost_per_token=0))
    assert partly.rates == {"input": 1}


@pytest.mark.parametrize(
    "value", [-1e-6, "1e-6", True, None, [1], {"a": 1}, 1e30, float("nan"), float("inf")]
)
def test_what_can_be_no_price_is_nothing_said(litellm: Make, value: object) -> None:
    """Negative, text, infinite, beyond any bill."""
    assert terms(litellm(input_cost_per_token=value, output_cost_per_token=1e-6)).rates == {"output": 1}


def test_uplifts_are_regions(litellm: Make) -> None:
    """That of every regional endpoint spares the global one."""
    us = terms(litellm(input_cost_per_token=1e-6, provider_specific_entry={"us": 1.1, "fast": 2.0})).regions
    assert us["us"] is not None
    assert us["us"].factors == {"input": Decimal("1.1"), "output": Decimal("1.1")}
    everywhere = terms(litellm(input_cost_per_token=1e-6, regional_endpoint_uplift_multiplier=1.1)).regions
    assert set(everywhere) == {"*", "global"}
    assert everywhere["global"] is None
    processing = terms(
        litellm(input_cost_per_token=1e-6, regional_processing_uplift_multiplier_eu=1.1)
    ).regions
    assert set(processing) == {"eu"}


def test_fast_is_a_service_tier_that_multiplies(litellm: Make) -> None:
    """At every prompt size."""
    fast = terms(litellm(input_cost_per_token=1e-6, provider_specific_entry={"fast": 2})).service["fast"]
    assert fast is not None
    assert (fast.change.factors["output"], fast.above) == (Decimal(2), None)


def test_off_peak_hours_are_windows(litellm: Make) -> None:
    """Days count from Monday, and midnight ends the day."""
    off = {
        "input_cost_per_token": 5e-7,
        "windows": [
            {"hours_utc": ["00:00-01:00", "10:00-00:00"], "weekdays": [1, 2, 3, 4, 5]},
            {"hours_utc": "00:00-00:00", "weekdays": [6, 7]},
        ],
    }
    found = terms(litellm(input_cost_per_token=1e-6, off_peak_pricing=off)).schedule
    assert found is not None
    week, late, weekend = found
    assert (week.days, week.start, week.end) == (frozenset(range(5)), 0, 60)
    assert (late.start, late.end) == (600, 1440)
    assert weekend == Window(frozenset({5, 6}), 0, 1440, week.change)
    assert week.change.factors == {"input": Decimal("0.5")}


def test_hours_of_another_clock_are_counted_as_left_out(litellm: Make) -> None:
    """We have UTC alone."""
    off = {"input_cost_per_token": 5e-7, "weekday_timezone": "Asia/Shanghai", "windows": [{"hours_utc": "1"}]}
    found = litellm(input_cost_per_token=1e-6, off_peak_pricing=off)
    assert terms(found).schedule is None
    assert found.left_out == {"off_peak_pricing": 1}


@pytest.mark.parametrize(
    ("fields", "tool", "expected"),
    [
        ({"input_cost_per_query": 0.002}, "search_unit", 2),
        ({"ocr_cost_per_page": 0.001}, "page", 1),
        ({"input_cost_per_character": 1.5e-05, "mode": "audio_speech"}, "character", Decimal("0.015")),
        ({"input_cost_per_second": 0.0001, "mode": "audio_transcription"}, "audio_ms", Decimal("0.0001")),
        ({"output_cost_per_image": 0.04, "mode": "image_generation"}, "image", 40),
        ({"file_search_cost_per_1k_calls": 2.5}, "file_search", Decimal("2.5")),
        (
            {"search_context_cost_per_query": {"search_context_size_medium": 0.01}},
            "web_search",
            10,
        ),
    ],
)
def test_prices_by_the_piece_are_tools(
    litellm: Make, fields: dict[str, object], tool: str, expected: Decimal | int
) -> None:
    """USD per thousand uses."""
    assert terms(litellm(**fields)).tools[tool].usd_per_thousand == expected


def test_a_second_that_is_no_audio_is_no_tool(litellm: Make) -> None:
    """Provisioned capacity is rented by the second."""
    found = litellm(input_cost_per_second=0.01)
    assert (found.quotes, found.left_out) == ((), {"input_cost_per_second of chat": 1})


def test_what_cannot_be_said_is_counted(litellm: Make) -> None:
    """By the table's own key."""
    assert litellm(input_cost_per_token=1e-6, input_cost_per_pixel=1e-9).left_out == {
        "input_cost_per_pixel": 1
    }


def test_providers_that_are_not_here_are_counted(read: Read) -> None:
    """With their number of models."""
    row = {"litellm_provider": "fal_ai", "input_cost_per_token": 1e-6}
    assert read({"fal_ai/a": row, "fal_ai/b": row}).other_providers == {"fal_ai": 2}


@pytest.mark.parametrize(
    ("service", "key", "expected"),
    [
        ("groq", "groq/openai/gpt-oss-20b", ("groq", "openai/gpt-oss-20b", None)),
        ("openai", "gpt-5", ("openai", "gpt-5", None)),
        ("vertex_ai-qwen_models", "vertex_ai/qwen/q", ("gcp.vertex_ai", "qwen/q", None)),
        ("bedrock", "bedrock/us-gov-west-1/anthropic.c", ("aws.bedrock", "anthropic.c", "us-gov-west-1")),
        ("bedrock_converse", "eu.anthropic.c", ("aws.bedrock", "eu.anthropic.c", "eu")),
        ("bedrock", "bedrock/*/1-month/c", ("aws.bedrock", "1-month/c", None)),
        ("bedrock", "us.openai.g", ("aws.bedrock", "us.openai.g", "us")),
        ("azure", "azure/eu/gpt-4o", ("azure.ai.openai", "gpt-4o", "eu")),
        ("azure", "azure/global-standard/gpt-4o", ("azure.ai.openai", "gpt-4o", "global")),
        ("azure", "azure/gpt-4o", ("azure.ai.openai", "gpt-4o", None)),
    ],
)
def test_keys_are_names_by_our_providers(
    read: Read, service: str, key: str, expected: tuple[str, str, str | None]
) -> None:
    """Without the table's prefix, and with the region that the key names."""
    (quote,) = read({key: {"litellm_provider": service, "input_cost_per_token": 1e-6}}).quotes
    assert (quote.provider, quote.model, quote.region) == expected


def test_bedrocks_row_that_costs_more_than_the_global_one_is_of_a_region(read: Read) -> None:
    """It says nothing of the model's price elsewhere."""
    row, dearer = ({"litellm_provider": "bedrock", "input_cost_per_token": usd} for usd in (1e-6, 1.1e-6))
    table = read({"global.a": row, "bedrock_mantle/a": dearer, "a": row, "global.b": row, "b": dearer})
    found = {(quote.model, quote.region) for quote in table.quotes}
    assert found == {
        ("global.a", "global"),
        ("a", "us-east-1"),
        ("a", None),
        ("global.b", "global"),
        ("b", "us-east-1"),
    }
