from __future__ import annotations

from decimal import Decimal

import pytest

from sessiontap.apis import APIS
from sessiontap.apis.stated_cost import facts_of_headers, latest_cost, stated_cost
from sessiontap.untrusted import JsonObject
from sessiontap.usage import Usage


@pytest.mark.parametrize(
    ("reply", "cost"),
    [
        ({"usage": {"cost": 0.0145476, "cost_details": {"upstream_inference_cost": 0.0001776}}}, "0.0145476"),
        ({"usage": {"cost": 0, "is_byok": False}}, "0"),
        ({"usage": {"cost": "0.0123"}}, "0.0123"),
        ({"usage": {"cost": {"total_cost": 0.006324}}}, "0.006324"),
        ({"usage": {"cost": {"total_cost": 0.01248, "currency": "USD"}}}, "0.01248"),
        ({"usage": {"cost_in_usd_ticks": 1466250}}, "0.000146625"),
        ({"usage": {"cost_in_usd_ticks": 1}}, "0.0000000001"),
        ({"usage": {"estimated_cost": 0.0000066}}, "0.0000066"),
        ({"usage": {"pydantic_ai_gateway": {"cost_estimate": 3.11e-05}}}, "0.0000311"),
        ({"usageMetadata": {"pydantic_ai_gateway": {"cost_estimate": 3.11e-05}}}, "0.0000311"),
        ({"usage": {"prompt_tokens": 1}, "copilot_usage": {"total_nano_aiu": 3500000}}, "0.000035"),
        ({"copilot_usage": {"total_nano_aiu": 200000000000}}, "2"),
    ],
    ids=[
        "OpenRouter's charge and not its upstream's",
        "a free model",
        "a text",
        "Perplexity",
        "Perplexity's agent",
        "xAI",
        "a tick",
        "DeepInfra",
        "a gateway's estimate",
        "the same beside Gemini's usage",
        "Copilot",
        "Copilot alone",
    ],
)
def test_a_providers_own_cost_is_read(reply: JsonObject, cost: str) -> None:
    """Each provider states its cost in a place and unit of its own; all become exact dollars."""
    assert stated_cost(reply) == Decimal(cost)


@pytest.mark.parametrize(
    "reply",
    [
        {},
        {"usage": {"prompt_tokens": 1}},
        {"usage": {"cost": None}},
        {"usage": {"cost": -1}},
        {"usage": {"cost": True}},
        {"usage": {"cost": {"total_cost": 0.5, "currency": "EUR"}}},
        {"usage": {"cost_in_usd_ticks": 1.5}},
        {"copilot_usage": {"total_nano_aiu": "3"}},
        {"cost": 1},
    ],
)
def test_what_is_no_cost_in_dollars_is_none(reply: JsonObject) -> None:
    """Nothing stated, no amount, or another currency: the cost is not known from the reply."""
    assert stated_cost(reply) is None


def test_with_the_users_own_key_the_cost_is_fee_and_bill() -> None:
    """OpenRouter's fee alone is not what such a call costs; without the provider's bill nothing is known."""
    usage: JsonObject = {
        "cost": 0.00001,
        "is_byok": True,
        "cost_details": {"upstream_inference_cost": 0.0002265},
    }
    assert stated_cost({"usage": usage}) == Decimal("0.0002365")
    assert stated_cost({"usage": {**usage, "cost_details": {"upstream_inference_cost": None}}}) is None


def test_the_last_statement_of_a_stream_counts() -> None:
    """A running cost is replaced, and events that state none leave it."""
    known = latest_cost(None, {"usage": {"cost": 0.5}}, {"usage": {"cost": 0.75}}, {})
    assert known == Decimal("0.75")
    assert latest_cost(known, {"usage": None}) == Decimal("0.75")
    assert latest_cost(None, {}) is None


@pytest.mark.parametrize(
    "api", ["openai.chat", "openai.responses", "openai.embeddings", "anthropic.messages"]
)
def test_the_readers_of_shared_shapes_give_the_cost(api: str) -> None:
    """A gateway states its cost in whichever shape it answers."""
    reader = APIS[api].reader()
    reader.feed({"object": "x", "type": "message", "id": "r", "usage": {"cost": 0.25, "input_tokens": 1}})
    assert reader.facts().cost_usd == Decimal("0.25")


def test_a_copilot_cost_is_read_beside_a_streamed_response() -> None:
    """Copilot's figure may stand in the event or in the response that it carries."""
    stated = {"copilot_usage": {"total_nano_aiu": 3500000}}
    for event in ({**stated, "response": {"id": "r"}}, {"response": {"id": "r", **stated}}):
        reader = APIS["openai.responses"].reader()
        reader.feed({"type": "response.completed", **event})
        assert reader.facts().cost_usd == Decimal("0.000035")


def test_headers_say_what_the_body_does_not() -> None:
    """LiteLLM's proxy states its cost, and Fireworks the prompt, in headers of the reply."""
    facts = facts_of_headers(
        {
            "x-litellm-response-cost": "3.35e-05",
            "fireworks-prompt-tokens": "2048",
            "fireworks-cached-prompt-tokens": "1024",
        }
    )
    assert facts.cost_usd == Decimal("0.0000335")
    assert facts.usage == Usage(input_tokens=2048, cache_read_input_tokens=1024)


@pytest.mark.parametrize("value", ["", "None", "-1", "1.5", "9" * 5000])
def test_headers_that_make_no_sense_say_nothing(value: str) -> None:
    """A header is anybody's text; what is no count there is not known."""
    facts = facts_of_headers({"fireworks-prompt-tokens": value, "x-litellm-response-cost": "None"})
    assert not facts.usage
    assert facts.cost_usd is None
