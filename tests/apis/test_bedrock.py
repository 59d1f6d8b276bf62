from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from sessiontap.apis import APIS
from sessiontap.apis.bedrock_agent import AgentReader
from sessiontap.apis.bedrock_converse import ConverseReader
from sessiontap.apis.bedrock_invoke import InvokeReader
from sessiontap.apis.bedrock_reply import read_headers
from sessiontap.apis.bedrock_usage import read_usage
from sessiontap.providers import DIRECTORY
from sessiontap.untrusted import JsonObject
from sessiontap.usage import Usage

HOST = "bedrock-runtime.us-east-1.amazonaws.com"
METRICS = "amazon-bedrock-invocationMetrics"


def _chunk(said: object) -> JsonObject:
    return {"chunk": {"bytes": base64.b64encode(json.dumps(said).encode()).decode(), "p": "ab"}}


def _invoked(*said: object) -> InvokeReader:
    reader = InvokeReader()
    for each in said:
        reader.feed(_chunk(each))
    return reader


@pytest.mark.parametrize(
    ("usage", "expected"),
    [
        ({}, Usage()),
        ({"totalTokens": 9}, Usage()),
        ({"inputTokens": 5}, Usage(input_tokens=5)),
        ({"cacheReadInputTokens": 7}, Usage(cache_read_input_tokens=7)),
        (
            {"inputTokens": 5, "cacheReadInputTokens": 7, "cacheWriteInputTokens": 9},
            Usage(input_tokens=21, cache_read_input_tokens=7, cache_creation_input_tokens=9),
        ),
        (
            {"inputTokens": 5, "cacheReadInputTokenCount": 7, "cacheWriteInputTokenCount": 0},
            Usage(input_tokens=12, cache_read_input_tokens=7, cache_creation_input_tokens=0),
        ),
        (
            {"cacheReadInputTokens": 0, "cacheReadInputTokenCount": 7},
            Usage(cache_read_input_tokens=0),
        ),
        ({"cacheDetails": [{"ttl": "5m", "inputTokens": 4}]}, Usage()),
        (
            {"cacheDetails": [{"ttl": "1h", "inputTokens": 4}, {"ttl": "1h", "inputTokens": 2}, "?"]},
            Usage(cache_creation_1h_input_tokens=6),
        ),
        ({"inputTokens": -1, "outputTokens": "8", "cacheDetails": {}}, Usage()),
    ],
)
def test_input_includes_what_was_cached(usage: JsonObject, expected: Usage) -> None:
    """Bedrock's input excludes the cache's reads and writes; ours includes them; the unknown stays so."""
    assert read_usage(usage) == expected


def test_headers_state_the_tokens() -> None:
    """The four counts in the headers are read as those of a body are."""
    headers = {
        "x-amzn-bedrock-input-token-count": "3",
        "x-amzn-bedrock-output-token-count": "44",
        "x-amzn-bedrock-cache-read-input-token-count": "9511",
        "x-amzn-bedrock-cache-write-input-token-count": "1956",
    }
    assert read_headers(headers).usage == Usage(
        input_tokens=11470,
        cache_read_input_tokens=9511,
        cache_creation_input_tokens=1956,
        output_tokens=44,
    )


@pytest.mark.parametrize("stated", ["", "-1", "1.5", "+3", " 3", "٣", "9" * 16, "9" * 5000])
def test_a_header_that_is_no_count_is_not_known(stated: str) -> None:
    """What is no whole number, or larger than any bill, is left out."""
    assert read_headers({"x-amzn-bedrock-input-token-count": stated}).usage == Usage()


@pytest.mark.parametrize(
    ("tier", "latency", "expected"),
    [
        ("flex", None, "flex"),
        ("default", "standard", "default"),
        ("default", "optimized", "optimized"),
        (None, "optimized", "optimized"),
        (None, "standard", None),
        (None, None, None),
    ],
)
def test_the_tier_is_what_is_billed(tier: str | None, latency: str | None, expected: str | None) -> None:
    """Latency-optimised inference is a tier of its own; otherwise the stated tier counts."""
    headers = {
        "x-amzn-bedrock-service-tier": tier,
        "x-amzn-bedrock-performanceconfig-latency": latency,
    }
    assert read_headers({name: said for name, said in headers.items() if said}).service_tier == expected


@pytest.mark.parametrize(
    ("event", "kind", "words"),
    [
        ({"message": "No."}, "error", "No."),
        ({"Message": "No."}, "error", "No."),
        ({"__type": "ThrottlingException", "message": "No."}, "ThrottlingException", "No."),
        ({"message": "No.", "originalStatusCode": 500, "resourceName": "r"}, "error", "No."),
        ({"internalServerException": {"message": "No."}}, "internalServerException", "No."),
        ({"serviceUnavailableException": {}}, "serviceUnavailableException", None),
        ({"error": {"type": "InternalFailure", "message": "No."}}, "InternalFailure", "No."),
    ],
)
@pytest.mark.parametrize("api", [name for name in APIS if name.startswith("bedrock.")])
def test_every_kind_of_error_is_read(api: str, event: JsonObject, kind: str, words: str | None) -> None:
    """Exceptions in streams, unmodelled errors and plain bodies end the call as an error."""
    reader = APIS[api].reader()
    assert not reader.feed(event)
    assert (reader.facts().error_type, reader.facts().error_message) == (kind, words)


def test_a_header_names_what_the_body_words() -> None:
    """An error's kind comes from the header where the body has none; the body's words are kept."""
    headers = read_headers({"x-amzn-errortype": "ThrottlingException:http://internal.amazon.com/"})
    reader = ConverseReader()
    assert reader.facts().filled_in_by(headers).error_type == "ThrottlingException"
    reader.feed({"message": "Slow down."})
    facts = reader.facts().filled_in_by(headers)
    assert (facts.error_type, facts.error_message) == ("ThrottlingException", "Slow down.")
    reader.feed({"modelTimeoutException": {"message": "Late."}})
    assert reader.facts().filled_in_by(headers).error_type == "modelTimeoutException"


@pytest.mark.parametrize("seen", range(3))
def test_a_converse_stream_is_whole_with_its_usage(seen: int) -> None:
    """A stream that stops before its metadata is not whole: the bill would be missing."""
    events: list[JsonObject] = [
        {"contentBlockDelta": {"delta": {"text": "Hi"}}},
        {"messageStop": {"stopReason": "end_turn"}},
        {"metadata": {"usage": {"inputTokens": 1, "outputTokens": 2}}},
    ]
    reader = ConverseReader()
    for event in events[: seen + 1]:
        reader.feed(event)
    assert reader.facts().complete == (seen == 2)


def test_metrics_only_fill_in() -> None:
    """The metrics that repeat a model's counts change none, and give those that the model leaves out."""
    start = {"type": "message_start", "message": {"type": "message", "usage": {"input_tokens": 5}}}
    metrics = {METRICS: {"inputTokenCount": 99, "outputTokenCount": 7, "cacheReadInputTokenCount": 0}}
    facts = _invoked(start, {"type": "message_stop", **metrics}).facts()
    assert facts.usage == Usage(input_tokens=5, cache_read_input_tokens=0, output_tokens=7)
    assert facts.complete


@pytest.mark.parametrize("before", [{}, {"type": "ping"}, {"is_finished": False}])
def test_a_shape_is_recognised_when_it_shows(before: dict[str, Any]) -> None:
    """An object that says nothing of the shape does not settle it."""
    usage = {"inputTokens": 3, "outputTokens": 4}
    facts = _invoked(before, {"messageStart": {"role": "assistant"}}, {"metadata": {"usage": usage}}).facts()
    assert facts.usage == Usage(input_tokens=3, output_tokens=4)


@pytest.mark.parametrize(
    "carried", ["", "!", "ü", "SGk", "SGVsbG8=", "/w==", "W10=", "W1tb" * 25_000, 7, None]
)
def test_a_chunk_that_carries_no_object_is_passed_over(carried: object) -> None:
    """What is no base64, no JSON or no object is no output, and the stream goes on."""
    reader = InvokeReader()
    assert not reader.feed({"chunk": {"bytes": carried}})
    assert reader.feed(_chunk({"outputText": "Hi", "inputTextTokenCount": 3}))
    assert reader.facts().usage == Usage(input_tokens=3)


def test_counts_of_a_stream_are_the_last_ones() -> None:
    """Llama counts its output up in every chunk: the last count stands."""
    facts = _invoked(
        {"generation": "a", "prompt_token_count": 9, "generation_token_count": 1},
        {"generation": "b", "prompt_token_count": None, "generation_token_count": 2},
    ).facts()
    assert facts.usage == Usage(input_tokens=9, output_tokens=2)
    assert not facts.complete


def test_several_results_add_up() -> None:
    """Titan counts the output of each of its results."""
    reader = InvokeReader()
    results = [{"tokenCount": 3, "completionReason": "FINISH"}, {"tokenCount": 4}]
    reader.feed({"inputTextTokenCount": 9, "results": results})
    assert reader.facts().usage == Usage(input_tokens=9, output_tokens=7)
    assert reader.facts().finish_reasons == ("FINISH",)


@pytest.mark.parametrize(("documents", "searches"), [(0, None), (1, 1), (100, 1), (101, 2), (250, 3)])
def test_a_search_covers_a_hundred_documents(documents: int, searches: int | None) -> None:
    """A ranking is billed by the hundred documents, begun hundreds whole."""
    body: JsonObject = {"documents": ["x"] * documents}
    assert APIS["bedrock.rerank"].read_request(body).usage == Usage(search_units=searches)


def _step(trace_id: str, model: str | None, tokens: int) -> list[JsonObject]:
    asked = {"modelInvocationInput": {"traceId": trace_id, "foundationModel": model}}
    usage = {"inputTokens": tokens, "outputTokens": 1}
    answered = {"modelInvocationOutput": {"traceId": trace_id, "metadata": {"usage": usage}}}
    return [{"trace": {"trace": {"orchestrationTrace": each}}} for each in (asked, answered)]


@pytest.mark.parametrize(("second", "parts"), [("nova-pro", 2), (None, 0)])
def test_an_agents_parts_sum_to_its_usage(second: str | None, parts: int) -> None:
    """Every step's tokens count; parts are given only where each step names its model."""
    reader = AgentReader()
    for event in (*_step("t1", "nova-lite", 10), *_step("t2", second, 20)):
        reader.feed(event)
    facts = reader.facts()
    assert facts.usage == Usage(input_tokens=30, output_tokens=2)
    assert len(facts.usage_parts) == parts


@pytest.mark.parametrize(
    ("path", "api", "model"),
    [
        ("/model/amazon.nova-lite-v1%3A0/converse", "bedrock.converse", "amazon.nova-lite-v1:0"),
        (
            "/model/arn:aws:bedrock:eu-west-1::foundation-model/meta.llama3-70b-instruct-v1:0/invoke",
            "bedrock.invoke",
            "arn:aws:bedrock:eu-west-1::foundation-model/meta.llama3-70b-instruct-v1:0",
        ),
        ("/model/cohere.embed-v4:0/invoke", "bedrock.embeddings", "cohere.embed-v4:0"),
        ("/model/amazon.rerank-v1%3A0/invoke", "bedrock.rerank", "amazon.rerank-v1:0"),
        ("/model/amazon.titan-image-generator-v2:0/invoke", "bedrock.images", None),
        ("/model/anthropic.claude-v2/count-tokens", None, None),
        ("/guardrail/g1/version/1/apply", None, None),
        ("/async-invoke", None, None),
    ],
)
def test_a_path_names_api_and_model(path: str, api: str | None, model: str | None) -> None:
    """The path says what is asked of which model; counting tokens and applying guardrails is no call."""
    found = DIRECTORY.match("POST", HOST, path)
    assert (found.api.name if found else None) == api
    if found is not None and model is not None:
        assert found.model == model


@pytest.mark.parametrize(
    ("operation", "streams"),
    [
        ("converse", False),
        ("converse-stream", True),
        ("invoke", False),
        ("invoke-with-response-stream", True),
    ],
)
def test_the_path_says_whether_the_reply_streams(operation: str, streams: bool) -> None:
    """Bedrock's requests have no stream flag: the operation in the path is it."""
    found = DIRECTORY.match("POST", HOST, f"/model/amazon.nova-lite-v1:0/{operation}")
    assert found is not None
    assert found.streams == streams
