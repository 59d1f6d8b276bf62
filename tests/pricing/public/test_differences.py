from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest

from sessiontap.pricing import PriceTable, load_prices
from sessiontap.pricing.public import PublicTable
from sessiontap.pricing.public.differences import Difference, report
from sessiontap.times import epoch_ms

Make = Callable[..., PublicTable]
Ours = Callable[[str], PriceTable]

NOW = epoch_ms("2026-11-23T12:00:00Z")


@pytest.fixture
def ours(write: Callable[..., Path]) -> Ours:
    """A table of the provider `groq`, whose block is given."""

    def make(block: str) -> PriceTable:
        lines = "\n".join(f"    {line}" for line in block.splitlines())
        head = "providers:\n  groq:\n    source: https://example.com\n    checked: 2026-11-23\n"
        return load_prices(write(head + lines + "\n"))

    return make


def differences(ours: PriceTable, public: PublicTable) -> tuple[Difference, ...]:
    """Those of the only model that differs, or none."""
    found = report(ours, public, NOW)
    assert found.missing == ()
    return found.differing[0].differences if found.differing else ()


def test_a_rate_that_differs(ours: Ours, genai: Make) -> None:
    """Ours, theirs, and theirs by ours; the same ones are only counted."""
    found = report(
        ours("models: {m: {input: 3, output: 15}}"), genai({"input_mtok": 3, "output_mtok": 30}), NOW
    )
    (model,) = found.differing
    (one,) = model.differences
    assert one == Difference("output", "standard", 0, None, None, Decimal(15), Decimal(30))
    assert one.ratio == 2
    assert (found.rates, found.agreeing) == (2, ())


def test_what_floats_leave_behind_is_no_difference(ours: Ours, genai: Make) -> None:
    """Nor what is finer than a price file can say."""
    table = ours("models: {m: {input: 0.3, output: 0.000283333333}}")
    assert (
        differences(table, genai({"input_mtok": 0.30000000000000004, "output_mtok": 0.00028333333333})) == ()
    )


def test_effective_rates_are_compared(ours: Ours, genai: Make) -> None:
    """A class that has no rate of its own is worth its parent's, or what the provider derives."""
    table = ours("derive: {cache_read: {input: 0.1}}\nmodels: {m: {input: 3, output: 15}}")
    same = genai(
        {"input_mtok": 3, "cache_read_mtok": 0.3, "cache_write_mtok": 3, "output_reasoning_mtok": 15}
    )
    assert differences(table, same) == ()


def test_what_they_leave_out_is_not_compared(ours: Ours, genai: Make) -> None:
    """Not a class, nor a tier, a region or a tool."""
    table = ours(
        "models: {m: {input: 3, cache_read: 1, output: 15, service: {batch: {x: 0.5}}, regions: {us: {x: 2}},"
        " tools: {web_search: 10}}}"
    )
    assert differences(table, genai({"input_mtok": 3, "output_mtok": 15})) == ()


def test_what_has_no_price_here_and_is_nothing_there_is_the_same(ours: Ours, genai: Make) -> None:
    """An embedding's output."""
    assert differences(ours("models: {m: {input: 3}}"), genai({"input_mtok": 3, "output_mtok": 0})) == ()


def test_prompt_sizes_of_either_are_compared(ours: Ours, genai: Make) -> None:
    """A size that only one has is a difference of that size alone."""
    mine = ours("models: {m: {input: 3, output: 15, above: {200000: {input: 6}}}}")
    (one,) = differences(mine, genai({"input_mtok": 3, "output_mtok": 15}))
    assert (one.price, one.above, one.ours, one.theirs) == ("input", 200_000, Decimal(6), Decimal(3))
    flat = ours("models: {m: {input: 3, output: 15}}")
    tiered = {"input_mtok": {"base": 3, "tiers": [{"start": 200000, "price": 6}]}, "output_mtok": 15}
    (other,) = differences(flat, genai(tiered))
    assert (other.price, other.above, other.ours, other.theirs) == ("input", 200_000, Decimal(3), Decimal(6))


def test_one_token_more_or_less_is_the_same_prompt_size(ours: Ours, genai: Make) -> None:
    """Whether a price begins at a number or above it."""
    mine = ours("models: {m: {input: 3, above: {199999: {input: 6}}}}")
    assert (
        differences(mine, genai({"input_mtok": {"base": 3, "tiers": [{"start": 200000, "price": 6}]}})) == ()
    )


def test_a_service_tier_that_differs_or_is_not_here(ours: Ours, genai: Make) -> None:
    """A tier that we do not know has no price here."""
    table = ours("models: {m: {input: 3, output: 15, service: {batch: {x: 0.5}}}}")
    variants = [
        {"when": {"processing": "batch"}, "prices": {"input_mtok": 1.5, "output_mtok": 10}},
        {"when": {"service_tier": "flex"}, "prices": {"input_mtok": 2}},
    ]
    found = differences(table, genai({"input_mtok": 3, "output_mtok": 15}, price_variants=variants))
    assert [(one.price, one.service_tier, one.ours, one.theirs) for one in found] == [
        ("output", "batch", Decimal("7.5"), Decimal(10)),
        ("input", "flex", None, Decimal(2)),
    ]
    assert found[1].ratio is None


def test_a_regions_uplift_is_compared(ours: Ours, litellm: Make) -> None:
    """With ours of the same region; `*` with that of any."""
    table = ours("models: {m: {input: 1, regions: {us: {x: 1.1}}}}")
    assert differences(table, litellm(input_cost_per_token=1e-6, provider_specific_entry={"us": 1.1})) == ()
    (one,) = differences(table, litellm(input_cost_per_token=1e-6, regional_endpoint_uplift_multiplier=1.2))
    assert (one.region, one.ours, one.theirs) == ("*", Decimal(1), Decimal("1.2"))


def test_a_row_of_a_region_is_compared_with_ours_there(
    write: Callable[..., Path], read: Callable[[object], PublicTable]
) -> None:
    """It has no uplift beside its rates."""
    path = write(
        "providers:\n  aws.bedrock:\n    source: s\n    checked: 2026-11-23\n    prefixes: [eu.]\n"
        "    models: {c: {input: 1, regions: {eu: {x: 1.1}, us-gov-*: {x: 1.2}}}}\n"
    )
    rates = {"bedrock/us-gov-west-1/c": 1.2e-6, "eu.c": 1.1e-6, "bedrock/us-gov-east-1/c": 1e-6}
    rows = {key: {"litellm_provider": "bedrock", "input_cost_per_token": rate} for key, rate in rates.items()}
    found = report(load_prices(path), read(rows), NOW)
    assert (len(found.agreeing), [one.region for one in found.differing[0].differences]) == (
        2,
        ["us-gov-east-1"],
    )


def test_hours_are_compared_all_week(ours: Ours, litellm: Make) -> None:
    """Two ways to say the same are the same; what differs is told with the first hour."""
    off = {"input_cost_per_token": 5e-7, "windows": [{"hours_utc": ["04:00-00:00", "00:00-01:00"]}]}
    theirs = litellm(input_cost_per_token=1e-6, off_peak_pricing=off)
    same = ours("models: {m: {input: 0.5, schedule: [{hours: 01:00-04:00, x: 2}]}}")
    assert differences(same, theirs) == ()
    weekdays = ours("models: {m: {input: 0.5, schedule: [{days: mon-fri, hours: 01:00-04:00, x: 2}]}}")
    (one,) = differences(weekdays, theirs)
    assert (one.hours, one.ours, one.theirs) == ("sat 01:00", Decimal("0.5"), Decimal(1))


def test_tools_are_compared(ours: Ours, litellm: Make) -> None:
    """USD per thousand uses; one that we have no price for is a difference."""
    search = {"search_context_cost_per_query": {"search_context_size_medium": 0.01}}
    table = ours("models: {m: {input: 1}}")
    (one,) = differences(table, litellm(input_cost_per_token=1e-6, **search))
    assert (one.price, one.ours, one.theirs) == ("web_search", None, Decimal(10))


def test_models_that_are_missing_and_those_that_are_ours_alone(ours: Ours, genai: Make) -> None:
    """A model whose last price has ended is missing too."""
    table = ours("models: {a: {input: 1}, m: {input: 1, until: 2026-01-01}}")
    found = report(table, genai({"input_mtok": 1}), NOW)
    assert [model.quote.model for model in found.missing] == ["m"]
    assert found.only_ours == (("groq", "a"),)
    assert report(table, genai({"input_mtok": 1}), NOW, ["openai"]).missing == ()


def test_a_models_other_names_find_it(ours: Ours, genai: Make) -> None:
    """A family's own name may be nobody's."""
    match = {"or": [{"equals": "real-name"}]}
    assert differences(ours("models: {real-name: {input: 1}}"), genai({"input_mtok": 1}, match=match)) == ()


def test_long_prompts_in_a_tier_that_says_nothing_of_them(ours: Ours, litellm: Make) -> None:
    """They are not compared where only the standard tier has a price for them."""
    table = ours("models: {m: {input: 1, above: {200000: {x: 2}}, service: {flex: {x: 0.5}}}}")
    public = litellm(
        input_cost_per_token=1e-6,
        input_cost_per_token_above_200k_tokens=2e-6,
        input_cost_per_token_flex=5e-7,
    )
    assert report(table, public, NOW).rates == 3
    assert differences(table, public) == ()
