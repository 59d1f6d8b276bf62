"""parts_of: the parts of a message's content, in whichever provider's dialect it is written.

The dialects differ in the names of members only, so one reader takes them all, as `inference.messages` does.
What no rule here knows becomes `Unknown`; nothing makes it raise.
"""

from __future__ import annotations

from collections.abc import Iterator

from sessiontap.conversation.media import media_of
from sessiontap.conversation.parts import Part, Text, Thinking, ToolCall, ToolResult, Unknown
from sessiontap.conversation.values import json_text, known_result
from sessiontap.replies.arguments import decoded
from sessiontap.untrusted import JsonObject, clean, items, obj, text

_TEXTS = frozenset(
    {"text", "input_text", "output_text", "refusal", "TEXT_CONTENT", "output_audio", "audio_transcript"}
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


def _given(content: object) -> tuple[Part, ...]:
    if not isinstance(content, dict):
        return parts_of(content)
    if (known := known_result(content)) is not None:
        return (Text(clean(known)),) if known else ()
    parts = parts_of(content)
    # An object without a type is a value of the tool's own.
    if "type" not in content and any(isinstance(part, Unknown) for part in parts):
        return (Text(json_text(content)),)
    return parts


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
    elif len(block) == 1 and block.keys() <= _MARKS:
        return
    else:
        yield _by_member(block, kind)


def _words(block: JsonObject, kind: str) -> str | None:
    """The text of a block that is one; blocks without a type have a text and nothing else."""
    if kind and kind not in _TEXTS:
        return None
    for member in ("text", "refusal", "transcript"):
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
    if call := _either(block, "functionCall", "function_call"):
        return ToolCall(text(call, "id"), text(call, "name"), call.get("args", {}))
    if result := _either(block, "functionResponse", "function_response"):
        more = parts_of(result.get("parts"))
        answered = result.get("response")
        return ToolResult(
            text(result, "id"),
            text(result, "name"),
            (*tool_parts(_only(answered)), *more),
            "error" in obj(result, "response"),
        )
    if use := obj(block, "toolUse"):
        return ToolCall(text(use, "toolUseId"), text(use, "name"), decoded(use.get("input")))
    if result := obj(block, "toolResult"):
        parts = tuple(part for each in items(result, "content") for part in _aws_result(each))
        return ToolResult(text(result, "toolUseId"), None, parts, result.get("status") == "error")
    if thought := obj(block, "reasoningContent"):
        return Thinking(clean(text(obj(thought, "reasoningText"), "text") or ""))
    if code := _either(block, "executableCode", "executable_code"):
        return ToolCall(text(code, "id"), "code_execution", code)
    if result := _either(block, "codeExecutionResult", "code_execution_result"):
        said = tool_parts(result.get("output", ""))
        outcome = text(result, "outcome") or "OUTCOME_OK"
        return ToolResult(text(result, "id"), "code_execution", said, outcome != "OUTCOME_OK")
    if citing := items(obj(block, "citationsContent"), "content"):
        return Text("".join(clean(text(each, "text") or "") for each in citing))
    return Unknown(kind or next(iter(block), ""), block)


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


def _either(block: JsonObject, camel: str, snake: str) -> JsonObject:
    return obj(block, camel) or obj(block, snake)
