"""What a chat completion's reader makes of the members that OpenAI's relatives add."""

from __future__ import annotations

from decimal import Decimal

import pytest

from sessiontap.apis import APIS
from sessiontap.apis.reading import ReplyFacts
from sessiontap.call import UsagePart
from sessiontap.untrusted import JsonObject
from sessiontap.usage import Usage

_USAGE: JsonObject = {"prompt_tokens": 42, "completion_tokens": 8, "total_tokens": 50}
_READ = Usage(input_tokens=42, output_tokens=8)


def _facts(*events: JsonObject, api: str = "openai.chat") -> ReplyFacts:
    reader = APIS[api].reader()
    for event in events:
        reader.feed(event)
    return reader.facts()


@pytest.mark.parametrize(
    "events",
    [
        [{"usage": _USAGE, "x_groq": {"usage": _USAGE}}],
        [{"x_groq": {"usage": _USAGE}}, {"choices": [], "usage": _USAGE}],
        [{"x_groq": {"id": "r", "usage": _USAGE}}],
    ],
    ids=["both in one chunk", "in two chunks", "only Groq's own"],
)
def test_groqs_usage_counts_once(events: list[JsonObject]) -> None:
    """The same figures in `usage` and `x_groq.usage` are one bill; either alone is enough."""
    assert _facts(*events).usage == _READ


def _compound(first: JsonObject, second: JsonObject, usage: JsonObject) -> ReplyFacts:
    models = [{"model": "a", "usage": first}, {"model": "b", "usage": second}]
    return _facts({"usage": usage, "usage_breakdown": {"models": models}})


def test_the_models_of_a_system_are_billed_apart() -> None:
    """Groq's compound systems bill several models; the parts sum to the whole."""
    facts = _compound(
        {"prompt_tokens": 2378, "completion_tokens": 138},
        {"prompt_tokens": 2285, "completion_tokens": 495},
        {"prompt_tokens": 4663, "completion_tokens": 633, "total_tokens": 5296},
    )
    assert facts.usage == Usage(input_tokens=4663, output_tokens=633)
    assert facts.usage_parts == (
        UsagePart(model="a", usage=Usage(input_tokens=2378, output_tokens=138)),
        UsagePart(model="b", usage=Usage(input_tokens=2285, output_tokens=495)),
    )


def test_parts_that_are_not_the_whole_are_no_parts() -> None:
    """Where the models do not sum to the usage, the usage stands and nothing is said of its parts."""
    facts = _compound(
        {"prompt_tokens": 1, "completion_tokens": 1},
        {"prompt_tokens": 1, "completion_tokens": 1},
        {"prompt_tokens": 3, "completion_tokens": 2},
    )
    assert facts.usage == Usage(input_tokens=3, output_tokens=2)
    assert facts.usage_parts == ()


@pytest.mark.parametrize("breakdown", [None, {"models": None}, {"models": []}, {"models": [{"usage": {}}]}])
def test_an_empty_breakdown_says_nothing(breakdown: object) -> None:
    """Groq sends the member in every reply, mostly without anything in it."""
    assert _facts({"usage": _USAGE, "usage_breakdown": breakdown}).usage_parts == ()


def test_usage_in_a_choice_counts_where_there_is_no_other() -> None:
    """Moonshot's streams have it in the last choice; `usage` proper replaces it, before or after."""
    last: JsonObject = {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop", "usage": _USAGE}]}
    other: JsonObject = {"choices": [], "usage": {"prompt_tokens": 1, "completion_tokens": 1}}
    assert _facts(last).usage == _READ
    assert _facts(last, other).usage == _facts(other, last).usage == Usage(input_tokens=1, output_tokens=1)


def test_timings_count_where_no_usage_is_reported() -> None:
    """llama.cpp reports timings in any case, and usage only where it is asked for it."""
    timings: JsonObject = {"timings": {"cache_n": 40, "prompt_n": 2, "predicted_n": 8}}
    assert _facts(timings).usage == Usage(input_tokens=42, cache_read_input_tokens=40, output_tokens=8)
    assert _facts(timings, {"usage": _USAGE}).usage == _READ
    assert _facts({**timings, "usage": _USAGE}).usage == _READ


def test_the_last_of_cumulative_usages_counts_whole() -> None:
    """Perplexity and vLLM send the usage so far in each chunk; a class that the last lacks is not kept."""
    first: JsonObject = {"usage": {**_USAGE, "num_search_queries": 1, "cost": {"total_cost": 0.1}}}
    last: JsonObject = {"usage": {**_USAGE, "completion_tokens": 5, "cost": {"total_cost": 0.3}}}
    facts = _facts(first, {"usage": None}, last, {"choices": []})
    assert facts.usage == Usage(input_tokens=42, output_tokens=8, reasoning_output_tokens=3)
    assert facts.cost_usd == Decimal("0.3")


@pytest.mark.parametrize(
    ("event", "kind", "message"),
    [
        ({"error": {"message": "m", "type": "t", "code": "tool_use_failed"}}, "t", "m"),
        ({"x_groq": {"id": "r", "error": "m"}}, "error", "m"),
        ({"error": {"code": 502, "message": "m"}, "choices": [{"finish_reason": "error"}]}, "502", "m"),
        ({"error": {"message": "m", "type": "invalid_model", "code": 400}}, "invalid_model", "m"),
        ({"object": "error", "message": "m", "type": "BadRequestError", "code": 400}, "BadRequestError", "m"),
        ({"detail": [{"msg": "m", "loc": ["body"]}]}, "error", "m"),
        ({"message": "m"}, "error", "m"),
    ],
    ids=["Groq", "x_groq", "OpenRouter", "Perplexity", "vLLM", "Mistral", "Cohere"],
)
def test_an_error_after_a_good_start_is_the_calls_error(event: JsonObject, kind: str, message: str) -> None:
    """Inside a stream of status 200, too, every dialect of error is one, and usage beside it is kept."""
    begun: JsonObject = {"choices": [{"index": 0, "delta": {"content": "a"}}]}
    facts = _facts(begun, event, {"usage": _USAGE})
    assert (facts.error_type, facts.error_message) == (kind, message)
    assert facts.usage == _READ
