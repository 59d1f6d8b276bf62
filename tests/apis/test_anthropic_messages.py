from __future__ import annotations

import pytest

from sessiontap.apis import APIS
from sessiontap.apis.reading import ReplyFacts
from sessiontap.untrusted import JsonObject
from sessiontap.usage import Usage


def _facts(*events: JsonObject) -> ReplyFacts:
    reader = APIS["anthropic.messages"].reader()
    for event in events:
        reader.feed(event)
    return reader.facts()


@pytest.mark.parametrize(
    ("usage", "tier"),
    [
        ({}, None),
        ({"service_tier": "priority", "speed": "standard"}, "priority"),
        ({"service_tier": "standard"}, "standard"),
        ({"service_tier": "standard", "speed": "fast"}, "fast"),
        ({"speed": "fast"}, "fast"),
    ],
)
def test_the_tier_says_all_that_decides_the_rates(usage: JsonObject, tier: str | None) -> None:
    """Fast mode stands for the tier it runs in."""
    assert _facts({"type": "message", "usage": usage}).service_tier == tier
    assert _facts({"type": "message_start", "message": {"usage": usage}}).service_tier == tier


@pytest.mark.parametrize(
    ("geo", "region"),
    [("us", "us"), ("global", "global"), ("not_available", None), (["us"], None), (None, None)],
)
def test_the_region_is_where_the_model_ran(geo: JsonObject, region: str | None) -> None:
    """It is not known where the provider cannot say it."""
    usage: JsonObject = {"inference_geo": geo}
    assert _facts({"type": "message", "usage": usage}).region == region
    assert _facts({"type": "message_start", "message": {"usage": usage}}).region == region


@pytest.mark.parametrize(
    ("start", "delta", "expected"),
    [
        ({"input_tokens": 2479}, {"input_tokens": 404500}, Usage(input_tokens=404500)),
        (
            {"input_tokens": 1, "cache_read_input_tokens": 55096},
            {"cache_read_input_tokens": 0},
            Usage(input_tokens=1, cache_read_input_tokens=0),
        ),
        (
            {"input_tokens": 5, "output_tokens": 1},
            {"output_tokens": 9},
            Usage(input_tokens=5, output_tokens=9),
        ),
    ],
    ids=["grows", "shrinks", "stays"],
)
def test_message_delta_replaces_field_by_field(start: JsonObject, delta: JsonObject, expected: Usage) -> None:
    """The last figure of each field counts: neither the larger of the two, nor their sum."""
    facts = _facts(
        {"type": "message_start", "message": {"usage": start}}, {"type": "message_delta", "usage": delta}
    )
    assert facts.usage == expected


def test_an_error_in_a_stream_leaves_the_usage() -> None:
    """What was billed before an error inside a stream stays known."""
    facts = _facts(
        {"type": "message_start", "message": {"usage": {"input_tokens": 5, "output_tokens": 1}}},
        {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}},
    )
    assert (facts.usage, facts.error_type) == (Usage(input_tokens=5, output_tokens=1), "overloaded_error")
    assert not facts.complete


def test_each_hop_of_a_fallback_is_billed_at_its_own_model() -> None:
    """The declined hop stands in the iterations alone; the totals are the hop's that answered."""
    usage: JsonObject = {
        "input_tokens": 100,
        "output_tokens": 20,
        "iterations": [
            {"type": "message", "model": "claude-opus-5-5", "input_tokens": 90, "output_tokens": 2},
            {
                "type": "fallback_message",
                "model": "claude-opus-4-8",
                "input_tokens": 100,
                "output_tokens": 20,
            },
        ],
    }
    facts = _facts({"type": "message", "model": "claude-opus-4-8", "stop_reason": "end_turn", "usage": usage})
    assert [(part.model, part.usage.input_tokens) for part in facts.usage_parts] == [
        ("claude-opus-5-5", 90),
        ("claude-opus-4-8", 100),
    ]
    assert facts.usage == Usage(input_tokens=190, output_tokens=22)
