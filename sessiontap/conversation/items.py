"""item_parts: who says what in an item that is no message: OpenAI's Responses, Gemini's Interactions, Mistral's entries."""

from __future__ import annotations

from sessiontap.conversation.blocks import parts_of, thinking_text, tool_parts
from sessiontap.conversation.parts import Media, Part, Role, Text, Thinking, ToolCall, ToolResult, Unknown
from sessiontap.replies.arguments import decoded
from sessiontap.untrusted import JsonObject, text

_CALL, _OUTPUT, _RESULT = "_call", "_output", "_result"
_MESSAGES: dict[str, Role] = {
    "model_output": "assistant",
    "message.output": "assistant",
    "message.input": "user",
    "user_input": "user",
}
_ARGUMENTS = ("arguments", "input", "action", "operation", "queries", "query", "code")
# What of an item says nothing to a reader.
_PLAIN = frozenset({"id", "call_id", "type", "status", "name", "object", "namespace"})
# Blocks, which are no items though their names end alike.
_BLOCKS = frozenset({"tool_result", "computer_call_output_image"})


def item_parts(item: JsonObject, kind: str) -> tuple[Role, tuple[Part, ...]] | None:
    """The speaker and the parts of an item of that `type`; None for a message, or a block."""
    if kind in _MESSAGES:
        # A step of a stream may have its thinking and its text as members.
        more = parts_of(item.get("text"))
        return _MESSAGES[kind], (*parts_of(item.get("content")), *more)
    if kind in {"reasoning", "thought"}:
        return "assistant", (Thinking(thinking_text(item)),)
    if kind == "image_generation_call":
        return "assistant", _picture(item)
    if kind == "function.call":
        return "assistant", (
            ToolCall(text(item, "tool_call_id"), text(item, "name"), decoded(item.get("arguments"))),
        )
    if kind == "function.result":
        return "tool", (ToolResult(text(item, "tool_call_id"), None, tool_parts(item.get("result"))),)
    if kind.startswith("tool.execution"):
        return "assistant", (_call(item, "tool.execution"), *_given(item, ("info",)))
    if "role" in item and kind == "message":
        return None
    if kind.endswith(_CALL):
        return "assistant", (_call(item, kind), *_given(item, ("results", "outputs", "output")))
    if kind.endswith(_OUTPUT) and ("call_id" in item or "output" in item):
        return "tool", (_result(item, "output"),)
    if kind.endswith(_RESULT) and not kind.endswith("tool_result"):
        return "tool", (_result(item, "result"),)
    if kind == "tool_search_output":
        return "tool", (_result(item, "tools"),)
    if kind in {"compaction", "mcp_list_tools", "mcp_approval_request", "item_reference", "additional_tools"}:
        words = text(item, "content")
        return "assistant", (Text(words) if words else Unknown(kind, item),)
    return None


def _call(item: JsonObject, kind: str) -> ToolCall:
    call_id = text(item, "call_id") or text(item, "id")
    name = text(item, "name") or kind.removesuffix(_CALL)
    found = [member for member in _ARGUMENTS if item.get(member) is not None]
    if len(found) == 1 and found[0] not in {"code", "query", "queries"}:
        return ToolCall(call_id, name, decoded(item[found[0]]))
    more = {member: item[member] for member in found}
    return ToolCall(call_id, name, more)


def _given(item: JsonObject, members: tuple[str, ...]) -> list[Part]:
    """What a provider's own tool gave, in the item of its call."""
    failed = item.get("error") not in (None, "", {})
    content = item.get("error") if failed else next((item[each] for each in members if item.get(each)), None)
    if content is None:
        return []
    return [
        ToolResult(text(item, "call_id") or text(item, "id"), text(item, "name"), tool_parts(content), failed)
    ]


def _result(item: JsonObject, member: str) -> ToolResult:
    call_id = text(item, "call_id") or text(item, "id")
    content = item.get(member, item.get("tools"))
    return ToolResult(call_id, text(item, "name"), tool_parts(content), item.get("is_error") is True)


def _picture(item: JsonObject) -> tuple[Part, ...]:
    asked = {key: item[key] for key in ("action", "revised_prompt", "size", "quality") if item.get(key)}
    call = ToolCall(text(item, "id"), "image_generation", asked)
    data = text(item, "result")
    form = text(item, "output_format")
    mime = f"image/{form}" if form else None
    return (call, Media("image", mime, data=data)) if data else (call,)
