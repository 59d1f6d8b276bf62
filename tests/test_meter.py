from __future__ import annotations

import gzip
import json
import tracemalloc
import zlib
from collections.abc import Iterable
from typing import Any

import brotli
import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from sessiontap.call import Call, decode, encode
from sessiontap.identity import identify
from sessiontap.meter import CallMeter, Ending, Moment
from sessiontap.providers import PROVIDERS, Match, match
from sessiontap.usage import Usage

CHAT = ("api.openai.com", "/v1/chat/completions")
RESPONSES = ("api.openai.com", "/v1/responses")
EMBEDDINGS = ("api.openai.com", "/v1/embeddings")
MESSAGES = ("api.anthropic.com", "/v1/messages")
GEMINI = ("generativelanguage.googleapis.com", "/v1beta/models/gemini-2.5-flash:streamGenerateContent")

JSON = "application/json"
SSE = "text/event-stream"
SENT_AT = 100.0
END = Moment("2026-01-01T00:00:09.000Z", 109.0)

MESSAGE_START = {
    "type": "message_start",
    "message": {
        "id": "msg_1",
        "type": "message",
        "content": [],
        "model": "claude-sonnet-4-5",
        "stop_reason": None,
        "usage": {"input_tokens": 25, "output_tokens": 1},
    },
}
TEXT_DELTA = {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "Hello"}}
MESSAGE_DELTA = {
    "type": "message_delta",
    "delta": {"stop_reason": "end_turn"},
    "usage": {"output_tokens": 15},
}
MESSAGE_STOP = {"type": "message_stop"}


def _meter(where: tuple[str, str], request: bytes = b"{}", encoding: str = "") -> CallMeter:
    found = match("POST", *where)
    assert found is not None
    started = CallMeter(
        found, identify([], proxy_user=None, today="2026-01-01"), "the-call", "2026-01-01T00:00:00.000Z"
    )
    started.request(request, encoding, SENT_AT)
    return started


def _sse(*events: dict[str, Any]) -> bytes:
    return b"".join(b"data: " + json.dumps(event).encode() + b"\n\n" for event in events)


def _metered(
    where: tuple[str, str],
    body: bytes,
    *,
    status: int = 200,
    content_type: str = JSON,
    encoding: str = "",
    ending: Ending = "clean",
) -> tuple[Call, str | None]:
    started = _meter(where)
    started.reply(status, content_type, encoding)
    started.feed(body, SENT_AT + 1)
    return started.close(ending, END), started.problem


def _chat_reply(**fields: Any) -> bytes:
    choice = {"index": 0, "message": {"role": "assistant", "content": "Hi"}, "finish_reason": "stop"}
    return json.dumps({"id": "c1", "model": "gpt-4.1", "choices": [choice], **fields}).encode()


# --- the status of a call


def test_a_call_is_running_before_its_reply() -> None:
    """Before the reply the call is running, and knows what its request says."""
    running = _meter(CHAT, b'{"model": "gpt-4.1", "stream": true, "user": "u"}').running()
    assert (running.status, running.request_model, running.stream, running.user_id) == (
        "running",
        "gpt-4.1",
        True,
        "u",
    )
    assert running.ended_at is None
    assert running.duration_ms is None
    assert running.http_status is None
    assert running.usage_source == "none"


def test_a_whole_reply_is_ok() -> None:
    """A reply that came whole with status 200 is ok and has no error."""
    call, problem = _metered(CHAT, _chat_reply(usage={"prompt_tokens": 1, "completion_tokens": 2}))
    assert (call.status, call.error_type, call.error_message, problem) == ("ok", None, None, None)
    assert call.usage_source == "reported"


@pytest.mark.parametrize("status", [400, 401, 404, 429, 500, 529, 599])
def test_an_http_error_is_an_error_whatever_its_body(status: int) -> None:
    """A status of 400 or more is an error; without a readable body its type is the status."""
    call, problem = _metered(CHAT, b"upstream connect error", status=status, content_type="text/plain")
    assert (call.status, call.http_status, call.error_type, call.error_message) == (
        "error",
        status,
        str(status),
        None,
    )
    assert problem is None


@pytest.mark.parametrize(
    ("ending", "status"), [("cut", "interrupted"), ("client-left", "cancelled")], ids=["cut", "client-left"]
)
def test_a_stream_that_ends_early_says_who_ended_it(ending: Ending, status: str) -> None:
    """A cut stream is interrupted, one that the client left is cancelled; the error says so in words."""
    body = _sse(MESSAGE_START, TEXT_DELTA)
    call, problem = _metered(MESSAGES, body, content_type=SSE, ending=ending)
    assert (call.status, call.error_type) == (status, status)
    assert call.error_message
    assert problem is None


@pytest.mark.parametrize("ending", ["cut", "client-left"])
def test_no_reply_at_all_ends_the_call(ending: Ending) -> None:
    """A call whose connection broke before any reply is ended, with no status of HTTP."""
    call = _meter(CHAT).close(ending, END)
    assert call.status == ("interrupted" if ending == "cut" else "cancelled")
    assert (call.http_status, call.response_bytes, call.usage) == (None, 0, Usage())
    assert call.ended_at == END.stamp
    assert call.ttft_ms is None
    assert call.duration_ms == 9000


def test_usage_of_a_stream_cut_after_its_start_is_partial() -> None:
    """What message_start reports is kept, and marked partial, where the stream is cut behind it."""
    call, _ = _metered(MESSAGES, _sse(MESSAGE_START, TEXT_DELTA), content_type=SSE, ending="cut")
    assert call.usage == Usage(input_tokens=25, output_tokens=1)
    assert call.usage_source == "partial"


def test_a_stream_that_ends_without_its_terminal_event_is_partial_even_if_http_ended_well() -> None:
    """A stream whose terminal event never came is partial although the connection ended cleanly."""
    call, _ = _metered(MESSAGES, _sse(MESSAGE_START, TEXT_DELTA), content_type=SSE)
    assert call.usage_source == "partial"


@pytest.mark.parametrize("ending", ["cut", "client-left"])
@pytest.mark.parametrize(
    ("where", "body"),
    [
        (MESSAGES, _sse(MESSAGE_START, TEXT_DELTA, MESSAGE_DELTA, MESSAGE_STOP)),
        (
            RESPONSES,
            _sse(
                {
                    "type": "response.completed",
                    "response": {
                        "id": "resp_1",
                        "object": "response",
                        "status": "completed",
                        "usage": {"input_tokens": 25, "output_tokens": 15, "total_tokens": 40},
                    },
                }
            ),
        ),
        (
            CHAT,
            _sse(
                {"id": "c", "choices": [{"index": 0, "delta": {"content": "x"}, "finish_reason": "stop"}]},
                {"id": "c", "choices": [], "usage": {"prompt_tokens": 25, "completion_tokens": 15}},
            ),
        ),
        (
            GEMINI,
            _sse(
                {
                    "candidates": [{"content": {"parts": [{"text": "x"}]}, "finishReason": "STOP"}],
                    "usageMetadata": {"promptTokenCount": 25, "candidatesTokenCount": 15},
                }
            ),
        ),
    ],
    ids=["anthropic.messages", "openai.responses", "openai.chat", "gemini"],
)
def test_a_stream_cut_after_its_terminal_event_is_whole(
    where: tuple[str, str], body: bytes, ending: Ending
) -> None:
    """Clients hang up once they have read the last event: the call is ok and its usage reported."""
    call, _ = _metered(where, body, content_type=SSE, ending=ending)
    assert (call.status, call.usage_source, call.error_type) == ("ok", "reported", None)
    assert call.usage == Usage(input_tokens=25, output_tokens=15)


def test_an_error_in_a_cut_stream_stays_an_error() -> None:
    """An error event outranks the way in which the stream ended."""
    error = {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}
    call, _ = _metered(MESSAGES, _sse(MESSAGE_START, error), content_type=SSE, ending="client-left")
    assert (call.status, call.error_type, call.error_message) == ("error", "overloaded_error", "Overloaded")


def test_a_pending_background_call_keeps_running() -> None:
    """A background response that is queued is running still: it has no end and no duration."""
    body = {"id": "resp_1", "object": "response", "status": "queued", "background": True, "usage": None}
    call, _ = _metered(RESPONSES, json.dumps(body).encode())
    assert (call.status, call.ended_at, call.duration_ms, call.response_id) == (
        "running",
        None,
        None,
        "resp_1",
    )


# --- bytes that cannot be read


def test_a_cut_gzip_stream_gives_what_came() -> None:
    """Of a compressed stream that was cut, every event before the cut is read."""
    cut = zlib.compressobj(wbits=31)
    wire = cut.compress(_sse(MESSAGE_START, TEXT_DELTA)) + cut.flush(zlib.Z_SYNC_FLUSH)
    call, problem = _metered(MESSAGES, wire, content_type=SSE, encoding="gzip", ending="cut")
    assert (call.status, call.usage_source) == ("interrupted", "partial")
    assert call.usage == Usage(input_tokens=25, output_tokens=1)
    assert call.response_bytes == len(wire)
    assert problem is None


def test_a_gzip_body_without_its_end_is_a_problem_where_http_says_that_it_is_whole() -> None:
    """A truncated gzip body in a reply that ended cleanly is told, and what it held is recorded."""
    wire = gzip.compress(_chat_reply(usage={"prompt_tokens": 3, "completion_tokens": 4}))[:-8]
    call, problem = _metered(CHAT, wire, encoding="gzip")
    assert call.usage == Usage(input_tokens=3, output_tokens=4)
    _one_line(problem)


def test_bytes_that_are_not_gzip_are_a_problem() -> None:
    """A body that is not what its Content-Encoding says leaves usage unknown and the problem told."""
    call, problem = _metered(CHAT, _chat_reply(usage={"prompt_tokens": 3}), encoding="gzip")
    assert (call.status, call.usage, call.usage_source) == ("ok", Usage(), "none")
    _one_line(problem)


def test_an_unknown_content_encoding_is_a_problem_and_the_bytes_are_counted() -> None:
    """A coding that nobody knows leaves usage unknown; the call is ended and its bytes are counted."""
    body = _chat_reply(usage={"prompt_tokens": 3})
    call, problem = _metered(CHAT, body, encoding="dcb\x1b[31m\n")
    assert (call.status, call.usage, call.usage_source, call.response_bytes) == (
        "ok",
        Usage(),
        "none",
        len(body),
    )
    _one_line(problem)


def test_a_request_that_cannot_be_read_is_a_problem_and_the_reply_is_read_all_the_same() -> None:
    """An unreadable request is told; the reply's usage is recorded."""
    started = _meter(CHAT, b"\x00\xff", "gzip")
    started.reply(200, JSON, "")
    started.feed(_chat_reply(usage={"prompt_tokens": 3, "completion_tokens": 4}), SENT_AT)
    call = started.close("clean", END)
    assert call.usage == Usage(input_tokens=3, output_tokens=4)
    assert (call.request_model, call.request_bytes) == (None, 2)
    _one_line(started.problem)


def test_a_stream_cut_within_an_event_loses_that_event_only() -> None:
    """Half an event at the end of a cut stream is neither read nor reported as a problem."""
    body = _sse(MESSAGE_START, TEXT_DELTA) + _sse(MESSAGE_DELTA)[:-30]
    call, problem = _metered(MESSAGES, body, content_type=SSE, ending="client-left")
    assert call.usage == Usage(input_tokens=25, output_tokens=1)
    assert problem is None


def test_a_broken_event_in_the_middle_loses_that_event_only() -> None:
    """Events behind one that is not JSON are read, and the problem is told in one line."""
    body = _sse(MESSAGE_START) + b"data: {oh\x1b[2J no}\n\n" + _sse(TEXT_DELTA, MESSAGE_DELTA, MESSAGE_STOP)
    call, problem = _metered(MESSAGES, body, content_type=SSE)
    assert call.usage == Usage(input_tokens=25, output_tokens=15)
    _one_line(problem)


def _one_line(problem: str | None) -> None:
    assert problem
    assert problem.isprintable(), "a problem is one line without control characters"


# --- figures that are none

NO_COUNTS = ["12", -1, None, 1.5, True, [], {}, float("inf"), float("nan"), 2**53]


@pytest.mark.parametrize("figure", NO_COUNTS, ids=repr)
@pytest.mark.parametrize("where", [CHAT, RESPONSES, MESSAGES, GEMINI], ids=lambda where: where[1])
def test_a_figure_that_is_no_count_is_not_known(where: tuple[str, str], figure: object) -> None:
    """Text, negative, broken, huge or missing figures are unknown, never zero, and their neighbours stand."""
    usage = {name: figure for name in ("prompt_tokens", "input_tokens", "promptTokenCount")}
    usage |= dict.fromkeys(("completion_tokens", "output_tokens", "candidatesTokenCount"), 7)
    reply = {"type": "message", "object": "response", "usage": usage, "usageMetadata": usage}
    call, problem = _metered(where, json.dumps(reply).encode())
    assert call.usage == Usage(output_tokens=7)
    assert problem is None


@pytest.mark.parametrize("usage", ["many", 3, [], [1], None, True, {}], ids=repr)
def test_a_usage_that_is_no_object_is_no_usage(usage: object) -> None:
    """A usage of any other type than an object is none."""
    call, _ = _metered(CHAT, _chat_reply(usage=usage))
    assert (call.status, call.usage, call.usage_source) == ("ok", Usage(), "none")


def test_a_number_beyond_every_float_is_not_known() -> None:
    """1e400 is read as what it is, no count."""
    body = b'{"id": "c1", "choices": [], "usage": {"prompt_tokens": 1e400, "completion_tokens": 7}}'
    call, _ = _metered(CHAT, body)
    assert call.usage == Usage(output_tokens=7)


@pytest.mark.parametrize("opening", [b"[", b'{"usage":'], ids=["lists", "objects"])
def test_a_reply_nested_too_deeply_is_a_problem(opening: bytes) -> None:
    """A reply nested 10,000 deep ends in one line of text, not in a RecursionError."""
    closing = {b"[": b"]", b'{"usage":': b"}"}[opening]
    body = b'{"usage": ' + opening * 10_000 + b"1" + closing * 10_000 + b"}"
    call, problem = _metered(CHAT, body)
    assert (call.status, call.usage) == ("ok", Usage())
    _one_line(problem)


def test_text_that_is_not_utf8_is_read_around() -> None:
    """Bytes that are no UTF-8 become U+FFFD; the usage beside them is read, and the record can be stored."""
    body = b'{"id": "c\xff1", "model": "gpt\\ud800", "choices": [], "usage": {"prompt_tokens": 5}}'
    call, problem = _metered(CHAT, body)
    assert call.usage == Usage(input_tokens=5)
    assert call.response_id == "c\N{REPLACEMENT CHARACTER}1"
    assert decode(encode(call)) == call
    assert problem is None


# --- large replies


@pytest.mark.parametrize(
    ("opening", "unit", "closing"),
    [
        (b'{"embedding": [', b"0.0123456789,-0.9876543210,", b"0]}"),
        (b'{"b64_json": "', b"iVBORw0KGgoAAAANSUhEUgAAAAEA", b'"}'),
    ],
    ids=["embeddings", "an image"],
)
def test_a_reply_of_100_mb_is_read_in_bounded_memory(opening: bytes, unit: bytes, closing: bytes) -> None:
    """Usage behind 100 MB of numbers or of base64 is found, and less than 24 MB are held at any time."""
    piece = unit * 2_400
    pieces = 100_000_000 // len(piece)
    started = _meter(EMBEDDINGS)
    started.reply(200, JSON, "")
    tracemalloc.start()
    try:
        started.feed(b'{"object": "list", "model": "m", "data": [' + opening, SENT_AT)
        for _ in range(pieces):
            started.feed(piece, SENT_AT)
        started.feed(closing + b'], "usage": {"prompt_tokens": 77, "total_tokens": 77}}', SENT_AT)
        call = started.close("clean", END)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert call.usage == Usage(input_tokens=77)
    assert call.response_bytes is not None
    assert call.response_bytes > 99_000_000
    assert peak < 24_000_000
    assert started.problem is None


# --- messages of errors


def test_an_error_message_keeps_no_credential() -> None:
    """A key that a provider quotes in its error never reaches the record."""
    body = {
        "error": {"type": "invalid_request_error", "message": "Incorrect key: sk-proj-abcdefgh12345678 !"}
    }
    call, _ = _metered(CHAT, json.dumps(body).encode(), status=401)
    assert call.error_message == "Incorrect key: [redacted] !"


def test_a_long_error_message_is_cut() -> None:
    """A message of any length is cut to 2,000 characters, after keys were taken out of it."""
    body = {"error": {"message": "x" * 1990 + " sk-abcdefgh12345678 " + "y" * 5000}}
    call, _ = _metered(CHAT, json.dumps(body).encode(), status=500)
    assert call.error_message is not None
    assert len(call.error_message) == 2000
    assert "sk-" not in call.error_message


# --- times


def test_times_are_those_that_were_handed_in() -> None:
    """Time to first output and duration count from the request's last byte, in whole milliseconds."""
    started = _meter(MESSAGES)
    started.reply(200, SSE, "")
    started.feed(_sse(MESSAGE_START), SENT_AT + 0.1)
    started.feed(_sse(TEXT_DELTA), SENT_AT + 0.2504)
    started.feed(_sse(TEXT_DELTA, MESSAGE_DELTA, MESSAGE_STOP), SENT_AT + 0.9)
    call = started.close("clean", Moment("2026-01-01T00:00:01.000Z", SENT_AT + 1.0006))
    assert (call.ttft_ms, call.duration_ms) == (250, 1001)
    assert (call.started_at, call.ended_at) == ("2026-01-01T00:00:00.000Z", "2026-01-01T00:00:01.000Z")


def test_a_reply_without_output_has_no_time_to_first_output() -> None:
    """Where no event carried output, the time to it is not known rather than zero."""
    call, _ = _metered(MESSAGES, _sse(MESSAGE_START), content_type=SSE, ending="cut")
    assert call.ttft_ms is None


def test_a_reply_before_the_end_of_the_request_never_makes_times_negative() -> None:
    """A provider that answers before the request's last byte gives zero, not a negative time."""
    started = _meter(CHAT)
    started.reply(200, JSON, "")
    started.feed(_chat_reply(), SENT_AT - 5)
    call = started.close("clean", Moment(END.stamp, SENT_AT - 4))
    assert (call.ttft_ms, call.duration_ms) == (0, 0)


# --- what a request and a reply are called


@pytest.mark.parametrize("content_type", [JSON, "text/plain", "", SSE])
def test_a_stream_is_read_however_it_is_labelled(content_type: str) -> None:
    """Server-sent events are recognised under a wrong content type too."""
    body = _sse(MESSAGE_START, TEXT_DELTA, MESSAGE_DELTA, MESSAGE_STOP)
    call, problem = _metered(MESSAGES, body, content_type=content_type)
    assert call.usage == Usage(input_tokens=25, output_tokens=15)
    assert problem is None


def test_json_labelled_as_a_stream_is_read() -> None:
    """A JSON error under the content type of a stream is read as JSON."""
    body = b'{"error": {"type": "invalid_request_error", "message": "No."}}'
    call, _ = _metered(CHAT, body, status=400, content_type=SSE)
    assert (call.error_type, call.error_message) == ("invalid_request_error", "No.")


def test_a_stream_that_its_content_type_alone_tells_is_one() -> None:
    """A reply that streams although the request did not ask for it is recorded as a stream."""
    call, _ = _metered(MESSAGES, _sse(MESSAGE_START), content_type="text/event-stream; charset=utf-8")
    assert call.stream


def test_the_header_user_wins_over_the_users_name_in_the_body() -> None:
    """Helicone-User-Id stays the user where the body names another."""
    found = match("POST", *CHAT)
    assert found is not None
    identity = identify([("Helicone-User-Id", "ada")], proxy_user=None, today="2026-01-01")
    started = CallMeter(found, identity, "the-call", "2026-01-01T00:00:00.000Z")
    started.request(b'{"model": "m", "user": "body"}', "", SENT_AT)
    assert started.running().user_id == "ada"


# --- anything at all

_SAMPLES: dict[str, Match] = {
    api_match.api.name: api_match
    for provider in PROVIDERS
    for path in (
        "/v1/chat/completions",
        "/v1/responses",
        "/v1/completions",
        "/v1/embeddings",
        "/v1/threads/runs",
        "/v1/messages",
        "/v1/messages/count_tokens",
        "/v1beta/models/m:generateContent",
        "/v1beta/models/m:embedContent",
    )
    if (api_match := match("POST", provider.hosts[0], path)) is not None
}
_KEYS = st.sampled_from(
    "type object error message code usage response choices delta index model id status output content "
    "usageMetadata promptTokenCount candidates parts iterations input_tokens output_tokens prompt_tokens "
    "cache_creation cache_creation_input_tokens ephemeral_1h_input_tokens service_tier tool_usage action "
    "candidatesTokensDetails modality tokenCount functionCall name tool_calls function last_error".split()
)
_WORDS = st.sampled_from(
    "message message_start message_delta message_stop content_block_start error response.completed compaction "
    "advisor_message response.output_item.done web_search_call function_call thread.run completed queued "
    "AUDIO \ud800 sk-abcdefghijkl".split()
)
_LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | _WORDS | st.text(max_size=5)
_VALUES = st.recursive(
    _LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_KEYS, inner, max_size=4),
    max_leaves=12,
)
_DOCUMENTS = _VALUES.map(lambda value: json.dumps(value).encode())
_BODIES = st.one_of(
    st.binary(max_size=200),
    _DOCUMENTS,
    st.lists(_DOCUMENTS, max_size=4).map(lambda each: b"".join(b"data: " + one + b"\n\n" for one in each)),
)
_ENCODINGS = {
    "": bytes,
    "gzip": gzip.compress,
    "br": brotli.compress,
    "zstd": lambda data: zstandard.ZstdCompressor().compress(data),
    "deflate": zlib.compress,
    "nonsense": bytes,
}


def test_the_samples_cover_every_wire_shape() -> None:
    """The test below feeds every wire shape that the table of providers knows."""
    assert set(_SAMPLES) == {route.api.name for provider in PROVIDERS for route in provider.routes}


@settings(deadline=None, max_examples=400)
@given(
    api=st.sampled_from(sorted(_SAMPLES)),
    request=_BODIES,
    reply=_BODIES,
    content_type=st.sampled_from([JSON, SSE, "application/x-ndjson", "text/html", "", "\ud800;;"])
    | st.text(),
    encodings=st.tuples(st.sampled_from(list(_ENCODINGS)), st.sampled_from(list(_ENCODINGS)) | st.text()),
    compressed=st.booleans(),
    status=st.integers(100, 999),
    ending=st.sampled_from(["clean", "cut", "client-left"]),
    cuts=st.lists(st.integers(0, 400), max_size=3),
)
def test_nothing_that_anybody_sends_raises(
    api: str,
    request: bytes,
    reply: bytes,
    content_type: str,
    encodings: tuple[str, str],
    *,
    compressed: bool,
    status: int,
    ending: Ending,
    cuts: list[int],
) -> None:
    """Whatever the bytes and headers are, the call ends as a record that can be stored and read again."""
    started = CallMeter(
        _SAMPLES[api],
        identify([], proxy_user=None, today="2026-01-01"),
        "the-call",
        "2026-01-01T00:00:00.000Z",
    )
    request_encoding, reply_encoding = encodings
    if compressed:
        request = _ENCODINGS[request_encoding](request)
        reply = _ENCODINGS.get(reply_encoding, bytes)(reply)
    started.request(request, request_encoding, SENT_AT)
    started.reply(status, content_type, reply_encoding)
    for piece in _pieces(reply, cuts):
        started.feed(piece, SENT_AT + 1)
    call = started.close(ending, END)
    assert decode(encode(call)) == call
    assert call.response_bytes == len(reply)
    if started.problem is not None:
        _one_line(started.problem)


def _pieces(data: bytes, cuts: list[int]) -> Iterable[bytes]:
    edges = [0, *sorted(min(cut, len(data)) for cut in cuts), len(data)]
    return (data[start:end] for start, end in zip(edges, edges[1:], strict=False))
