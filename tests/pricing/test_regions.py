from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest

from sessiontap.call import Call
from sessiontap.pricing import PriceTable
from sessiontap.usage import Usage

_BLOCK = """\
derive: {cache_read: {input: 0.1}}
regions: {us: {x: 1.1}}
tools: {web_search: 10}
models:
  tiered: {input: 10, output: 20, above: {2000: {input: 100}}, service: {batch: {x: 0.5}}}
  placed:
    input: 10
    output: 20
    above: {2000: {x: 2}}
    service: {batch: {x: 0.5}}
    regions: {us-gov-*: {x: {input: 1.5}}, us-gov-west-1: {input: 40}, "*": {x: 3}, global: null}
  plain: {input: 10, output: 20, regions: {us: null}}
"""


@pytest.fixture
def price(table: Callable[[str], PriceTable], make_call: Callable[..., Call]) -> Callable[..., Call]:
    """Prices a call by the block above."""
    prices = table(_BLOCK)
    return lambda **fields: prices.price(make_call(**fields))


@pytest.mark.parametrize(
    ("place", "tier", "tokens", "rates"),
    [
        (("tiered", None), None, 1000, (10, 1, 20)),
        (("tiered", "eu"), None, 1000, (10, 1, 20)),
        (("tiered", "us"), None, 1000, ("11", "1.1", "22")),
        (("tiered", "US"), None, 1000, ("11", "1.1", "22")),
        (("tiered", "us"), None, 3000, ("110", "11", "22")),
        (("tiered", "us"), "batch", 3000, ("55", "5.5", "11")),
        (("placed", "global"), None, 1000, (10, 1, 20)),
        (("placed", "eu-west-1"), None, 1000, (30, 3, 60)),
        (("placed", "us-gov-east-1"), None, 1000, (15, "1.5", 20)),
        (("placed", "us-gov-west-1"), None, 1000, (40, 4, 20)),
        (("placed", "us-gov-west-1"), "batch", 3000, (40, 4, 20)),
        (("plain", "us"), None, 1000, (10, 1, 20)),
    ],
)
def test_a_region_changes_the_rates_of_every_size_and_tier(
    price: Callable[..., Call],
    place: tuple[str, str | None],
    tier: str | None,
    tokens: int,
    rates: tuple[int | str, ...],
) -> None:
    """Factors go over all of them; written rates stand in for the standard ones; tools stay as they are."""
    usage = Usage(input_tokens=tokens, cache_read_input_tokens=500, output_tokens=100, web_search_requests=1)
    priced = price(response_model=place[0], region=place[1], service_tier=tier, usage=usage)
    assert priced.cost_breakdown == {
        "input": Decimal(rates[0]) * (tokens - 500) / 1_000_000,
        "cache_read": Decimal(rates[1]) * 500 / 1_000_000,
        "output": Decimal(rates[2]) * 100 / 1_000_000,
        "web_search": Decimal("0.01"),
    }


def test_answers_may_be_charged_by_the_piece(
    table: Callable[[str], PriceTable], make_call: Callable[..., Call]
) -> None:
    """A fee for each answer comes once a call, and not for one that used nothing."""
    prices = table("tools: {request: 5}\nmodels: {m: {input: 1, output: 1}}")
    priced = prices.price(make_call())
    assert priced.cost_breakdown == {
        "input": Decimal("0.001"),
        "output": Decimal("0.0001"),
        "request": Decimal("0.005"),
    }
    assert prices.price(make_call(usage=Usage(input_tokens=0, output_tokens=0))).cost_usd == 0


def test_a_model_may_be_billed_by_other_things_than_tokens_alone(
    table: Callable[[str], PriceTable], make_call: Callable[..., Call]
) -> None:
    """Then its tokens have no price, and its sound, pages or characters do."""
    prices = table("models: {m: {tools: {audio_ms: 0.0001}}}")
    assert prices.price(make_call(usage=Usage(input_audio_ms=60_000))).cost_usd == Decimal("0.006")
    assert prices.price(make_call()).unpriced_reason == "no input rate for model 'm' of provider 'p'"
