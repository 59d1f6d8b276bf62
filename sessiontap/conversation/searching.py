"""found_in: where a text stands in what is new in a call. A message that later calls repeat is found once."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from sessiontap.conversation.parts import (
    Media,
    Message,
    Part,
    Role,
    Text,
    Thinking,
    ToolCall,
    ToolResult,
    Unknown,
)
from sessiontap.conversation.turns import Turn
from sessiontap.conversation.values import json_text

Side = Literal["request", "reply"]
Kind = Literal["text", "thinking", "tool call", "tool result", "media", "unknown"]

_AROUND = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """The first place in a message where the text stands."""

    side: Side
    role: Role
    kind: Kind
    """What of the message it stands in."""
    before: str
    """Up to 200 characters before it."""
    match: str
    after: str
    """Up to 200 characters behind it."""
    times: int
    """How often it stands in the message."""


def pattern_of(text: str, *, case: bool = False, regex: bool = False) -> re.Pattern[str]:
    """What to look for. Raises re.error for a regular expression that is none."""
    return re.compile(text if regex else re.escape(text), 0 if case else re.IGNORECASE)


def found_in(turn: Turn, wanted: re.Pattern[str]) -> Iterator[Found]:
    """Each new message of the call that holds the text, in order."""
    yield from _found(turn.new, "request", wanted)
    for reply in turn.messages.replies:
        yield from _found(reply, "reply", wanted)


def _found(messages: Iterable[Message], side: Side, wanted: re.Pattern[str]) -> Iterator[Found]:
    for message in messages:
        first: tuple[Kind, str, re.Match[str]] | None = None
        times = 0
        for kind, text in _texts(message.parts):
            for match in wanted.finditer(text):
                first = first or (kind, text, match)
                times += 1
        if first is not None:
            kind, text, match = first
            start, end = match.span()
            yield Found(
                side=side,
                role=message.role,
                kind=kind,
                before=text[max(start - _AROUND, 0) : start],
                match=match[0],
                after=text[end : end + _AROUND],
                times=times,
            )


def _texts(parts: Iterable[Part]) -> Iterator[tuple[Kind, str]]:
    for part in parts:
        match part:
            case Text():
                yield "text", part.text
            case Thinking():
                yield "thinking", part.text
            case ToolCall():
                yield "tool call", part.name or ""
                yield from (("tool call", text) for text in _strings(part.arguments))
            case ToolResult():
                yield "tool result", part.name or ""
                yield from (("tool result", text) for _, text in _texts(part.parts))
            case Media():
                yield from (("media", text) for text in (part.name, part.url) if text)
            case Unknown():
                yield from (("unknown", text) for text in _strings(part.content))


def _strings(value: object) -> Iterator[str]:
    """The texts in a JSON value, and its numbers and keys as they are written where it holds no others."""
    if isinstance(value, str):
        yield value
        return
    waiting, texts = [value], 0
    while waiting:
        current = waiting.pop()
        if isinstance(current, str):
            texts += 1
            yield current
        elif isinstance(current, dict):
            waiting.extend(reversed(current.values()))
            yield from current
        elif isinstance(current, list):
            waiting.extend(reversed(current))
        elif current is not None:
            yield json_text(current)
