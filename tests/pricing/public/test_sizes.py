from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest

from sessiontap.pricing.public import PublicTable
from sessiontap.pricing.public.sizes import at_every_size
from sessiontap.pricing.terms import ServiceTier, Terms

Make = Callable[..., PublicTable]
Complete = Callable[..., Terms]

LONG = 200_000


@pytest.fixture
def complete(litellm: Make) -> Complete:
    """The terms of a model that costs 1 and 4, above 200,000 tokens 2 and 6, completed."""

    def make(**fields: object) -> Terms:
        table = litellm(
            input_cost_per_token=1e-6,
            output_cost_per_token=4e-6,
            input_cost_per_token_above_200k_tokens=2e-6,
            output_cost_per_token_above_200k_tokens=6e-6,
            **fields,
        )
        return at_every_size(table.quotes[0].dated[-1].terms)

    return make


def long_prompts(tier: ServiceTier | None) -> dict[str, Decimal]:
    """The rates of a tier for prompts above 200,000 tokens."""
    assert tier is not None
    assert tier.above is not None
    return dict(tier.above[LONG].rates)


def test_a_tier_without_sizes_has_the_standard_ones(complete: Complete) -> None:
    """A discount holds for long prompts too, neither forgotten nor without their surcharge."""
    found = complete(input_cost_per_token_batches=5e-7, output_cost_per_token_batches=1e-6)
    assert long_prompts(found.service["batch"]) == {"input": 1, "output": Decimal("1.5")}


def test_a_class_that_the_tier_has_no_rate_for(complete: Complete) -> None:
    """It costs what it does without the tier."""
    found = complete(input_cost_per_token_batches=5e-7)
    assert long_prompts(found.service["batch"]) == {"input": 1, "output": 6}


def test_what_a_tier_says_stays(complete: Complete) -> None:
    """Only what it leaves out at the size is put in."""
    found = complete(
        input_cost_per_token_flex=5e-7,
        output_cost_per_token_flex=2e-6,
        input_cost_per_token_above_200k_tokens_flex=15e-7,
    )
    assert long_prompts(found.service["flex"]) == {"input": Decimal("1.5"), "output": 3}


def test_a_tier_that_only_multiplies_has_every_size(complete: Complete) -> None:
    """Nothing is written out for it."""
    fast = complete(provider_specific_entry={"fast": 2}).service["fast"]
    assert fast is not None
    assert fast.above is None


def test_without_prompt_sizes_nothing_changes(litellm: Make) -> None:
    """The tier's rates are those of every prompt."""
    terms = litellm(input_cost_per_token=1e-6, input_cost_per_token_flex=5e-7).quotes[0].dated[-1].terms
    assert at_every_size(terms) == terms
