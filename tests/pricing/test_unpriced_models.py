"""Which recorded models our table has no price for, and why."""

from __future__ import annotations

import collections
from collections.abc import Callable

import msgspec
import pytest

from sessiontap.call import Call
from sessiontap.pricing import PriceTable
from tests.conformance.recorded import metered_exchanges
from tests.oracles.corpus import HTTP_FILE

_STARTED_AT = "2026-11-23T20:00:00.000Z"

pytestmark = pytest.mark.skipif(
    not HTTP_FILE.is_file(), reason="the recorded traffic is not beside the checkout"
)


def _recorded() -> list[Call]:
    """Every recorded call that reports usage, as if it had begun on one day, without a price."""
    return [
        msgspec.structs.replace(each.call, started_at=_STARTED_AT)
        for each in metered_exchanges()
        if each.call is not None and not each.poll and each.call.usage
    ]


# Why a recorded model has no price, by provider and model.
_UNPRICED = {
    ("aws.bedrock", "us.amazon.nova-pro-v1:0"): "the optimized tier has a price in neither table",
    (
        "cerebras",
        "qwen-3-coder-480b",
    ): "taken off before either table had its price; genai-prices has it empty",
    ("cohere", "rerank-english-v2.0"): "retired before either table was made",
    ("cohere", "rerank-multilingual-v2.0"): "retired before either table was made",
    ("crusoe", "zai/GLM-5.2"): "in neither table",
    ("huggingface", "Qwen/Qwen2.5-VL-72B-Instruct"): "the router's providers ask different prices",
    ("huggingface", "deepseek-ai/DeepSeek-R1"): "the router's providers ask different prices",
    (
        "huggingface",
        "meta-llama/Llama-4-Scout-17B-16E-Instruct",
    ): "the router's providers ask different prices",
    ("ollama", "gpt-oss:20b"): "billed by plan",
    ("openai", "dall-e-2"): "billed by the size of the picture, which the record does not have",
    ("openrouter", "deepseek/deepseek-chat"): "OpenRouter alone knows what its search cost",
}


def test_every_recorded_model_has_a_price_or_a_reason(
    ours: PriceTable, print_table: Callable[[str], None]
) -> None:
    """Which recorded models our table leaves unpriced; each reason is still needed."""
    calls = _recorded()
    unpriced: collections.Counter[tuple[str, str]] = collections.Counter()
    for call in calls:
        if ours.price(msgspec.structs.replace(call, cost_usd=None, cost_source=None)).cost_usd is None:
            unpriced[call.provider, call.model or ""] += 1
    models = {(call.provider, call.model) for call in calls}
    entries = list(ours.entries())
    priced = {(provider, model) for provider, model, _ in entries}
    lines = [
        f"{len(ours.providers)} providers, {len(priced)} models, {len(entries)} entries",
        f"{len(calls)} recorded calls of {len(models)} models; unpriced are {unpriced.total()}:",
        *(f"{count:4} {' '.join(key)}: {_UNPRICED.get(key)}" for key, count in sorted(unpriced.items())),
    ]
    print_table("\n".join(lines))
    assert unpriced.keys() == _UNPRICED.keys()
