"""item_parts: who says what in an item that is no message.

OpenAI's Responses, Gemini's Interactions and Mistral's conversations have them.
"""

from __future__ import annotations

from collections.abc import Callable
from types import MappingProxyType
from typing import TypeAlias

from sessiontap.conversation.blocks import parts_of, thinking_text, tool_parts
from sessiontap.conversation.parts import Media, Part, Role, Text, Thinking, ToolCall, ToolResult, Unknown
from sessiontap.replies.arguments import decoded
from sessiontap.untrusted import JsonObject, text

_Said: TypeAlias = tuple[Role, tuple[Part, ...]]

_CALL, _OUTPUT, _RESULT, _TOOL_RESULT = "_call", "_output", "_result", "tool_result"
_ARGUMENTS = ("arguments", "input", "action", "operation", "queries", "query", "code")
# Arguments that mean little without their name.
_NAMED = frozenset({"code", "query", "queries"})


def item_parts(item: JsonObject, kind: str) -> _Said | None:
    """The speaker and the parts of an item of that `type`; None for a message, or a block."""
    if (read := _READERS.get(kind)) is not None:
        return read(item)
    if kind.startswith("tool.execution"):
        return "assistant", (_call(item, "tool.execution"), *_given(item, ("info",)))
    if kind.endswith(_CALL):
        return "assistant", (_call(item, kind), *_given(item, ("results", "outputs", "output")))
    if kind.endswith(_OUTPUT) and item.keys() & {"call_id", "output", "tools"}:
        return "tool", (_result(item, "output"),)
    if kind.endswith(_RESULT) and not kind.endswith(_TOOL_RESULT):
        return "tool", (_result(item, "result"),)
    return None


def _by(role: Role) -> Callable[[JsonObject], _Said]:
    """A step of a stream may have its text beside its content."""
    return lambda item: (role, (*parts_of(item.get("content")), *parts_of(item.get("text"))))


def _thinking(item: JsonObject) -> _Said:
    return "assistant", (Thinking(thinking_text(item)),)


def _picture(item: JsonObject) -> _Said:
    asked = {key: item[key] for key in ("action", "revised_prompt", "size", "quality") if item.get(key)}
    call = ToolCall(text(item, "id"), "image_generation", asked)
    data, form = text(item, "result"), text(item, "output_format")
    mime = f"image/{form}" if form else None
    return "assistant", (call, Media("image", mime, data=data)) if data else (call,)


def _function_call(item: JsonObject) -> _Said:
    arguments = decoded(item.get("arguments"))
    return "assistant", (ToolCall(text(item, "tool_call_id"), text(item, "name"), arguments),)


def _function_result(item: JsonObject) -> _Said:
    return "tool", (ToolResult(text(item, "tool_call_id"), None, tool_parts(item.get("result"))),)


def _kept(role: Role) -> Callable[[JsonObject], _Said]:
    def said(item: JsonObject) -> _Said:
        words = text(item, "content")
        return role, (Text(words) if words else Unknown(str(item.get("type")), item),)

    return said


_READERS = MappingProxyType(
    {
        "model_output": _by("assistant"),
        "user_input": _by("user"),
        "message.output": _by("assistant"),
        "message.input": _by("user"),
        "reasoning": _thinking,
        "thought": _thinking,
        "image_generation_call": _picture,
        "function.call": _function_call,
        "function.result": _function_result,
        "compaction": _kept("assistant"),
        "mcp_list_tools": _kept("assistant"),
        "mcp_approval_request": _kept("assistant"),
        "mcp_approval_response": _kept("user"),
        "item_reference": _kept("assistant"),
        "additional_tools": _kept("system"),
    }
)


def _call(item: JsonObject, kind: str) -> ToolCall:
    call_id = text(item, "call_id") or text(item, "id")
    name = text(item, "name") or kind.removesuffix(_CALL)
    found = [member for member in _ARGUMENTS if item.get(member) is not None]
    if len(found) == 1 and found[0] not in _NAMED:
        return ToolCall(call_id, name, decoded(item[found[0]]))
    more = {member: item[member] for member in found}
    return ToolCall(call_id, name, more)


def _given(item: JsonObject, members: tuple[str, ...]) -> list[Part]:
    """What a provider's own tool gave, in the item of its call."""
    failed = item.get("error") not in (None, "", {})
    content = item.get("error") if failed else next((item[each] for each in members if item.get(each)), None)
    if content is None:
        return []
    call_id = text(item, "call_id") or text(item, "id")
    return [ToolResult(call_id, text(item, "name"), tool_parts(content), failed)]


def _result(item: JsonObject, member: str) -> ToolResult:
    call_id = text(item, "call_id") or text(item, "id")
    content = item.get(member, item.get("tools"))
    return ToolResult(call_id, text(item, "name"), tool_parts(content), item.get("is_error") is True)
