from __future__ import annotations

import pytest

from sessiontap.apis import APIS
from sessiontap.apis.reading import ReplyFacts
from sessiontap.untrusted import JsonObject
from sessiontap.usage import Usage


def _facts(*events: JsonObject) -> ReplyFacts:
    reader = APIS["gemini.generate_content"].reader()
    for event in events:
        reader.feed(event)
    return reader.facts()


def _searched(*queries: object) -> JsonObject:
    return {"candidates": [{"groundingMetadata": {"webSearchQueries": list(queries)}}]}


def test_the_last_usage_counts_as_a_whole() -> None:
    """Tools reset the counters on the way: what a chunk leaves out is not taken from an earlier one."""
    facts = _facts(
        {"usageMetadata": {"promptTokenCount": 46, "candidatesTokenCount": 51, "thoughtsTokenCount": 101}},
        {"usageMetadata": {"promptTokenCount": 46}},
        {
            "usageMetadata": {
                "promptTokenCount": 15,
                "toolUsePromptTokenCount": 360,
                "candidatesTokenCount": 9,
            }
        },
    )
    assert facts.usage == Usage(input_tokens=375, output_tokens=9)


def test_a_chunk_without_usage_changes_nothing() -> None:
    """A last chunk that carries no usage leaves the one before it in force."""
    facts = _facts({"usageMetadata": {"promptTokenCount": 4}}, {"candidates": [{"finishReason": "STOP"}]})
    assert facts.usage == Usage(input_tokens=4)
    assert facts.complete


@pytest.mark.parametrize(
    ("events", "searches"),
    [
        ([_searched("a", "b")], 2),
        ([_searched("a", "", " ", "a", None, 7)], 1),
        ([_searched("a"), _searched("a", "b")], 2),
        ([_searched("", "")], None),
        ([{"candidates": [{"groundingMetadata": {"groundingChunks": [{}]}}]}], None),
        ([{"candidates": [{"groundingMetadata": {"webSearchQueries": "a"}}]}], None),
    ],
)
def test_unique_queries_are_searches(events: list[JsonObject], searches: int | None) -> None:
    """Every different query that is not empty is one search, however many chunks repeat it."""
    assert _facts(*events).usage == Usage(web_search_requests=searches)


@pytest.mark.parametrize(
    ("usage", "tier"),
    [
        ({"promptTokenCount": 1, "serviceTier": "priority"}, "priority"),
        ({"promptTokenCount": 1, "trafficType": "ON_DEMAND_FLEX"}, "ON_DEMAND_FLEX"),
        ({"promptTokenCount": 1, "serviceTier": "flex", "trafficType": "ON_DEMAND"}, "flex"),
        ({"promptTokenCount": 1}, None),
    ],
)
def test_the_traffic_stands_in_for_the_tier(usage: JsonObject, tier: str | None) -> None:
    """Vertex AI names the kind of traffic where the Gemini API names the service tier."""
    assert _facts({"usageMetadata": usage}).service_tier == tier


def test_an_error_in_a_stream_leaves_the_usage() -> None:
    """What was billed before an error inside a stream stays known."""
    facts = _facts(
        {"usageMetadata": {"promptTokenCount": 20}},
        {"error": {"code": 503, "status": "UNAVAILABLE", "message": "Overloaded."}},
    )
    assert (facts.usage, facts.error_type) == (Usage(input_tokens=20), "UNAVAILABLE")
    assert not facts.complete


def test_code_assist_wraps_the_same_responses() -> None:
    """The response inside the wrapping is read; an error comes without one."""
    reader = APIS["gemini.code_assist"].reader()
    response = {"candidates": [{"content": {"parts": [{"text": "x"}]}}], "modelVersion": "gemini-2.5-pro"}
    assert reader.feed({"response": response, "traceId": "t"})
    assert reader.facts().model == "gemini-2.5-pro"
    reader.feed({"error": {"status": "RESOURCE_EXHAUSTED"}})
    assert reader.facts().error_type == "RESOURCE_EXHAUSTED"
    assert APIS["gemini.code_assist"].read_request({"model": "m", "request": {}}).model == "m"
