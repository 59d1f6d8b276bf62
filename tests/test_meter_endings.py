"""How a reply's end shows in the record: streams cut short, decoders that fail, bodies nobody handed in."""

from __future__ import annotations

import brotli  # type: ignore[import-untyped,unused-ignore]  # newer releases bring their types
import pytest

from sessiontap.record import Ending, Moment
from sessiontap.wire import sse as event_stream
from tests.metered import (
    CHAT,
    END,
    MESSAGE_START,
    MESSAGES,
    SENT_AT,
    SSE,
    TEXT_DELTA,
    chat_reply,
    meter,
    metered,
    sse,
)


def test_a_stream_that_ends_cleanly_but_early_is_interrupted() -> None:
    """Without its terminal event a stream is not whole, however politely the connection was closed."""
    call, _ = metered(MESSAGES, sse(MESSAGE_START, TEXT_DELTA), content_type=SSE)
    assert (call.status, call.usage_source) == ("interrupted", "partial")
    assert call.error_message == "the stream ended before its end"
    assert call.ended_at == END.stamp


def test_what_was_decoded_before_a_fault_counts() -> None:
    """Garbage after a whole compressed reply is told, and the reply's usage is kept."""
    body = chat_reply(usage={"prompt_tokens": 3, "completion_tokens": 4})
    started = meter(CHAT)
    started.reply(200, {"content-type": "application/json", "content-encoding": "br"})
    started.feed(brotli.compress(body), SENT_AT + 1)
    started.feed(b"\n", SENT_AT + 1)
    call = started.close("clean", END)
    assert (call.usage.input_tokens, call.usage.output_tokens) == (3, 4)
    assert started.problem is not None


def test_events_too_large_to_be_read_are_told() -> None:
    """An event over the cap is left out of the reading, never without a word."""
    started = meter(CHAT)
    started.reply(200, {"content-type": SSE})
    started._framing = event_stream.SSE(max_event=100)
    started.feed(b'data: {"id": "' + b"x" * 1000 + b'"}\n\n', SENT_AT + 1)
    started.close("clean", END)
    assert started.problem == "reply: 1 events were too large to be read"


def test_a_reply_that_another_addon_took_is_not_known() -> None:
    """No count of bytes is made up for a body that went by unread."""
    started = meter(CHAT)
    started.reply(200, {"content-type": "application/json"})
    started.not_tapped()
    call = started.close("clean", END)
    assert call.response_bytes is None
    assert call.usage_source == "none"
    assert started.problem is not None
    assert "another addon" in started.problem


def test_a_request_that_nobody_kept_is_not_known() -> None:
    """A streamed request has no size of zero and no model made up."""
    started = meter(CHAT)
    started.request(None, {}, SENT_AT)
    started.reply(200, {"content-type": "application/json"})
    assert started.running().request_model is None


def test_a_credential_in_an_error_type_is_taken_out() -> None:
    """What a provider puts into `type` is as hostile as what it puts into `message`."""
    body = b'{"error": {"type": "bad sk-proj-abcdefghijklmnop", "message": "api-key: 0123456789abcdef"}}'
    call, _ = metered(CHAT, body, status=401)
    assert call.error_type == "bad [redacted]"
    assert call.error_message == "[redacted]"


@pytest.mark.parametrize(("ending", "status"), [("clean", "ok"), ("cut", "interrupted")])
def test_a_stream_that_went_by_unseen_ended_as_its_connection_did(ending: Ending, status: str) -> None:
    """What it said is not known, and so not that its end was missing."""
    started = meter(MESSAGES, b'{"stream": true}')
    started.reply(200, {"content-type": SSE})
    started.not_tapped()
    call = started.close(ending, END)
    assert (call.status, call.usage_source, call.response_bytes) == (status, "none", None)


def test_a_call_never_ends_before_it_starts() -> None:
    """Where the clock on the wall was set back in between, the end is the start; the duration is right."""
    started = meter(CHAT)
    started.reply(200, {"content-type": "application/json"})
    started.feed(chat_reply(), SENT_AT + 1)
    call = started.close("clean", Moment("2025-12-31T23:00:00.000Z", SENT_AT + 2))
    assert (call.started_at, call.ended_at) == ("2026-01-01T00:00:00.000Z", "2026-01-01T00:00:00.000Z")
    assert call.duration_ms == 2000
