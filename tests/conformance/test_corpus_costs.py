"""Recorded calls priced by our table, beside genai-prices and beside what the providers themselves state."""

from __future__ import annotations

import collections
from collections.abc import Callable, Iterable
from decimal import Decimal

import msgspec
import pytest

from sessiontap.call import Call
from sessiontap.pricing import PriceTable, load_prices
from sessiontap.resources import find
from tests.conformance.metering import finish, fixtures, meter
from tests.conformance.recorded import metered_exchanges
from tests.oracles.corpus import HTTP_FILE

_STARTED_AT = "2026-11-23T20:00:00.000Z"
_CLOSE = Decimal("1e-6")
_needs_corpus = pytest.mark.skipif(
    not HTTP_FILE.is_file(), reason="the recorded traffic is not beside the checkout"
)


@pytest.fixture(scope="module")
def table() -> PriceTable:
    """The project's own prices."""
    return load_prices(find("pricing.yaml"))


def _recorded() -> list[Call]:
    """Every recorded call that reports usage, as if it had begun on one day, without a price."""
    return [
        msgspec.structs.replace(each.call, started_at=_STARTED_AT)
        for each in metered_exchanges()
        if each.call is not None and not each.poll and each.call.usage
    ]


def _by_table(table: PriceTable, call: Call) -> Call:
    return table.price(msgspec.structs.replace(call, cost_usd=None, cost_source=None))


# Why a stated cost may not be the table's; the first that fits counts.
_STATED: tuple[tuple[str, Callable[[Call], bool]], ...] = (
    (
        "a gateway on this machine states what its upstream costs; by the table what is local costs nothing",
        lambda call: call.provider == "local",
    ),
    (
        "OpenRouter's searches and other plugins cost extra, and only its own figure says how much",
        lambda call: (
            call.model in {"openai/gpt-4o-mini", "openai/gpt-5.1-codex-mini", "deepseek/deepseek-chat"}
        ),
    ),
    (
        "OpenRouter rounds to a hundredth of a thousandth, or went to a dearer provider",
        lambda call: call.model == "qwen/qwen3-30b-a3b-instruct-2507",
    ),
    (
        "recorded before the price was halved",
        lambda call: call.model == "google/gemini-3.6-flash",
    ),
    (
        "pictures and searches of xAI's are in neither table",
        lambda call: (
            call.provider == "x_ai" and bool(call.usage.output_images or call.usage.web_search_requests)
        ),
    ),
    ("a model that neither table has for Copilot", lambda call: call.model == "claude-sonnet-4.5"),
    (
        "the documentation's figures are examples, of no price that ever was",
        lambda call: (
            (call.provider, call.model)
            in {("perplexity", "openai/gpt-5-mini"), ("github.copilot", "gpt-5-mini")}
        ),
    ),
)


def _compare_stated(table: PriceTable, calls: Iterable[Call]) -> tuple[list[str], list[Call], int]:
    lines = [f"{'provider':16} {'model':44} {'stated':>14} {'by the table':>14}"]
    unexplained, equal = [], 0
    for call in calls:
        if call.cost_source != "provider" or call.cost_usd is None:
            continue
        ours = _by_table(table, call)
        same = ours.cost_usd is not None and abs(ours.cost_usd - call.cost_usd) <= _CLOSE
        reason = "" if same else next((text for text, fits in _STATED if fits(call)), None)
        equal += same
        if reason is None:
            unexplained.append(ours)
        figure = ours.unpriced_reason if ours.cost_usd is None else f"{ours.cost_usd:14f}"
        lines.append(f"{call.provider:16} {call.model or '':44} {call.cost_usd:14f} {figure}  {reason}")
    return lines, unexplained, equal


@_needs_corpus
def test_stated_costs_are_the_tables_or_it_is_known_why_not(
    table: PriceTable, print_table: Callable[[str], None]
) -> None:
    """What OpenRouter and a gateway stated in recorded traffic, beside what our table says of the calls."""
    lines, unexplained, equal = _compare_stated(table, _recorded())
    print_table("\n".join(lines))
    assert unexplained == []
    assert equal >= 28


def _documented() -> list[Call]:
    """The replies with a stated cost that providers' documentation shows, where nobody recorded one."""
    calls = []
    for each in fixtures():
        if each.provider not in {"x_ai", "perplexity", "github.copilot"}:
            continue
        started = meter(each.match(), each.request_body, each.request_headers())
        ended = finish(started, each.status, each.response_headers(), [each.response_body])
        calls.append(msgspec.structs.replace(ended, started_at=_STARTED_AT))
    return calls


def test_costs_stated_in_documentation_are_the_tables_or_it_is_known_why_not(
    table: PriceTable, print_table: Callable[[str], None]
) -> None:
    """The same for xAI, Perplexity and Copilot, of whom no traffic with a cost was recorded."""
    lines, unexplained, equal = _compare_stated(table, _documented())
    print_table("\n".join(lines))
    assert unexplained == []
    assert equal >= 3


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


@_needs_corpus
def test_every_recorded_model_has_a_price_or_a_reason(
    table: PriceTable, print_table: Callable[[str], None]
) -> None:
    """Which recorded models our table leaves unpriced; each reason is still needed."""
    calls = _recorded()
    unpriced: collections.Counter[tuple[str, str]] = collections.Counter()
    for call in calls:
        if _by_table(table, call).cost_usd is None:
            unpriced[call.provider, call.model or ""] += 1
    models = {(call.provider, call.model) for call in calls}
    entries = list(table.entries())
    priced = {(provider, model) for provider, model, _ in entries}
    lines = [
        f"{len(table.providers)} providers, {len(priced)} models, {len(entries)} entries",
        f"{len(calls)} recorded calls of {len(models)} models; unpriced are {unpriced.total()}:",
        *(f"{count:4} {' '.join(key)}: {_UNPRICED.get(key)}" for key, count in sorted(unpriced.items())),
    ]
    print_table("\n".join(lines))
    assert unpriced.keys() == _UNPRICED.keys()
