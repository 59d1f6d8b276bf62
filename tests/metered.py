"""Meters one call in a line, for the tests of the meter."""

from __future__ import annotations

import json
from typing import Any

from sessiontap.call import Call
from sessiontap.identity import identify
from sessiontap.meter import CallMeter
from sessiontap.providers import DIRECTORY
from sessiontap.record import Ending, Moment

CHAT = ("api.openai.com", "/v1/chat/completions")
RESPONSES = ("api.openai.com", "/v1/responses")
EMBEDDINGS = ("api.openai.com", "/v1/embeddings")
MESSAGES = ("api.anthropic.com", "/v1/messages")
SNOWFLAKE = ("org-account.snowflakecomputing.com", "/api/v2/cortex/inference:complete")
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


def meter(where: tuple[str, str], request: bytes = b"{}", encoding: str = "") -> CallMeter:
    """A meter that has taken a whole request for this host and path."""
    found = DIRECTORY.match("POST", *where)
    assert found is not None
    started = CallMeter(
        found, identify([], proxy_user=None, today="2026-01-01"), "the-call", "2026-01-01T00:00:00.000Z"
    )
    started.request(request, {"content-encoding": encoding}, SENT_AT)
    return started


def sse(*events: dict[str, Any]) -> bytes:
    """The events as a stream of server-sent events."""
    return b"".join(b"data: " + json.dumps(event).encode() + b"\n\n" for event in events)


def metered(
    where: tuple[str, str],
    body: bytes,
    *,
    status: int = 200,
    content_type: str = JSON,
    encoding: str = "",
    ending: Ending = "clean",
) -> tuple[Call, str | None]:
    """The record of a call whose reply came in one piece, and what could not be read of it."""
    started = meter(where)
    started.reply(status, {"content-type": content_type, "content-encoding": encoding})
    started.feed(body, SENT_AT + 1)
    return started.close(ending, END), started.problem


def chat_reply(**fields: Any) -> bytes:
    """A whole chat completion with these fields besides its own."""
    choice = {"index": 0, "message": {"role": "assistant", "content": "Hi"}, "finish_reason": "stop"}
    return json.dumps({"id": "c1", "model": "gpt-4.1", "choices": [choice], **fields}).encode()
