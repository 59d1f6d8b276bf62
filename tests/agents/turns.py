"""What a model does in one turn, in its provider's own shape: it says something, or calls tools."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

from sessiontap.demo import replies
from sessiontap.demo.answer import Answer
from sessiontap.usage import Usage

Json: TypeAlias = dict[str, object]

_numbers = itertools.count(1)
_EVENT_STREAM = ("Content-Type", "text/event-stream; charset=utf-8")
_DATA = re.compile(rb"^data: (\{.*\})$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Tool:
    """A tool that the model calls. `namespace` is the Responses API's."""

    name: str
    arguments: Json
    namespace: str | None = None


@dataclass(frozen=True, slots=True)
class Turn:
    """One reply: a text, or where there are any, tools."""

    usage: Usage
    text: str = ""
    tools: tuple[Tool, ...] = ()


def anthropic(model: str, turn: Turn) -> Answer:
    """A streamed reply of the Messages API."""
    said = replies.anthropic_messages(model, turn.text, turn.usage, stream=True)
    return Answer(headers=said.headers, chunks=_with_tool_blocks(said, turn)) if turn.tools else said


def _with_tool_blocks(said: Answer, turn: Turn) -> Iterator[bytes]:
    for event in _events(said):
        match event["type"]:
            case "content_block_start":
                for index, tool in enumerate(turn.tools):
                    yield from _tool_block(index, tool)
            case "content_block_delta" | "content_block_stop":
                pass
            case "message_delta":
                yield _sse({**event, "delta": {"stop_reason": "tool_use", "stop_sequence": None}})
            case _:
                yield _sse(event)


def _tool_block(index: int, tool: Tool) -> Iterator[bytes]:
    block: Json = {"type": "tool_use", "id": f"toolu_{next(_numbers):024}", "name": tool.name, "input": {}}
    delta: Json = {"type": "input_json_delta", "partial_json": json.dumps(tool.arguments)}
    yield _sse({"type": "content_block_start", "index": index, "content_block": block})
    yield _sse({"type": "content_block_delta", "index": index, "delta": delta})
    yield _sse({"type": "content_block_stop", "index": index})


def responses(model: str, turn: Turn) -> Iterator[Json]:
    """The events of a reply of the Responses API, as its WebSocket sends them."""
    for event in _events(replies.openai_responses(model, turn.text, turn.usage, stream=True)):
        if not turn.tools or event["type"] in {"response.created", "response.in_progress"}:
            yield event
        elif event["type"] == "response.completed":
            items = [_function_call(tool) for tool in turn.tools]
            for index, item in enumerate(items):
                yield {"type": "response.output_item.added", "output_index": index, "item": item}
                yield {"type": "response.output_item.done", "output_index": index, "item": item}
            done = event["response"]
            assert isinstance(done, dict)
            yield {**event, "response": {**done, "output": items}}


def _function_call(tool: Tool) -> Json:
    number = next(_numbers)
    return {
        "type": "function_call",
        "id": f"fc_{number:024}",
        "call_id": f"call_{number:024}",
        "name": tool.name,
        "arguments": json.dumps(tool.arguments),
        "status": "completed",
        **({"namespace": tool.namespace} if tool.namespace else {}),
    }


def gemini(model: str, turn: Turn) -> Answer:
    """A reply of streamGenerateContent."""
    said = replies.gemini_generate_content(model, turn.text, turn.usage, stream=True)
    if not turn.tools:
        return said
    (event,) = _events(said)
    calls = [{"functionCall": {"name": tool.name, "args": tool.arguments}} for tool in turn.tools]
    content: Json = {"role": "model", "parts": calls}
    event = {**event, "candidates": [{"content": content, "index": 0, "finishReason": "STOP"}]}
    return Answer(headers=said.headers, chunks=(_sse(event),))


def _events(answer: Answer) -> Iterator[Json]:
    """The events of a streamed answer."""
    for chunk in answer.chunks:
        if found := _DATA.search(chunk):
            yield json.loads(found[1])


def _sse(event: Json) -> bytes:
    name = f"event: {event['type']}\n" if "type" in event else ""
    return f"{name}data: {json.dumps(event)}\n\n".encode()
