"""Calls and stored bodies that the tests of the conversation are written in."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from sessiontap.bodies import Body, CallBodies, Piece
from sessiontap.call import Call
from sessiontap.conversation import CallMessages, Message, call_messages

SSE = "text/event-stream"
JSON = "application/json"


def call(api: str = "openai.chat", number: int = 1, **fields: Any) -> Call:
    """An ended call of that wire shape, the numbered one of its session."""
    known: dict[str, Any] = {
        "call_id": f"{number:08d}-0000-4000-8000-000000000000",
        "session_id": "talk",
        "provider": "somebody",
        "api": api,
        "operation": "chat",
        "host": "api.example",
        "url_path": "/v1",
        "status": "ok",
        "started_at": f"2026-11-23T20:00:{number:02d}.000Z",
    }
    return Call(**{**known, **fields})


def body(value: object, content_type: str | None = JSON) -> Body:
    """A body of this JSON, or of these bytes."""
    content = value if isinstance(value, bytes) else json.dumps(value).encode()
    return Body(content=content, size=len(content), content_type=content_type)


def stream(events: Sequence[object]) -> Body:
    """A body of these server-sent events."""
    return body(b"".join(b"data: %b\n\n" % json.dumps(event).encode() for event in events), SSE)


def socket(messages: Sequence[object]) -> Body:
    """A side of a call on a WebSocket."""
    raw = [json.dumps(message).encode() for message in messages]
    return Body(
        content=b"".join(raw),
        size=sum(map(len, raw)),
        pieces=tuple(Piece(number, len(each)) for number, each in enumerate(raw)) if len(raw) > 1 else (),
    )


def stored(request: Body | None = None, reply: Body | None = None) -> CallBodies:
    """What the store has of a call."""
    return CallBodies(call_id="c", session_id="talk", headers={}, request=request, reply=reply)


def said(api: str, request: object = None, reply: object = None) -> CallMessages:
    """The messages of a call with these bodies: each a `Body`, or the JSON of one."""
    sides = [each if each is None or isinstance(each, Body) else body(each) for each in (request, reply)]
    return call_messages(call(api), stored(*sides))


def asked(api: str, request: object) -> tuple[Message, ...]:
    """The messages of a request."""
    return said(api, request).request


def answered(api: str, reply: object) -> tuple[Message, ...]:
    """The messages of the one reply."""
    (reply_messages,) = said(api, None, reply).replies
    return reply_messages
