"""pieces_of: the pieces of one message, in whichever provider's dialect it is written.

The dialects differ in the names of members only, so one reader takes them all: OpenAI's chat messages and the
items of its Responses, Anthropic's blocks, Gemini's contents, Bedrock Converse's, Ollama's and Cohere's.
"""

from __future__ import annotations

from collections.abc import Iterator

from sessiontap.inference.pieces import RESULT, Piece, call_piece, text_piece
from sessiontap.untrusted import JsonObject, items, obj, objects

_MODEL = frozenset({"assistant", "model", "chatbot"})
_SYSTEM = frozenset({"system", "developer"})
_ITEM_CALLS = frozenset(
    {"function_call", "custom_tool_call", "local_shell_call", "shell_call", "computer_call"}
)
_ITEM_RESULT = "_output"
_CALL_BLOCKS = frozenset({"tool_use", "server_tool_use", "mcp_tool_use"})
_NO_TEXT = frozenset({"thinking", "redacted_thinking", "reasoning", "reasoning_content"})


def is_system(message: JsonObject) -> bool:
    """True for what the program tells the model beside the conversation, and may change from call to call."""
    return _role(message) in _SYSTEM


def pieces_of(message: JsonObject) -> tuple[Piece, ...]:
    """The pieces of a message, in order; none where it says nothing that counts."""
    kind = message.get("type")
    if isinstance(kind, str) and (piece := _item(message, kind)) is not None:
        return (piece,)
    role = _role(message)
    if role in {"tool", "function"}:
        return (RESULT,)
    by_model = role in _MODEL
    found: list[Piece] = []
    words: list[str] = []
    for part in _parts(message):
        if isinstance(part, str):
            words.append(part)
            continue
        _add_text(found, words, by_model=by_model)
        found.append(part)
    _add_text(found, words, by_model=by_model)
    calls = objects(message, "tool_calls")
    if old := obj(message, "function_call"):
        calls.append(old)
    found += [_chat_call(call) for call in calls]
    found += [RESULT] * len(items(message, "tool_results"))
    return tuple(found)


def gemini_id(part: JsonObject) -> object:
    """What tells one call of a function from another."""
    return part.get("thoughtSignature") or obj(part, "functionCall").get("id")


def texts_of(message: JsonObject) -> Iterator[str]:
    """The texts of a message, block by block."""
    yield from (part for part in _parts(message) if isinstance(part, str))


def _role(message: JsonObject) -> str:
    role = message.get("role")
    return role.lower() if isinstance(role, str) else ""


def _add_text(found: list[Piece], words: list[str], *, by_model: bool) -> None:
    """Ends a run of texts: clients join and split blocks, so it counts as one."""
    if words and (piece := text_piece("\n".join(words), by_model=by_model)) is not None:
        found.append(piece)
    words.clear()


def _item(item: JsonObject, kind: str) -> Piece | None:
    """The piece of an item of the Responses API that is no message."""
    call_id = item.get("call_id") or item.get("id")
    if kind in _ITEM_CALLS:
        return call_piece(call_id, item.get("name"), item.get("arguments", item.get("input")))
    if kind.endswith(_ITEM_RESULT) and kind.removesuffix(_ITEM_RESULT) in _ITEM_CALLS:
        return RESULT
    return None


def _chat_call(call: JsonObject) -> Piece:
    function = obj(call, "function") or obj(call, "custom") or call
    arguments = next(
        (function[key] for key in ("arguments", "input", "parameters", "args") if key in function), None
    )
    return call_piece(call.get("id"), function.get("name"), arguments)


def _parts(message: JsonObject) -> Iterator[str | Piece]:
    """The texts, calls and results in a message's content; a message may be its own content (Cohere v1)."""
    for key in ("content", "parts", "message", "text"):
        content = message.get(key)
        if isinstance(content, str):
            yield content
            return
        if isinstance(content, list):
            for block in items(message, key):
                if isinstance(block, str):
                    yield block
                elif isinstance(block, dict) and (part := _part(block)) is not None:
                    yield part
            break
    refusal = message.get("refusal")
    if isinstance(refusal, str):
        yield refusal


def _part(block: JsonObject) -> str | Piece | None:
    kind = block.get("type")
    if kind in _CALL_BLOCKS:
        return call_piece(block.get("id"), block.get("name"), block.get("input"))
    if kind == "tool_result":
        return RESULT
    if "functionCall" in block:
        call = obj(block, "functionCall")
        # The id may be the client's own; the signature is the model's, and has to come back as it was.
        return call_piece(gemini_id(block), call.get("name"), call.get("args"))
    if "functionResponse" in block:
        return RESULT
    if "toolUse" in block:
        call = obj(block, "toolUse")
        return call_piece(call.get("toolUseId"), call.get("name"), call.get("input"))
    if "toolResult" in block:
        return RESULT
    if kind in _NO_TEXT or block.get("thought") is True:
        return None
    words = block.get("text", block.get("refusal"))
    return words if isinstance(words, str) else None
