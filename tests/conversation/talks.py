"""A session with a conversation in it, whose text is partly hostile: what views and commands show."""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

from sessiontap.bodies import Body, CallBodies
from sessiontap.call import Call
from sessiontap.store import Ledger
from sessiontap.usage import Usage
from tests.conversation.samples import body, stream
from tests.sessions.samples import make_call

TALK_ID = "9f3b0c12-talk"
HOSTILE = "\x1b]0;owned\x07red \x1b[31malert\x1b[0m\rover \u202etxt.exe \x9b2J end"
_USE = {
    "type": "tool_use",
    "id": "toolu_1",
    "name": "read_file",
    "input": {"path": "src/app.py", "limit": 40},
}
_SOURCE = "\n".join(f"{number:>3}\tvalue_{number} = {number}" for number in range(1, 41))
_PNG = "iVBORw0KGgo" * 300


def _asked(*messages: dict[str, Any]) -> Body:
    tools = [
        {
            "name": "read_file",
            "description": "Reads a file.\nGives its lines, numbered.",
            "input_schema": {"type": "object"},
        },
        {"name": "run_tests", "description": "Runs the tests.", "input_schema": {"type": "object"}},
    ]
    system = "You are a careful engineer. Change as little as possible, and say why."
    return body({"model": "claude-sonnet-4-5", "system": system, "tools": tools, "messages": list(messages)})


def _answered(*blocks: dict[str, Any]) -> Body:
    events: list[dict[str, Any]] = [
        {"type": "message_start", "message": {"role": "assistant", "content": []}}
    ]
    for index, block in enumerate(blocks):
        kind = block["type"]
        grown = "input" if kind == "tool_use" else kind
        start = {**block, grown: {} if kind == "tool_use" else ""}
        words = json.dumps(block["input"]) if kind == "tool_use" else block[kind]
        delta = {"tool_use": "input_json_delta", "text": "text_delta", "thinking": "thinking_delta"}[kind]
        member = "partial_json" if kind == "tool_use" else kind
        events.append({"type": "content_block_start", "index": index, "content_block": start})
        events += [
            {
                "type": "content_block_delta",
                "index": index,
                "delta": {"type": delta, member: words[at : at + 7]},
            }
            for at in range(0, len(words), 7)
        ]
    return stream([*events, {"type": "message_stop"}])


def talk() -> Iterator[tuple[Call, CallBodies | None]]:
    """Four calls: a question, a tool's answer, a failure, and one of which nothing is stored."""
    first: list[dict[str, Any]] = [
        {
            "role": "user",
            "content": [
                {
                    "type": "text",
                    "text": "Why does the total come out wrong?\n\n  - see the picture\n  - größer 日本 👍",
                },
                {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": _PNG}},
            ],
        }
    ]
    thought = {
        "type": "thinking",
        "thinking": "The loop may stop one short. I should look at the file first.",
    }
    answer: list[dict[str, Any]] = [thought, {"type": "text", "text": "I will read the file."}, _USE]
    second = [
        *first,
        {"role": "assistant", "content": answer},
        {
            "role": "user",
            "content": [
                {"type": "tool_result", "tool_use_id": "toolu_1", "content": _SOURCE},
                {"type": "text", "text": HOSTILE},
            ],
        },
    ]
    found = {
        "type": "text",
        "text": "**Line 12** is off by one: " + "the range ends before the last value. " * 9,
    }
    third = [*second, {"role": "assistant", "content": [found]}, {"role": "user", "content": "Then fix it."}]
    rows: list[tuple[list[dict[str, Any]], Body | None, dict[str, Any]]] = [
        (first, _answered(*answer), {"session_path": "/fix/look", "cost_usd": Decimal("0.0123")}),
        (
            second,
            _answered(found),
            {
                "session_path": "/fix/look",
                "usage": Usage(input_tokens=2345, cache_read_input_tokens=1200, output_tokens=98),
            },
        ),
        (
            third,
            body({"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}),
            {
                "session_path": "/fix/patch",
                "status": "error",
                "http_status": 529,
                "error_type": "overloaded_error",
                "error_message": "Overloaded",
                "usage": Usage(),
                "cost_usd": None,
                "response_model": None,
            },
        ),
    ]
    for number, (messages, reply, fields) in enumerate(rows, 1):
        call = _call(number, **fields)
        yield call, _stored(call, _asked(*messages), reply)
    yield _call(4, session_path="/fix/patch", properties={"env": "prod"}), None


def _call(number: int, **fields: Any) -> Call:
    known = {
        "call_id": f"{number}aaaaaaa-0000-4000-8000-000000000000",
        "session_id": TALK_ID,
        "session_name": "fix the total",
        "provider": "anthropic",
        "api": "anthropic.messages",
        "host": "api.anthropic.com",
        "url_path": "/v1/messages",
        "request_bytes": 4321,
        "response_bytes": 987,
    }
    return make_call(number, "/", "claude-sonnet-4-5-20250929", **{**known, **fields})


def _stored(call: Call, request: Body, reply: Body | None) -> CallBodies:
    return CallBodies(
        call_id=call.call_id,
        session_id=call.session_id,
        method="POST",
        target="/v1/messages",
        headers={"content-type": "application/json"},
        request=request,
        reply=reply,
    )


def fill_talk(home: Path) -> None:
    """Stores the session under a home."""
    with Ledger(home) as ledger:
        for call, bodies in talk():
            ledger.append(call)
            if bodies is not None:
                ledger.put_bodies(bodies)
