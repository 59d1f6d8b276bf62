"""What two replies differ in, line by line, and whether two calls were asked the same."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from difflib import unified_diff
from hashlib import blake2b

from sessiontap.conversation.comparing import key_of
from sessiontap.conversation.parts import CallMessages, Message, Part, Text, Thinking, ToolCall, ToolResult

LONGEST_LINES = 4_000
"""How many lines of a reply are compared."""


def request_key(messages: CallMessages) -> bytes | None:
    """A key that calls have in common that were asked the same, whichever the model; None: not known."""
    if not messages.request:
        return None
    made = blake2b(digest_size=16)
    for message in messages.request:
        made.update(key_of(message))
    return made.digest()


def reply_lines(messages: CallMessages) -> list[str]:
    """What was replied, as lines: texts as they are, a tool call with its arguments; thinking is left out."""
    first = messages.replies[0] if messages.replies else ()
    return [line for message in first for line in _lines(message)][:LONGEST_LINES]


def reply_difference(before: Sequence[str], after: Sequence[str]) -> list[str]:
    """The lines of a unified diff without its file names; none where the replies are alike."""
    return list(unified_diff(before, after, n=2, lineterm=""))[2:]


def _lines(message: Message) -> Iterator[str]:
    for part in message.parts:
        yield from _part(part)


def _part(part: Part) -> Iterator[str]:
    match part:
        case Text():
            yield from part.text.splitlines()
        case ToolCall():
            yield f"[calls {part.name or '-'} {_json(part.arguments)}]"
        case ToolResult():
            for inner in part.parts:
                yield from _part(inner)
        case Thinking():
            return
        case _:
            yield f"[{type(part).__name__.lower()}]"


def _json(value: object) -> str:
    try:
        return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, sort_keys=True)
    except (TypeError, ValueError, RecursionError):
        return repr(type(value))
