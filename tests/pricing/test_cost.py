from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal, getcontext, localcontext

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sessiontap.call import Call
from sessiontap.pricing import PriceTable
from sessiontap.pricing.rates import CLASSES
from sessiontap.pricing.tools import TOOLS
from sessiontap.usage import Usage

_EVERY_CLASS = """\
tools:
  web_search: 10
  web_fetch: 0
  file_search: {per_call: 2.5}
  search_unit: 2
  character: 0.015
  audio_ms: 0.0001
  page: 1
  image: 40
models:
  m: {input: 1, cache_read: 2, cache_write: 4, cache_write_1h: 8, input_audio: 16, cache_read_audio: 32,
      input_image: 64, output: 128, reasoning: 256, output_audio: 512, output_image: 1024}
"""

_EVERY_TOKEN = Usage(
    input_tokens=1000,
    cache_read_input_tokens=100,
    cache_creation_input_tokens=200,
    cache_creation_1h_input_tokens=50,
    input_audio_tokens=90,
    cache_read_input_audio_tokens=30,
    input_image_tokens=70,
    output_tokens=500,
    reasoning_output_tokens=100,
    output_audio_tokens=40,
    output_image_tokens=60,
    web_search_requests=3,
    web_fetch_requests=2,
    file_search_requests=4,
)


def _breakdown(call: Call) -> dict[str, str]:
    assert call.cost_breakdown is not None
    return {name: format(usd, "f") for name, usd in call.cost_breakdown.items()}


def test_every_class_and_tool_has_its_rate(
    table: Callable[[str], PriceTable], make_call: Callable[..., Call]
) -> None:
    """Each class at its own rate per million, each tool per thousand uses or per call."""
    call = table(_EVERY_CLASS).price(make_call(usage=_EVERY_TOKEN))
    assert _breakdown(call) == {
        "input": "0.00057",
        "cache_read": "0.00014",
        "cache_write": "0.0006",
        "cache_write_1h": "0.0004",
        "input_audio": "0.00096",
        "cache_read_audio": "0.00096",
        "input_image": "0.00448",
        "output": "0.0384",
        "reasoning": "0.0256",
        "output_audio": "0.02048",
        "output_image": "0.06144",
        "web_search": "0.03",
        "web_fetch": "0",
        "file_search": "0.0025",
    }
    assert call.cost_usd == Decimal("0.18653")
    assert (call.cost_source, call.price_id, call.unpriced_reason) == ("table", "p/m", None)


@pytest.mark.parametrize(
    ("rates", "usd"),
    [
        # 1000 input, of which 100 were read (30 audio), 200 written (50 for an hour), 60 audio, 70 images.
        ("{input: 1, output: 0}", "0.001"),
        ("{input: 1, cache_read: 0, output: 0}", "0.0009"),
        ("{input: 1, cache_write: 0, output: 0}", "0.0008"),
        ("{input: 1, cache_write_1h: 0, output: 0}", "0.00095"),
        ("{input: 1, cache_write: 2, cache_write_1h: 0, output: 0}", "0.0011"),
        ("{input: 1, input_audio: 0, output: 0}", "0.00091"),
        ("{input: 1, input_audio: 0, cache_read: 2, output: 0}", "0.00104"),
        ("{input: 1, cache_read_audio: 0, output: 0}", "0.00097"),
        ("{input: 1, input_image: 0, output: 0}", "0.00093"),
        # 500 output, of which 100 were reasoning, 40 audio and 60 images.
        ("{input: 0, output: 1}", "0.0005"),
        ("{input: 0, output: 1, reasoning: 0}", "0.0004"),
        ("{input: 0, output: 1, output_audio: 0}", "0.00046"),
        ("{input: 0, output: 1, output_image: 0}", "0.00044"),
    ],
)
def test_a_class_without_a_rate_costs_what_its_parent_does(
    table: Callable[[str], PriceTable], make_call: Callable[..., Call], rates: str, usd: str
) -> None:
    """Two lines are a whole entry: input and output stand for everything inside of them."""
    prices = table(f"tools: {{web_search: 0, web_fetch: 0, file_search: 0}}\nmodels: {{m: {rates}}}")
    assert prices.price(make_call(usage=_EVERY_TOKEN)).cost_usd == Decimal(usd)


_TIERED = """\
derive: {cache_read: {input: 0.1}, cache_write: {input: 1.25}}
service_aliases: {auto: standard, fast: priority, gone: nowhere}
service: {batch: {x: 0.5}}
models:
  m:
    input: 8
    output: 16
    above: {1000: {input: 12, output: 18}, 2000: {x: 2}}
    service:
      priority: {x: {input: 2, cache_read: 1}}
      flex: {input: 2, above: null}
      scale: {output: 1, above: {500: {x: {output: 3}}}}
  plain: {input: 8, output: 16, service: {batch: null}}
  x: {input: 8, cache_read: 3, output: 16, above: {1000: {x: 2}}, service: {flex: {input: 1}}}
"""


@pytest.mark.parametrize(
    ("case", "rates"),
    [
        # rates of input, cache_read, cache_write, output
        (("m", None, 1000), "8 0.8 10 16"),
        (("m", "standard", 1000), "8 0.8 10 16"),
        (("m", "auto", 1000), "8 0.8 10 16"),
        (("m", None, 1001), "12 1.2 15 18"),
        (("m", None, 2000), "12 1.2 15 18"),
        (("m", None, 2001), "16 1.6 20 32"),
        (("m", "batch", 1000), "4 0.4 5 8"),
        (("m", "batch", 1001), "6 0.6 7.5 9"),
        (("m", "batch", 2001), "8 0.8 10 16"),
        (("m", " Batch ", 1000), "4 0.4 5 8"),
        (("m", "priority", 1000), "16 0.8 20 16"),
        (("m", "fast", 1001), "24 1.2 30 18"),
        (("m", "flex", 5000), "2 0.2 2.5 16"),
        (("m", "scale", 500), "8 0.8 10 1"),
        (("m", "scale", 501), "8 0.8 10 3"),
        (("plain", None, 5000), "8 0.8 10 16"),
        (("x", None, 1001), "16 6 20 32"),
        (("x", "batch", 1001), "8 3 10 16"),
        (("x", "flex", 1000), "1 3 1.25 16"),
        (("x", "flex", 1001), "2 6 2.5 32"),
    ],
)
def test_tiers_come_down_to_these_rates(
    table: Callable[[str], PriceTable],
    make_call: Callable[..., Call],
    case: tuple[str, str | None, int],
    rates: str,
) -> None:
    """More tokens than the size is another tier for the whole call; service tiers multiply or replace."""
    prices, (model, tier, prompt) = table(_TIERED), case
    found = []
    for usage in (
        Usage(input_tokens=prompt),
        Usage(input_tokens=prompt, cache_read_input_tokens=prompt),
        Usage(input_tokens=prompt, cache_creation_input_tokens=prompt),
    ):
        call = prices.price(make_call(response_model=model, service_tier=tier, usage=usage))
        assert call.cost_usd is not None
        found.append(call.cost_usd * 1_000_000 / prompt)
    both = prices.price(
        make_call(
            response_model=model, service_tier=tier, usage=Usage(input_tokens=prompt, output_tokens=1_000_000)
        )
    )
    assert both.cost_breakdown is not None
    assert [*found, both.cost_breakdown["output"]] == [Decimal(rate) for rate in rates.split()]


@pytest.mark.parametrize(
    ("model", "tier"), [("m", "ultrafast"), ("m", "gone"), ("m", ""), ("plain", "batch"), ("plain", "fast")]
)
def test_a_service_tier_without_a_price_is_unpriced(
    table: Callable[[str], PriceTable], make_call: Callable[..., Call], model: str, tier: str
) -> None:
    """A tier that the entry does not know is not guessed to be the standard one; an empty name is none."""
    call = table(_TIERED).price(make_call(response_model=model, service_tier=tier))
    if tier:
        assert call.cost_usd is None
        assert (
            call.unpriced_reason == f"no price for service tier '{tier}' of model '{model}' of provider 'p'"
        )
    else:
        assert call.price_id == "p/m"


@pytest.mark.parametrize(
    ("usage", "reason"),
    [
        (Usage(input_tokens=1, output_tokens=1), "no output rate for model 'm' of provider 'p'"),
        (Usage(output_tokens=2, output_audio_tokens=2), "no output_audio rate for model 'm' of provider 'p'"),
        (Usage(input_tokens=1, web_search_requests=1), "no web_search rate for model 'm' of provider 'p'"),
        (Usage(file_search_requests=1), "no file_search rate for model 'm' of provider 'p'"),
    ],
)
def test_what_is_used_and_has_no_rate_makes_the_call_unpriced(
    table: Callable[[str], PriceTable], make_call: Callable[..., Call], usage: Usage, reason: str
) -> None:
    """Never a part of the cost for the whole; the reason names the class or the tool."""
    call = table("models: {m: {input: 1}}").price(make_call(usage=usage))
    assert (call.cost_usd, call.cost_breakdown, call.cost_source, call.price_id) == (None, None, None, None)
    assert call.unpriced_reason == reason
    assert call.unpriced


def test_what_is_not_used_needs_no_rate(
    table: Callable[[str], PriceTable], make_call: Callable[..., Call]
) -> None:
    """Embeddings report no output, or zero."""
    call = table("models: {m: {input: 0.02}}").price(
        make_call(usage=Usage(input_tokens=7, output_tokens=0, web_search_requests=0))
    )
    assert call.cost_breakdown == {"input": Decimal("0.00000014")}


def test_a_stated_rate_of_zero_is_a_price(
    table: Callable[[str], PriceTable], make_call: Callable[..., Call]
) -> None:
    """Free is known; it is not the same as unknown."""
    call = table("models: {m: {input: 0, output: 0}}").price(make_call())
    assert (call.cost_usd, call.price_id, call.unpriced) == (Decimal(0), "p/m", False)
    assert call.cost_breakdown == {"input": Decimal(0), "output": Decimal(0)}


def test_rates_never_pass_through_a_float(
    table: Callable[[str], PriceTable], make_call: Callable[..., Call]
) -> None:
    """0.1 is a tenth, with as many digits as the file has."""
    product = str(123456789_123456789012 * 9_007_199_254_740_991)
    call = table("models: {m: {input: 0.1, output: 123456789.123456789012}}").price(
        make_call(usage=Usage(input_tokens=3, output_tokens=9_007_199_254_740_991))
    )
    assert _breakdown(call) == {
        "input": "0.0000003",
        "output": f"{product[:-18]}.{product[-18:]}",
    }


def test_the_callers_decimal_context_does_not_matter(
    table: Callable[[str], PriceTable], make_call: Callable[..., Call]
) -> None:
    """A thread that rounds to two digits and traps it gets the same cost, and keeps its context."""
    prices, call = table(_TIERED), make_call(usage=Usage(input_tokens=1_234_567, output_tokens=7_654_321))
    expected = prices.price(call).cost_usd
    with localcontext() as context:
        context.prec = 2
        context.traps = dict.fromkeys(context.traps, True)
        assert prices.price(call).cost_usd == expected
        assert table(_TIERED).price(call).cost_usd == expected
        assert getcontext().prec == 2


@pytest.mark.parametrize(("rate", "usd"), [("30", "30"), ("1000", "1000"), ("0.10", "0.1"), ("0", "0")])
def test_a_cost_is_written_without_exponent_and_idle_zeros(
    table: Callable[[str], PriceTable], make_call: Callable[..., Call], rate: str, usd: str
) -> None:
    """30, and not 3E+1 or 30.000000."""
    call = table(f"models: {{m: {{input: {rate}}}}}").price(make_call(usage=Usage(input_tokens=1_000_000)))
    assert str(call.cost_usd) == usd


_COUNTS = st.none() | st.integers(0, 2**53 - 1)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(usage=st.builds(Usage, **dict.fromkeys(Usage.__struct_fields__, _COUNTS)))
def test_the_breakdown_sums_to_the_cost_exactly(
    table: Callable[[str], PriceTable], make_call: Callable[..., Call], usage: Usage
) -> None:
    """For every usage, also one whose parts are larger than their whole."""
    call = table(_EVERY_CLASS).price(make_call(usage=usage))
    if not usage:
        assert call.cost_usd is None
        return
    assert call.cost_usd is not None
    assert call.cost_breakdown is not None
    with localcontext(prec=200):
        assert sum(call.cost_breakdown.values()) == call.cost_usd
    assert set(call.cost_breakdown) <= {*CLASSES, *TOOLS}
    assert all(usd >= 0 for usd in call.cost_breakdown.values())
