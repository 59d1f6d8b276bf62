"""Invented replies and their records: what the tests of the facts are written in."""

from __future__ import annotations

import json
from collections.abc import Mapping
from itertools import count
from pathlib import Path
from typing import Any

from sessiontap.call import Call
from sessiontap.identity import identify
from sessiontap.pricing import load_prices
from sessiontap.providers import DIRECTORY, Match
from sessiontap.record import Moment
from sessiontap.socket_meter import SocketMeter
from tests.conformance.metering import finish, meter

CHAT = "https://api.openai.com/v1/chat/completions"
RESPONSES = "https://api.openai.com/v1/responses"
MESSAGES = "https://api.anthropic.com/v1/messages"
GEMINI = (
    "https://generativelanguage.googleapis.com/v1beta/models/gemini-2.5-flash:streamGenerateContent?alt=sse"
)
BEDROCK = "https://bedrock-runtime.us-east-1.amazonaws.com/model"
OPENROUTER = "https://openrouter.ai/api/v1/chat/completions"
GROQ = "https://api.groq.com/openai/v1/chat/completions"

JSON = {"content-type": "application/json"}
SSE = {"content-type": "text/event-stream"}
AWS = {"content-type": "application/vnd.amazon.eventstream"}


def found(url: str, method: str = "POST") -> Match:
    """What the table of providers says of a URL, which must be a model call's."""
    host, slash, target = url.partition("://")[2].partition("/")
    match = DIRECTORY.match(method, host, slash + target)
    assert match is not None, f"{url} is no model call"
    return match


def read(
    url: str,
    body: bytes,
    headers: Mapping[str, str],
    *,
    method: str = "POST",
) -> Call:
    """The record of a call that was answered with 200, these bytes and headers."""
    started = meter(found(url, method), b'{"model": "asked-for"}')
    call = finish(started, 200, headers, [body])
    assert started.problem is None
    return call


def said(url: str, reply: dict[str, Any], headers: Mapping[str, str] = JSON, *, method: str = "POST") -> Call:
    """The record of a call that was answered with this JSON."""
    return read(url, json.dumps(reply).encode(), headers, method=method)


def streamed(url: str, *events: dict[str, Any], end: bytes = b"") -> Call:
    """The record of a call that was answered with these server-sent events, named by their `type`."""
    body = b"".join(
        b"event: %b\ndata: %b\n\n" % (event.get("type", "message").encode(), json.dumps(event).encode())
        for event in events
    )
    return read(url, body + end, SSE)


def chat(url: str, usage: dict[str, Any], **more: Any) -> Call:
    """The record of a call that was answered with a chat completion with this usage."""
    choice = {"index": 0, "message": {"role": "assistant", "content": "Hi"}, "finish_reason": "stop"}
    return said(url, {"id": "c1", "model": "m", "choices": [choice], "usage": usage, **more})


def chunk(**fields: Any) -> dict[str, Any]:
    """A chunk of a streamed chat completion; the fields replace its own."""
    delta = {"index": 0, "delta": {"content": "Hi"}, "finish_reason": "stop"}
    return {"id": "c1", "object": "chat.completion.chunk", "model": "m", "choices": [delta], **fields}


def message(usage: dict[str, Any]) -> dict[str, Any]:
    """A message of Anthropic's model `main`."""
    return {
        "id": "msg_1",
        "type": "message",
        "model": "main",
        "content": [{"type": "text", "text": "Hi"}],
        "stop_reason": "end_turn",
        "usage": usage,
    }


def start(usage: dict[str, Any]) -> dict[str, Any]:
    """The event that a stream of Anthropic's begins with."""
    return {"type": "message_start", "message": {**message(usage), "content": [], "stop_reason": None}}


def delta(usage: dict[str, Any]) -> dict[str, Any]:
    """The event with the last word on the usage of a message of Anthropic's."""
    return {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": usage}


STOP = {"type": "message_stop"}


def priced(call: Call, folder: Path, prices: str) -> Call:
    """The call by these prices of its provider's models, one `model: {...}` a line."""
    lines = "\n".join(f"      {line.strip()}" for line in prices.strip().splitlines())
    file = folder / "pricing.yaml"
    file.write_text(
        f"version: 1\nproviders:\n  {call.provider}:\n    source: https://a.example\n"
        f"    checked: 2026-01-01\n    models:\n{lines}\n",
        "utf-8",
    )
    return load_prices(file).price(call)


def socket_calls(url: str, *, sent: list[dict[str, Any]], received: list[dict[str, Any]]) -> list[Call]:
    """The calls that ended on a socket: first all that the client sent, then all that came."""
    ids = count(1)
    socket = SocketMeter(
        found(url, "GET"),
        identify([], proxy_user=None, today="2026-01-01"),
        target=url,
        new_call_id=lambda: f"call-{next(ids)}",
    )
    now = Moment("2026-01-01T00:00:00.000Z", 1.0)
    metered = [each for message in sent for each in socket.sent(json.dumps(message).encode(), now)]
    metered += [each for message in received for each in socket.received(json.dumps(message).encode(), now)]
    metered += socket.close("clean", now)
    return [each.call for each in metered if each.call.status != "running"]
