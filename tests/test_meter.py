from __future__ import annotations

import json
from typing import Any

import pytest

from sessiontap.identity import identify
from sessiontap.meter import CallMeter
from sessiontap.providers import DIRECTORY
from sessiontap.record import Ending, Moment
from sessiontap.usage import Usage
from tests.metered import (
    CHAT,
    END,
    GEMINI,
    JSON,
    MESSAGE_DELTA,
    MESSAGE_START,
    MESSAGE_STOP,
    MESSAGES,
    RESPONSES,
    SENT_AT,
    SNOWFLAKE,
    SSE,
    TEXT_DELTA,
    chat_reply,
    meter,
    metered,
    sse,
)

# --- the status of a call


def test_a_call_is_running_before_its_reply() -> None:
    """Before the reply the call is running, and knows what its request says."""
    running = meter(CHAT, b'{"model": "gpt-4.1", "stream": true, "user": "u"}').running()
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
    call, problem = metered(CHAT, chat_reply(usage={"prompt_tokens": 1, "completion_tokens": 2}))
    assert (call.status, call.error_type, call.error_message, problem) == ("ok", None, None, None)
    assert call.usage_source == "reported"


@pytest.mark.parametrize("status", [400, 401, 404, 429, 500, 529, 599])
def test_an_http_error_is_an_error_whatever_its_body(status: int) -> None:
    """A status of 400 or more is an error; without a readable body its type is the status."""
    call, problem = metered(CHAT, b"upstream connect error", status=status, content_type="text/plain")
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
    body = sse(MESSAGE_START, TEXT_DELTA)
    call, problem = metered(MESSAGES, body, content_type=SSE, ending=ending)
    assert (call.status, call.error_type) == (status, status)
    assert call.error_message
    assert problem is None


@pytest.mark.parametrize("ending", ["cut", "client-left"])
def test_no_reply_at_all_ends_the_call(ending: Ending) -> None:
    """A call whose connection broke before any reply is ended, with no status of HTTP."""
    call = meter(CHAT).close(ending, END)
    assert call.status == ("interrupted" if ending == "cut" else "cancelled")
    assert (call.http_status, call.response_bytes, call.usage) == (None, 0, Usage())
    assert call.ended_at == END.stamp
    assert call.ttft_ms is None
    assert call.duration_ms == 9000


def test_usage_of_a_stream_cut_after_its_start_is_partial() -> None:
    """What message_start reports is kept, and marked partial, where the stream is cut behind it."""
    call, _ = metered(MESSAGES, sse(MESSAGE_START, TEXT_DELTA), content_type=SSE, ending="cut")
    assert call.usage == Usage(input_tokens=25, output_tokens=1)
    assert call.usage_source == "partial"


def test_a_stream_that_ends_without_its_terminal_event_is_partial_even_if_http_ended_well() -> None:
    """A stream whose terminal event never came is partial although the connection ended cleanly."""
    call, _ = metered(MESSAGES, sse(MESSAGE_START, TEXT_DELTA), content_type=SSE)
    assert call.usage_source == "partial"


@pytest.mark.parametrize("ending", ["cut", "client-left"])
@pytest.mark.parametrize(
    ("where", "body"),
    [
        (MESSAGES, sse(MESSAGE_START, TEXT_DELTA, MESSAGE_DELTA, MESSAGE_STOP)),
        (
            RESPONSES,
            sse(
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
            sse(
                {"id": "c", "choices": [{"index": 0, "delta": {"content": "x"}, "finish_reason": "stop"}]},
                {"id": "c", "choices": [], "usage": {"prompt_tokens": 25, "completion_tokens": 15}},
            ),
        ),
        (
            GEMINI,
            sse(
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
    call, _ = metered(where, body, content_type=SSE, ending=ending)
    assert (call.status, call.usage_source, call.error_type) == ("ok", "reported", None)
    assert call.usage == Usage(input_tokens=25, output_tokens=15)


def test_an_error_in_a_cut_stream_stays_an_error() -> None:
    """An error event outranks the way in which the stream ended."""
    error = {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}
    call, _ = metered(MESSAGES, sse(MESSAGE_START, error), content_type=SSE, ending="client-left")
    assert (call.status, call.error_type, call.error_message) == ("error", "overloaded_error", "Overloaded")


def test_a_pending_background_call_keeps_running() -> None:
    """A background response that is queued is running still: it has no end and no duration."""
    body = {"id": "resp_1", "object": "response", "status": "queued", "background": True, "usage": None}
    call, _ = metered(RESPONSES, json.dumps(body).encode())
    assert (call.status, call.ended_at, call.duration_ms, call.response_id) == (
        "running",
        None,
        None,
        "resp_1",
    )


# --- messages of errors


def test_an_error_message_keeps_no_credential() -> None:
    """A key that a provider quotes in its error never reaches the record."""
    body = {
        "error": {"type": "invalid_request_error", "message": "Incorrect key: sk-proj-abcdefgh12345678 !"}
    }
    call, _ = metered(CHAT, json.dumps(body).encode(), status=401)
    assert call.error_message == "Incorrect key: [redacted] !"


def test_a_long_error_message_is_cut() -> None:
    """A message of any length is cut to 2,000 characters, after keys were taken out of it."""
    body = {"error": {"message": "x" * 1990 + " sk-abcdefgh12345678 " + "y" * 5000}}
    call, _ = metered(CHAT, json.dumps(body).encode(), status=500)
    assert call.error_message is not None
    assert len(call.error_message) == 2000
    assert "sk-" not in call.error_message


# --- times


def test_times_are_those_that_were_handed_in() -> None:
    """Time to first output and duration count from the request's last byte, in whole milliseconds."""
    started = meter(MESSAGES)
    started.reply(200, {"content-type": SSE})
    started.feed(sse(MESSAGE_START), SENT_AT + 0.1)
    started.feed(sse(TEXT_DELTA), SENT_AT + 0.2504)
    started.feed(sse(TEXT_DELTA, MESSAGE_DELTA, MESSAGE_STOP), SENT_AT + 0.9)
    call = started.close("clean", Moment("2026-01-01T00:00:01.000Z", SENT_AT + 1.0006))
    assert (call.ttft_ms, call.duration_ms) == (250, 1001)
    assert (call.started_at, call.ended_at) == ("2026-01-01T00:00:00.000Z", "2026-01-01T00:00:01.000Z")


def test_a_reply_without_output_has_no_time_to_first_output() -> None:
    """Where no event carried output, the time to it is not known rather than zero."""
    call, _ = metered(MESSAGES, sse(MESSAGE_START), content_type=SSE, ending="cut")
    assert call.ttft_ms is None


def test_a_reply_before_the_end_of_the_request_never_makes_times_negative() -> None:
    """A provider that answers before the request's last byte gives zero, not a negative time."""
    started = meter(CHAT)
    started.reply(200, {"content-type": JSON})
    started.feed(chat_reply(), SENT_AT - 5)
    call = started.close("clean", Moment(END.stamp, SENT_AT - 4))
    assert (call.ttft_ms, call.duration_ms) == (0, 0)


# --- what a request and a reply are called


@pytest.mark.parametrize("content_type", [JSON, "text/plain", "", SSE])
def test_a_stream_is_read_however_it_is_labelled(content_type: str) -> None:
    """Server-sent events are recognised under a wrong content type too."""
    body = sse(MESSAGE_START, TEXT_DELTA, MESSAGE_DELTA, MESSAGE_STOP)
    call, problem = metered(MESSAGES, body, content_type=content_type)
    assert call.usage == Usage(input_tokens=25, output_tokens=15)
    assert problem is None


def test_json_labelled_as_a_stream_is_read() -> None:
    """A JSON error under the content type of a stream is read as JSON."""
    body = b'{"error": {"type": "invalid_request_error", "message": "No."}}'
    call, _ = metered(CHAT, body, status=400, content_type=SSE)
    assert (call.error_type, call.error_message) == ("invalid_request_error", "No.")


def test_a_stream_that_its_content_type_alone_tells_is_one() -> None:
    """A reply that streams although the request did not ask for it is recorded as a stream."""
    call, _ = metered(MESSAGES, sse(MESSAGE_START), content_type="text/event-stream; charset=utf-8")
    assert call.stream


def test_the_header_user_wins_over_the_users_name_in_the_body() -> None:
    """Helicone-User-Id stays the user where the body names another."""
    found = DIRECTORY.match("POST", *CHAT)
    assert found is not None
    identity = identify([("Helicone-User-Id", "ada")], proxy_user=None, today="2026-01-01")
    started = CallMeter(found, identity, "the-call", "2026-01-01T00:00:00.000Z")
    started.request(b'{"model": "m", "user": "body"}', {}, SENT_AT)
    assert started.running().user_id == "ada"


def test_the_case_of_a_content_type_does_not_matter() -> None:
    """Text/Event-Stream is a stream (RFC 9110, 8.3.1)."""
    call, _ = metered(MESSAGES, sse(MESSAGE_START), content_type="Text/Event-Stream")
    assert call.stream


_OPEN_CHUNK: dict[str, Any] = {"choices": [{"index": 0, "delta": {"content": "a"}}]}


@pytest.mark.parametrize(
    ("where", "tail", "ending", "status", "source"),
    [
        (CHAT, b"", "clean", "interrupted", "partial"),
        (CHAT, b"data: [DONE]\n\n", "clean", "ok", "reported"),
        (CHAT, b"data: [DONE]\n\n", "cut", "ok", "reported"),
        (SNOWFLAKE, b"", "clean", "ok", "reported"),
        (SNOWFLAKE, b"", "cut", "interrupted", "partial"),
    ],
)
def test_what_proves_that_a_stream_is_whole(
    where: tuple[str, str], tail: bytes, *, ending: Ending, status: str, source: str
) -> None:
    """`[DONE]` does; and a clean end, where the wire shape has no sign of its own."""
    body = sse({**_OPEN_CHUNK, "usage": {"prompt_tokens": 1, "completion_tokens": 1}}) + tail
    call, _ = metered(where, body, content_type=SSE, ending=ending)
    assert (call.status, call.usage_source) == (status, source)
