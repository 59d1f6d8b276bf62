"""Messages as JSON: what `show --messages --json` and `show --call --json` print."""

from __future__ import annotations

import json
from collections.abc import Iterable
from math import isfinite

from sessiontap.call import Call, encode
from sessiontap.conversation import (
    CallMessages,
    Media,
    Message,
    Part,
    Text,
    Thinking,
    ToolCall,
    ToolResult,
    Turn,
)
from sessiontap.untrusted import JsonObject


def turn_json(turn: Turn, number: int) -> bytes:
    """One call with what is new in it, on one line, without the line end.

    `request` has the messages that no earlier call had, `earlier_messages` counts the others.
    """
    call = turn.call
    head: JsonObject = {
        "call_id": call.call_id,
        "number": number,
        "session_path": call.session_path,
        "model": call.model,
        "status": call.status,
        "started_at": call.started_at,
        "earlier_messages": turn.folded,
        "new_system": turn.new_system,
        "new_tools": turn.new_tools,
    }
    return _encoded({**head, **messages_json(turn.messages, turn.new, tools=turn.new_tools)})


def call_json(call: Call, found: CallMessages) -> bytes:
    """`{"call": the record, "messages": all that was said}`, without the line end."""
    return b'{"call":%b,"messages":%b}' % (encode(call), _encoded(messages_json(found)))


def messages_json(
    found: CallMessages, request: Iterable[Message] | None = None, *, tools: bool = True
) -> JsonObject:
    """What was said in a call; with `request`, only these of what was sent."""
    sent = found.request if request is None else request
    offered = [
        {"name": tool.name, "description": tool.description, "parameters": tool.parameters}
        for tool in (found.tools if tools else ())
    ]
    return {
        "tools": offered,
        "request": [_message(message) for message in sent],
        "replies": [[_message(message) for message in reply] for reply in found.replies],
        "missing": list(found.missing),
    }


def _message(message: Message) -> JsonObject:
    made: JsonObject = {"role": message.role, "parts": [_part(part) for part in message.parts]}
    return {**made, "name": message.name} if message.name else made


def _part(part: Part) -> JsonObject:
    match part:
        case Text():
            return {"type": "text", "text": part.text}
        case Thinking():
            return {"type": "thinking", "text": part.text}
        case ToolCall():
            arguments = part.arguments
            return {"type": "tool_call", "id": part.call_id, "name": part.name, "arguments": arguments}
        case ToolResult():
            given = [_part(each) for each in part.parts]
            known = {"id": part.call_id, "name": part.name, "is_error": part.is_error}
            return {"type": "tool_result", **known, "parts": given}
        case Media():
            where = {"data": part.data, "url": part.url, "name": part.name}
            return {"type": part.kind, "mime_type": part.mime_type, **where}
        case _:
            return {"type": "unknown", "kind": part.kind, "content": part.content}


def _encoded(value: JsonObject) -> bytes:
    try:
        text = json.dumps(value, ensure_ascii=False, allow_nan=False)
    except ValueError:
        text = json.dumps(_finite(value), ensure_ascii=False)
    return text.encode("utf-8", "replace")


def _finite(value: object) -> object:
    """The value with texts for the numbers that JSON does not have: clients write `NaN` all the same."""
    if isinstance(value, dict):
        return {key: _finite(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_finite(each) for each in value]
    return str(value) if isinstance(value, float) and not isfinite(value) else value
