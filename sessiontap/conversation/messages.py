"""messages_of: the messages that a message or an item of a request or a reply is, in whichever dialect.

Mostly that is one. A message of a user's with what tools gave in it is two: the results, and the rest.
"""

from __future__ import annotations

from collections.abc import Iterator

from sessiontap.conversation.blocks import parts_of, tool_parts
from sessiontap.conversation.items import item_parts
from sessiontap.conversation.parts import Media, Message, Part, Role, Text, Thinking, ToolCall, ToolResult
from sessiontap.conversation.values import json_text
from sessiontap.replies.arguments import decoded
from sessiontap.untrusted import JsonObject, clean, items, obj, objects, text

_ROLES: dict[str, Role] = {
    "system": "system",
    "developer": "system",
    "user": "user",
    "assistant": "assistant",
    "model": "assistant",
    "chatbot": "assistant",
    "tool": "tool",
    "function": "tool",
}
_CONTENTS = ("content", "parts", "message", "text")


def messages_of(value: object, role: Role = "user") -> tuple[Message, ...]:
    """The messages; `role` is who speaks where nothing says so. None for what says nothing."""
    if not isinstance(value, dict):
        parts = parts_of(value)
        return (Message(role, parts),) if parts else ()
    kind = text(value, "type") or ""
    if kind and (found := item_parts(value, kind)) is not None:
        speaker, parts = found
        return _split(Message(speaker, parts))
    said = value.get("role")
    speaker = _ROLES.get(said.lower(), "user") if isinstance(said, str) else role
    name = text(value, "name")
    if isinstance(said, str) and said.lower() not in _ROLES:
        name = name or clean(said)
    if speaker == "tool":
        results = _results(value, name)
        return (Message("tool", results),) if results else ()
    parts = _parts(value) if said is not None or not kind or kind == "message" else parts_of(value)
    return _split(Message(speaker, parts, name))


def _parts(message: JsonObject) -> tuple[Part, ...]:
    found: list[Part] = list(_thinking(message))
    for member in _CONTENTS:
        if message.get(member) is not None:
            found += parts_of(message[member])
            break
    if isinstance(refusal := message.get("refusal"), str) and refusal:
        found.append(Text(clean(refusal)))
    found += _media(message)
    calls = objects(message, "tool_calls")
    if old := obj(message, "function_call"):
        calls.append(old)
    found += [_call(call) for call in calls]
    found += _outputs(message)
    for tool in objects(message, "executed_tools"):
        name = text(tool, "type") or text(tool, "name")
        found.append(ToolCall(None, name, decoded(tool.get("arguments"))))
        if output := tool_parts(tool.get("output")):
            found.append(ToolResult(None, name, output))
    return tuple(found)


def _media(message: JsonObject) -> Iterator[Part]:
    """What a message has beside its content: what was spoken, and pictures."""
    audio = obj(message, "audio")
    if transcript := text(audio, "transcript"):
        yield Text(transcript)
    if data := text(audio, "data"):
        yield Media("audio", None, data=data)
    for image in items(message, "images"):
        if isinstance(image, str):
            yield Media("image", None, data=image)
        else:
            yield from parts_of(image)


def _outputs(message: JsonObject) -> Iterator[Part]:
    """Cohere's first version hands all results over at once."""
    for result in objects(message, "tool_results"):
        yield ToolResult(None, text(obj(result, "call"), "name"), tool_parts(result.get("outputs")))


def _thinking(message: JsonObject) -> list[Part]:
    for member in ("reasoning_content", "reasoning", "thinking", "tool_plan"):
        if words := text(message, member):
            return [Thinking(words)]
    details = objects(message, "reasoning_details")
    said = [words for each in details if (words := text(each, "text") or text(each, "summary"))]
    return [Thinking("".join(said))] if details else []


def _call(call: JsonObject) -> ToolCall:
    made = obj(call, "function") or obj(call, "custom") or call
    members = ("arguments", "input", "parameters", "args")
    arguments = next((made[member] for member in members if member in made), {})
    return ToolCall(text(call, "id"), text(made, "name"), decoded(arguments))


def _results(message: JsonObject, name: str | None) -> tuple[Part, ...]:
    call_id = text(message, "tool_call_id")
    found = list(_outputs(message))
    content = message.get("content", message.get("parts"))
    # Results with calls of their own stand in some dialects where a text stands in others.
    apart = [part for part in parts_of(content) if isinstance(part, ToolResult)]
    if apart:
        return (*found, *parts_of(content))
    if content is not None or not found:
        name = name or text(message, "tool_name")
        found.append(ToolResult(call_id, name, _documents(content)))
    return tuple(found)


def _documents(content: object) -> tuple[Part, ...]:
    """What a tool gave; Cohere's may be documents with data of their own."""
    if isinstance(content, list):
        parts: list[Part] = []
        for each in content:
            data = obj(each, "document").get("data")
            parts += (
                tool_parts(each)
                if data is None
                else [Text(data if isinstance(data, str) else json_text(data))]
            )
        return tuple(parts)
    return tool_parts(content)


def _split(message: Message) -> tuple[Message, ...]:
    """The results that a user's message brings are a message of the tools."""
    if not message.parts:
        return ()
    if message.role != "user":
        return (message,)
    results = tuple(part for part in message.parts if isinstance(part, ToolResult))
    if not results:
        return (message,)
    rest = tuple(part for part in message.parts if not isinstance(part, ToolResult))
    given = Message("tool", results)
    return (given, Message("user", rest, message.name)) if rest else (given,)
