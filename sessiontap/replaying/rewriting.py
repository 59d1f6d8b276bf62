"""Rewriting: new messages as a client would have sent them in the place of recorded ones; words in texts."""

from __future__ import annotations

from collections.abc import Sequence

from sessiontap.conversation.messages import messages_of
from sessiontap.conversation.parts import Message, Text, Thinking, ToolCall
from sessiontap.untrusted import JsonObject

# Of a message that a model made, what a request may always hold.
_SAYS = frozenset(
    {
        *("role", "content", "parts", "tool_calls", "function_call", "message", "text"),
        # Of the items of OpenAI's Responses.
        *(
            "type",
            "name",
            "arguments",
            "input",
            "call_id",
            "summary",
            "encrypted_content",
            "action",
            "output",
        ),
    }
)


def spoken(value: object, role: str) -> tuple[Message, ...]:
    """The messages that a value is; `role` is who speaks where it does not say so."""
    return messages_of(value, "assistant" if role == "assistant" else "user")


def calls_of(values: Sequence[JsonObject]) -> list[tuple[str | None, str | None]]:
    """Id and name of each tool that is called, in order."""
    return [
        (part.call_id, part.name)
        for value in values
        for message in spoken(value, "assistant")
        for part in message.parts
        if isinstance(part, ToolCall)
    ]


def words_of(values: Sequence[JsonObject]) -> str:
    """What is said in them, without what was thought."""
    parts = [part for value in values for message in spoken(value, "assistant") for part in message.parts]
    return "".join(part.text for part in parts if isinstance(part, Text)).strip()


def with_ids(
    values: Sequence[JsonObject],
    new: Sequence[tuple[str | None, str | None]],
    old: Sequence[tuple[str | None, str | None]],
) -> Sequence[JsonObject]:
    """The new messages with the old ids of tool calls, which the results that follow name."""
    ids = {mine: theirs for (mine, _), (theirs, _) in zip(new, old, strict=False) if mine and theirs}
    made = [_renamed(value, ids) for value in values]
    return [value for value in made if isinstance(value, dict)]


def like(before: Sequence[JsonObject], values: Sequence[JsonObject]) -> list[JsonObject]:
    """The new messages with the members that the client sent of the recorded ones, and what they say.

    A client that left thinking out, or ids, leaves them out of the new ones too.
    """
    had = {member for value in before for member in value}
    as_text = all(isinstance(value.get("content"), str) for value in before)
    thinks = any(_thinks(value) for value in before)
    if not thinks and any(value.get("type") == "reasoning" for value in values):
        # By its id an item of OpenAI's is known, and refused without the thinking that was before it.
        had.discard("id")
    made = []
    for value in values:
        if not thinks and value.get("type") == "reasoning":
            continue
        kept = {key: each for key, each in value.items() if key in had or key in _SAYS}
        if value.get("type") == "message" and "type" not in had:
            del kept["type"]
        if not thinks and isinstance(parts := kept.get("parts"), list):
            kept["parts"] = [each for each in parts if not _is_thought(each)]
        content = kept.get("content")
        if not thinks and isinstance(content, list):
            content = [each for each in content if not _is_thought(each)]
            only_text = as_text and all(isinstance(each, dict) and "text" in each for each in content)
            kept["content"] = words_of([value]) if only_text else content
        made.append(kept)
    return made


def with_words(value: object, old: str, new: str) -> object:
    """A JSON value with other words wherever the old ones stand."""
    if isinstance(value, str):
        return value.replace(old, new)
    if isinstance(value, list):
        return [with_words(each, old, new) for each in value]
    # What was thought may be signed: a provider refuses it with other words.
    if isinstance(value, dict) and not _is_thought(value):
        return {key: with_words(each, old, new) for key, each in value.items()}
    return value


def _renamed(value: object, ids: dict[str, str]) -> object:
    if isinstance(value, str):
        return ids.get(value, value)
    if isinstance(value, list):
        return [_renamed(each, ids) for each in value]
    if isinstance(value, dict):
        return {key: _renamed(each, ids) for key, each in value.items()}
    return value


def _thinks(value: JsonObject) -> bool:
    return value.get("type") == "reasoning" or any(
        isinstance(part, Thinking) for message in spoken(value, "assistant") for part in message.parts
    )


def _is_thought(block: object) -> bool:
    return isinstance(block, dict) and (
        str(block.get("type")) in {"thinking", "redacted_thinking", "reasoning"}
        or "reasoningContent" in block
        or block.get("thought") is True
    )
