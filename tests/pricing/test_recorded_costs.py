"""Recorded exchanges with providers: our cost beside what two other programs make of the same.

genai-prices reads the replies itself; LiteLLM is given the recorded usage.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from decimal import Decimal

import msgspec
import pytest

from sessiontap.call import Call
from sessiontap.pricing import PriceTable
from sessiontap.usage import Usage
from tests.conformance.recorded import Metered, metered_exchanges
from tests.oracles.corpus import HTTP_FILE
from tests.oracles.reasons import Explained, Figures, Reason, explain

pytestmark = pytest.mark.skipif(
    not HTTP_FILE.is_file(), reason="the recorded traffic is not beside the checkout"
)

_NOON = "2026-11-23T12:00:00.000Z"
_LEAST_EQUAL = 950


def _model(figures: Figures, *names: str) -> bool:
    return (figures.call.model or "").startswith(names)


def _without_searches(figures: Figures) -> bool:
    """True where the searches make all of the difference."""
    ours = figures.call.cost_usd
    return ours is not None and bool(figures.by_use) and figures.is_theirs(ours - figures.by_use)


def _rates(figures: Figures, fresh: str, output: str) -> bool:
    """True where their figure is that of these rates for all input and all output."""
    usage = figures.call.usage
    return figures.is_theirs(
        (Decimal(fresh) * (usage.input_tokens or 0) + Decimal(output) * (usage.output_tokens or 0)) / 10**6
    )


_LATENCY = Reason(
    "unpriced: inference that is optimised for latency costs more, and neither table has the rates; "
    "they ask the standard ones",
    "https://aws.amazon.com/bedrock/pricing/",
    lambda each: each.call.service_tier == "optimized" and each.call.cost_usd is None,
)
_ADVISOR = Reason(
    "each of usage.iterations is billed at its own model, the advisor's too; they price what answered",
    "https://platform.claude.com/docs/en/agents-and-tools/tool-use/advisor-tool",
    lambda each: bool(each.call.usage_parts),
)

_GENAI_PRICES = (
    Reason(
        "web and file searches are billed by use; they count tokens",
        "https://developers.openai.com/api/docs/pricing, https://ai.google.dev/gemini-api/docs/pricing",
        _without_searches,
    ),
    _ADVISOR,
    _LATENCY,
    Reason(
        "sound has rates of its own; they have those of text",
        "https://developers.openai.com/api/docs/pricing",
        lambda each: _model(each, "gpt-4o-audio-preview") and bool(each.call.usage.input_audio_tokens),
    ),
    Reason(
        "unpriced: their zero is a model without a price, not a free one",
        "https://www.cerebras.ai/pricing",
        lambda each: each.call.cost_usd is None and not each.theirs,
    ),
    Reason(
        "unpriced: the path names the provider behind, the model does not; they take it from the path",
        "https://huggingface.co/docs/inference-providers",
        lambda each: each.call.provider == "huggingface" and each.call.cost_usd is None,
    ),
    Reason(
        "mistral-large-latest is Mistral Large 3 now; they have the rates of Large 2",
        "https://docs.mistral.ai/getting-started/models/models_overview/",
        lambda each: _model(each, "mistral-large-latest") and _rates(each, "2", "6"),
    ),
    Reason(
        "magistral-small-latest and -medium-latest are other models now; they have the first ones' rates",
        "https://docs.mistral.ai/getting-started/models/models_overview/",
        lambda each: (
            (_model(each, "magistral-medium-latest") and _rates(each, "2", "5"))
            or (_model(each, "magistral-small-latest") and _rates(each, "0.5", "1.5"))
        ),
    ),
    Reason(
        "cached input is a tenth; they do not read how much of it there is",
        "https://docs.mistral.ai/capabilities/completion/prompt_caching",
        lambda each: (
            _model(each, "mistral-medium-latest")
            and bool(each.call.usage.cache_read_input_tokens)
            and _rates(each, "1.5", "7.5")
        ),
    ),
    Reason(
        "the price was cut; they have that of early 2025 for ever",
        "https://api-docs.deepseek.com/news/news250929",
        lambda each: _model(each, "deepseek-chat") and _rates(each, "0.27", "1.1"),
    ),
    Reason(
        "flex is half the price on Vertex AI too; they have no such rate of the model",
        "https://cloud.google.com/vertex-ai/generative-ai/pricing",
        lambda each: (
            each.call.service_tier == "ON_DEMAND_FLEX"
            and each.is_theirs(2 * (each.call.cost_usd or Decimal(0)))
        ),
    ),
)

_LITELLM = (
    Reason(
        "web and file searches are billed by use; its function for tokens counts those alone",
        "https://developers.openai.com/api/docs/pricing, https://ai.google.dev/gemini-api/docs/pricing",
        _without_searches,
    ),
    _ADVISOR,
    _LATENCY,
    Reason(
        "its row for Vertex AI is half as much again as Google's page",
        "https://cloud.google.com/vertex-ai/generative-ai/pricing",
        lambda each: each.call.provider == "gcp.vertex_ai" and _model(each, "gemini-2.0-flash"),
    ),
)


@pytest.fixture(scope="module")
def metered() -> list[Metered]:
    """Every recorded exchange."""
    return metered_exchanges()


def _priced(ours: PriceTable, metered: list[Metered], at: str) -> Iterator[tuple[Metered, Call]]:
    """The calls whose cost is the table's, priced as if they had begun at that moment."""
    for each in metered:
        call = each.call
        if call is None or each.poll or not call.usage or call.cost_source == "provider":
            continue
        # What runs on the user's own machine is free, and what it pretends to be is not.
        if call.usage_source == "reported" and call.provider != "local":
            yield each, ours.price(msgspec.structs.replace(call, started_at=at))


def _report(name: str, found: Explained) -> str:
    lines = [f"{number:5}  {text}" for text, number in found.counted.most_common()]
    return "\n".join([f"our costs beside those of {name}", *lines])


def test_costs_of_recorded_exchanges_equal_those_of_genai_prices(
    ours: PriceTable, metered: list[Metered], print_table: Callable[[str], None]
) -> None:
    """To a billionth of a dollar for each that both can read, but for reasons that are named and needed."""
    pytest.importorskip("genai_prices")
    from tests.oracles.prices import genai_prices_cost

    found = explain(
        (
            Figures(each.where, call, theirs)
            for each, call in _priced(ours, metered, _NOON)
            if (theirs := genai_prices_cost(each.exchange, call)) is not None
        ),
        _GENAI_PRICES,
    )
    print_table(_report("genai-prices", found))
    assert (found.strange, found.idle) == ((), ())
    assert found.counted["equal"] > _LEAST_EQUAL


# Some of what it loads for a provider warns when it is loaded.
@pytest.mark.filterwarnings("ignore:.*ReadOnly.*:UserWarning")
def test_costs_of_recorded_exchanges_equal_those_of_litellm(
    ours: PriceTable, metered: list[Metered], print_table: Callable[[str], None]
) -> None:
    """To a billionth of a dollar for each with tokens that its table knows, but for the reasons named."""
    from tests.oracles.litellm_prices import LiteLLMPrices

    litellm = LiteLLMPrices()
    # It prices by the clock on the wall, where hours count.
    now = datetime.now(UTC).isoformat()
    found = explain(
        (
            Figures(each.where, call, theirs)
            for each, call in _priced(ours, metered, now)
            if _has_tokens(call.usage) and (theirs := litellm.cost(call)) is not None
        ),
        _LITELLM,
    )
    print_table(_report("LiteLLM", found))
    assert (found.strange, found.idle) == ((), ())
    assert found.counted["equal"] > _LEAST_EQUAL


def _has_tokens(usage: Usage) -> bool:
    return bool(usage.input_tokens or usage.output_tokens)
