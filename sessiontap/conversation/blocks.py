"""parts_of: the parts of a message's content, in whichever provider's dialect it is written.

The dialects differ in the names of members only, so one reader takes them all, as `inference.messages` does.
What no rule here knows becomes `Unknown`; nothing makes it raise.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from sessiontap.conversation.media import media_of
from sessiontap.conversation.parts import Part, Text, Thinking, ToolCall, ToolResult, Unknown
from sessiontap.conversation.values import json_text, known_result
from sessiontap.replies.arguments import decoded
from sessiontap.untrusted import JsonObject, clean, items, obj, text

_TEXTS = frozenset(
    {"text", "input_text", "output_text", "refusal", "TEXT_CONTENT", "output_audio", "compaction"}
)
_THINKING = frozenset(
    {"thinking", "redacted_thinking", "reasoning", "reasoning_text", "summary_text", "thought"}
)
_CALLS = frozenset({"tool_use", "server_tool_use", "mcp_tool_use"})
# Marks that say how a request is to be cached, and nothing else.
_MARKS = frozenset({"cachePoint", "cache_point", "cachepoint"})


def parts_of(content: object) -> tuple[Part, ...]:
    """The parts of a content: a text, a block, or a list of both."""
    return tuple(_parts(content))


def tool_parts(content: object) -> tuple[Part, ...]:
    """The parts of what a tool gave."""
    if content is None or content in ("", [], {}):
        return ()
    if isinstance(content, list) and all(isinstance(each, str | dict) for each in content):
        return tuple(part for each in content for part in _given(each))
    if isinstance(content, str | dict):
        return _given(content)
    return (Text(json_text(content)),)


def _given(content: str | JsonObject) -> tuple[Part, ...]:
    if isinstance(content, dict):
        if (known := known_result(content)) is not None:
            return (Text(clean(known)),) if known else ()
        if "type" not in content and (len(content) > 1 or isinstance(_first_part(content), Unknown)):
            # A value of the tool's own; it may well have a member that is called `text`.
            return (Text(json_text(content)),)
    return parts_of(content)


def _first_part(content: JsonObject) -> Part | None:
    return next(_parts(content), None)


def _parts(content: object) -> Iterator[Part]:
    if isinstance(content, str):
        if content:
            yield Text(clean(content))
    elif isinstance(content, list):
        for block in content:
            yield from _parts(block)
    elif isinstance(content, dict):
        yield from _block(content)
    elif content is not None:
        yield Unknown(type(content).__name__, content)


def _block(block: JsonObject) -> Iterator[Part]:
    kind = text(block, "type") or ""
    if kind in _THINKING or block.get("thought") is True:
        yield Thinking(thinking_text(block))
    elif kind in _CALLS:
        yield ToolCall(text(block, "id"), text(block, "name"), decoded(block.get("input")))
    elif kind.endswith("tool_result"):
        yield _tool_result(block, kind)
    elif (media := media_of(block, kind)) is not None:
        yield media
    elif (words := _words(block, kind)) is not None:
        if words:
            yield Text(clean(words))
        elif "thoughtSignature" in block or "thought_signature" in block:
            yield Thinking("")
    elif block.keys() == {"parts"}:
        yield from _parts(block["parts"])
    elif block and not (len(block) == 1 and block.keys() <= _MARKS):
        yield _by_member(block, kind)


def _words(block: JsonObject, kind: str) -> str | None:
    """The text of a block that is one; blocks without a type have a text and nothing else."""
    if kind and kind not in _TEXTS:
        return None
    for member in ("content",) if kind == "compaction" else ("text", "refusal", "transcript"):
        found = block.get(member)
        if isinstance(found, dict):
            # The Assistants API has the text and its annotations in an object.
            found = found.get("value")
        if isinstance(found, str):
            return found
    guarded = obj(block, "guardContent", "text").get("text")
    return guarded if isinstance(guarded, str) else None


def _by_member(block: JsonObject, kind: str) -> Part:
    """A part of a dialect in which a block is named by its one large member: Google's and Amazon's."""
    for member, read in _MEMBERS:
        if (found := obj(block, member)) or (found := obj(block, _snake(member))):
            return read(found)
    return Unknown(kind or next(iter(block), ""), block)


def _function_call(call: JsonObject) -> Part:
    return ToolCall(text(call, "id"), text(call, "name"), call.get("args", {}))


def _function_response(result: JsonObject) -> Part:
    given = (*tool_parts(_only(result.get("response"))), *parts_of(result.get("parts")))
    return ToolResult(text(result, "id"), text(result, "name"), given, "error" in obj(result, "response"))


def _own_call(call: JsonObject) -> Part:
    return ToolCall(text(call, "id"), _google_tool(call), call.get("args", {}))


def _own_response(result: JsonObject) -> Part:
    return ToolResult(text(result, "id"), _google_tool(result), tool_parts(result.get("response")))


def _use(use: JsonObject) -> Part:
    return ToolCall(text(use, "toolUseId"), text(use, "name"), decoded(use.get("input")))


def _use_result(result: JsonObject) -> Part:
    parts = tuple(part for each in items(result, "content") for part in _aws_result(each))
    return ToolResult(text(result, "toolUseId"), None, parts, result.get("status") == "error")


def _thought(thought: JsonObject) -> Part:
    return Thinking(clean(text(obj(thought, "reasoningText"), "text") or ""))


def _code(code: JsonObject) -> Part:
    return ToolCall(text(code, "id"), "code_execution", code)


def _code_result(result: JsonObject) -> Part:
    failed = text(result, "outcome") not in {None, "OUTCOME_OK"}
    return ToolResult(text(result, "id"), "code_execution", tool_parts(result.get("output")), failed)


def _cited(cited: JsonObject) -> Part:
    return Text("".join(clean(text(each, "text") or "") for each in items(cited, "content")))


_MEMBERS: tuple[tuple[str, Callable[[JsonObject], Part]], ...] = (
    ("functionCall", _function_call),
    ("functionResponse", _function_response),
    ("toolCall", _own_call),
    ("toolResponse", _own_response),
    ("toolUse", _use),
    ("toolResult", _use_result),
    ("reasoningContent", _thought),
    ("executableCode", _code),
    ("codeExecutionResult", _code_result),
    ("citationsContent", _cited),
)


def _snake(member: str) -> str:
    return "".join(f"_{sign.lower()}" if sign.isupper() else sign for sign in member)


def thinking_text(block: JsonObject) -> str:
    """What a block of thinking, or an item of reasoning, says; empty where it is kept back."""
    found: list[str] = []
    for member in ("thinking", "summary", "content", "text"):
        said = block.get(member)
        if isinstance(said, str):
            found.append(said)
        elif isinstance(said, list):
            found += [words for each in said if (words := text(each, "text"))]
    return clean("\n\n".join(words for words in found if words))


def _tool_result(block: JsonObject, kind: str) -> ToolResult:
    """Anthropic's: of the client's tools, and, named by its kind, of one of Anthropic's own."""
    content = block.get("content")
    failed = block.get("is_error") is True or str(obj(block, "content").get("type")).endswith("_error")
    name = kind.removesuffix("tool_result").rstrip("_") or None
    call_id = text(block, "tool_use_id") or text(block, "tool_call_id")
    return ToolResult(call_id, None if name == "mcp" else name, tool_parts(content), failed)


def _aws_result(block: object) -> tuple[Part, ...]:
    if isinstance(block, dict) and block.keys() == {"json"}:
        return (Text(json_text(block["json"])),)
    return parts_of(block)


def _only(response: object) -> object:
    """What a function answered: SDKs put a text into an object of one member."""
    if isinstance(response, dict) and len(response) == 1:
        key, value = next(iter(response.items()))
        if key in {"result", "output", "content", "error", "return_value"}:
            return value
    return response


def _google_tool(tool: JsonObject) -> str | None:
    """The name of one of Google's own tools."""
    name = text(tool, "toolType") or text(tool, "tool_type")
    return name if name is None else name.lower()
