"""Facts 9 to 15: how often and at what price a call counts, each by the smallest reply that betrays it.

Every reply goes through the meter as it would in the proxy, and where the fact is one of money, through a
price table with round rates. The figures are those of no recording.
"""

from __future__ import annotations

import base64
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import zstandard

from sessiontap.background import BackgroundCalls
from sessiontap.call import Call
from sessiontap.providers import DIRECTORY
from sessiontap.usage import Usage, parts
from tests.aws_frames import frame
from tests.conformance import replies
from tests.conformance.metering import meter

_VERTEX = "https://aiplatform.googleapis.com/v1/projects/p/locations/global"


# --- 9


def test_09_usage_that_groq_writes_twice_counts_once() -> None:
    """`usage` and `x_groq.usage` of one chunk are the same tokens; alone, the older one counts."""
    usage = {"prompt_tokens": 304, "completion_tokens": 49, "total_tokens": 353}
    expected = Usage(input_tokens=304, output_tokens=49)
    both = replies.chunk(usage=usage, x_groq={"id": "req_1", "usage": usage})
    assert replies.streamed(replies.GROQ, both, end=b"data: [DONE]\n\n").usage == expected
    older = replies.chunk(x_groq={"id": "req_1", "usage": usage})
    assert replies.streamed(replies.GROQ, older, end=b"data: [DONE]\n\n").usage == expected


def test_09_a_compound_call_costs_what_each_of_its_models_costs(tmp_path: Path) -> None:
    """Groq's top level is the sum over models that have prices of their own."""
    models = [
        {"model": "small", "usage": {"prompt_tokens": 600, "completion_tokens": 30, "total_tokens": 630}},
        {"model": "large", "usage": {"prompt_tokens": 400, "completion_tokens": 20, "total_tokens": 420}},
    ]
    call = replies.chat(
        replies.GROQ,
        {"prompt_tokens": 1000, "completion_tokens": 50, "total_tokens": 1050},
        usage_breakdown={"models": models},
    )
    assert call.usage == Usage(input_tokens=1000, output_tokens=50)
    priced = replies.priced(call, tmp_path, "small: {input: 1, output: 10}\nlarge: {input: 10, output: 100}")
    assert priced.cost_usd == Decimal("0.0009") + Decimal("0.006")


# --- 10


def test_10_what_openrouter_charges_is_the_cost(tmp_path: Path) -> None:
    """The charge counts, not the inference behind it, and not our table."""
    usage = {
        "prompt_tokens": 900,
        "completion_tokens": 69,
        "cost": 0.0145476,
        "cost_details": {"upstream_inference_cost": 0.0001776},
    }
    priced = replies.priced(replies.chat(replies.OPENROUTER, usage), tmp_path, "m: {input: 1, output: 1}")
    assert (priced.cost_usd, priced.cost_source) == (Decimal("0.0145476"), "provider")


def test_10_with_a_key_of_ones_own_the_provider_bills() -> None:
    """OpenRouter charges nothing then; what the provider behind it bills is the cost, and it is not zero."""
    usage = {
        "prompt_tokens": 900,
        "completion_tokens": 69,
        "cost": 0,
        "is_byok": True,
        "cost_details": {"upstream_inference_cost": 0.0021},
    }
    call = replies.chat(replies.OPENROUTER, usage)
    assert (call.cost_usd, call.cost_source) == (Decimal("0.0021"), "provider")


def test_10_cached_and_written_that_overlap_are_not_both_taken_off() -> None:
    """On Gemini the same tokens are read and written: the classes still sum to the input."""
    usage = {
        "prompt_tokens": 2168,
        "completion_tokens": 5,
        "prompt_tokens_details": {"cached_tokens": 2161, "cache_write_tokens": 2161},
    }
    apart = parts(replies.chat(replies.OPENROUTER, usage).usage)
    assert sum(apart) == 2168 + 5
    assert (apart.cache_read, apart.input + apart.cache_write) == (2161, 7)


# --- 11


def _response(status: str, usage: dict[str, Any] | None) -> dict[str, Any]:
    return {
        "id": "resp_1",
        "object": "response",
        "status": status,
        "model": "m",
        "output": [],
        "usage": usage,
        "background": True,
    }


def test_11_a_reply_that_is_fetched_again_is_the_same_call() -> None:
    """A background response reports its usage at every GET, and is one call."""
    done = _response("completed", {"input_tokens": 8, "output_tokens": 3, "total_tokens": 11})
    background = BackgroundCalls(DIRECTORY.polled_apis)
    start = replies.said(replies.RESPONSES, _response("queued", None))
    assert start.status == "running"
    background.started(start)
    again = [
        background.polled(replies.said(f"{replies.RESPONSES}/resp_1", done, method="GET")) for _ in range(3)
    ]
    assert [call.usage if call else None for call in again] == [
        Usage(input_tokens=8, output_tokens=3),
        None,
        None,
    ]


@pytest.mark.parametrize(
    ("method", "url"),
    [
        ("POST", "https://api.openai.com/v1/responses/input_tokens"),
        ("POST", "https://api.anthropic.com/v1/messages/count_tokens"),
        ("GET", "https://api.anthropic.com/v1/messages/batches/msgbatch_1/results"),
        ("POST", "https://generativelanguage.googleapis.com/v1beta/models/gemini-2.5-flash:countTokens"),
        ("POST", "https://generativelanguage.googleapis.com/v1beta/cachedContents"),
        ("POST", f"{_VERTEX}/publishers/anthropic/models/count-tokens:rawPredict"),
        ("POST", f"{replies.BEDROCK}/anthropic.claude-sonnet-4-20250514-v1%3A0/count-tokens"),
    ],
)
def test_11_tokens_that_were_only_counted_are_no_call(method: str, url: str) -> None:
    """What counts, caches or hands out tokens of earlier calls is no call itself."""
    host, slash, target = url.partition("://")[2].partition("/")
    assert DIRECTORY.known_host(host) is not None
    assert DIRECTORY.match(method, host, slash + target) is None


# --- 12


def test_12_cohere_bills_its_billed_units() -> None:
    """The template around a prompt is free, and what was cached is counted against what is not billed."""
    call = replies.said(
        "https://api.cohere.com/v2/chat",
        {
            "id": "c1",
            "message": {"role": "assistant", "content": [{"type": "text", "text": "Hi"}]},
            "finish_reason": "COMPLETE",
            "usage": {
                "billed_units": {"input_tokens": 8, "output_tokens": 5},
                "tokens": {"input_tokens": 1394, "output_tokens": 7},
                "cached_tokens": 1300,
            },
        },
    )
    assert call.usage == Usage(input_tokens=8, output_tokens=5)


# --- 13


def test_13_bedrock_counts_in_headers_what_a_body_does_not() -> None:
    """Headers fill in what the model's own body leaves unknown; what it says is not counted twice."""
    counts = {
        "x-amzn-bedrock-input-token-count": "30",
        "x-amzn-bedrock-output-token-count": "51",
    }
    masked = {
        "output": {"message": {"role": "assistant", "content": [{"text": "Hi"}]}},
        "stopReason": "end_turn",
    }
    nova = replies.said(
        f"{replies.BEDROCK}/amazon.nova-lite-v1%3A0/invoke",
        {**masked, "usage": {"inputTokens": 30}},
        {**replies.JSON, **counts},
    )
    assert nova.usage == Usage(input_tokens=30, output_tokens=51)
    jurassic = replies.said(
        f"{replies.BEDROCK}/ai21.j2-mid-v1/invoke", {"id": 1, "completions": []}, {**replies.JSON, **counts}
    )
    assert jurassic.usage == Usage(input_tokens=30, output_tokens=51)


def test_13_the_metrics_of_a_bedrock_stream_repeat_what_the_model_said() -> None:
    """`amazon-bedrock-invocationMetrics` on the last chunk count the same tokens once more."""
    metrics = {
        "inputTokenCount": 25,
        "outputTokenCount": 15,
        "cacheReadInputTokenCount": 100,
        "cacheWriteInputTokenCount": 0,
    }
    events = [
        replies.start(
            {
                "input_tokens": 25,
                "cache_read_input_tokens": 100,
                "cache_creation_input_tokens": 0,
                "output_tokens": 1,
            }
        ),
        replies.delta({"output_tokens": 15}),
        {**replies.STOP, "amazon-bedrock-invocationMetrics": metrics},
    ]
    call = replies.read(
        f"{replies.BEDROCK}/anthropic.claude-3-haiku-20240307-v1%3A0/invoke-with-response-stream",
        b"".join(_aws_chunk(event) for event in events),
        replies.AWS,
    )
    assert call.usage == Usage(
        input_tokens=125, cache_read_input_tokens=100, cache_creation_input_tokens=0, output_tokens=15
    )


def _aws_chunk(event: dict[str, Any]) -> bytes:
    inner = base64.b64encode(json.dumps(event).encode()).decode()
    return frame("chunk", json.dumps({"bytes": inner, "p": "abcd"}).encode())


# --- 14


def _done(number: int, **more: Any) -> list[dict[str, Any]]:
    response = {**_response("in_progress", None), "id": f"resp_{number}"}
    usage = {"input_tokens": 100 * number, "output_tokens": number, "total_tokens": 101 * number}
    return [
        {"type": "response.created", "response": response, **more},
        {
            "type": "response.completed",
            "response": {**response, "status": "completed", "usage": usage},
            **more,
        },
    ]


@pytest.mark.parametrize(
    "url", ["wss://api.openai.com/v1/responses", "wss://chatgpt.com/backend-api/codex/responses"]
)
def test_14_each_turn_of_a_socket_is_a_call(url: str) -> None:
    """Two turns of Codex over one WebSocket are two calls, each with its own usage."""
    ask = {"type": "response.create", "model": "m"}
    calls = replies.socket_calls(url, sent=[ask, ask], received=[*_done(1), *_done(2)])
    assert [(call.status, call.usage) for call in calls] == [
        ("ok", Usage(input_tokens=100, output_tokens=1)),
        ("ok", Usage(input_tokens=200, output_tokens=2)),
    ]


def test_14_calls_side_by_side_on_a_socket_are_told_apart() -> None:
    """Events of two `stream_id`s, one inside the other, end in two calls."""
    asks = [{"type": "response.create", "model": f"m{lane}", "stream_id": lane} for lane in ("a", "b")]
    (created_a, done_a), (created_b, done_b) = _done(1, stream_id="a"), _done(2, stream_id="b")
    calls = replies.socket_calls(
        "wss://api.openai.com/v1/responses", sent=asks, received=[created_a, created_b, done_b, done_a]
    )
    assert [(call.request_model, call.usage.input_tokens) for call in calls] == [("mb", 200), ("ma", 100)]


def test_14_a_request_compressed_with_zstd_is_read() -> None:
    """Codex compresses what it sends: the model and the stream flag are known all the same."""
    body = zstandard.ZstdCompressor().compress(b'{"model": "gpt-5-codex", "stream": true}')
    started = meter(
        replies.found("https://chatgpt.com/backend-api/codex/responses"), body, {"content-encoding": "zstd"}
    )
    assert started.problem is None
    running = started.running()
    assert (running.request_model, running.stream, running.billing) == ("gpt-5-codex", True, "subscription")


# --- 15


def _error_streams() -> dict[str, tuple[Call, str, Usage]]:
    chat_usage = {"prompt_tokens": 9, "completion_tokens": 2, "total_tokens": 11}
    tokens = {"input_tokens": 9, "output_tokens": 2, "total_tokens": 11}
    failed = {**_response("failed", tokens), "error": {"code": "server_error", "message": "No."}}
    nine = Usage(input_tokens=9, output_tokens=2)
    groq = (
        b"data: " + json.dumps(replies.chunk(x_groq={"id": "r", "usage": chat_usage})).encode() + b"\n\n"
        b'event: error\ndata: {"error": {"type": "invalid_request_error", "message": "No."}}\n\n'
    )
    bedrock = f"{replies.BEDROCK}/amazon.nova-lite-v1%3A0/converse-stream"
    metadata = frame("metadata", b'{"usage": {"inputTokens": 9, "outputTokens": 2, "totalTokens": 11}}')
    throttled = frame("throttlingException", b'{"message": "No."}', kind="exception")
    return {
        "Groq": (replies.read(replies.GROQ, groq, replies.SSE), "invalid_request_error", nine),
        "OpenRouter": (
            replies.streamed(
                replies.OPENROUTER, replies.chunk(usage=chat_usage, error={"code": "502", "message": "No."})
            ),
            "502",
            nine,
        ),
        "Anthropic": (
            replies.streamed(
                replies.MESSAGES,
                replies.start({"input_tokens": 9, "output_tokens": 2}),
                {"type": "error", "error": {"type": "overloaded_error", "message": "No."}},
            ),
            "overloaded_error",
            nine,
        ),
        "OpenAI Responses": (
            replies.streamed(replies.RESPONSES, {"type": "response.failed", "response": failed}),
            "server_error",
            nine,
        ),
        "AWS": (replies.read(bedrock, metadata + throttled, replies.AWS), "throttlingException", nine),
    }


@pytest.mark.parametrize("name", ["Groq", "OpenRouter", "Anthropic", "OpenAI Responses", "AWS"])
def test_15_an_error_inside_a_good_stream_is_an_error_and_its_usage_counts(name: str) -> None:
    """HTTP said 200 and the stream said no: the call is an error, with what was billed until then."""
    call, error_type, usage = _error_streams()[name]
    assert (call.http_status, call.status, call.error_type, call.error_message) == (
        200,
        "error",
        error_type,
        "No.",
    )
    assert call.usage == usage
