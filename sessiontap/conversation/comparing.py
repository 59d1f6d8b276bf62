"""key_of: what two messages have in common that say the same, as a short digest.

A message counts by who says it, by its words without white space, by the names and arguments of the tools
that it calls, and by what tools gave. Thinking, ids, names of speakers and cache marks do not count: clients
drop and rewrite them when they send a message again.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from hashlib import blake2b

from sessiontap.conversation.parts import Media, Message, Part, Text, ToolCall, ToolResult, Unknown

_SIZE = 16
_SPACE = b" \t\r\n\x0b\x0c"


def key_of(message: Message) -> bytes:
    """The key of a message."""
    made = blake2b(message.role.encode("ascii"), digest_size=_SIZE)
    for text in _told(message.parts):
        made.update(text)
        made.update(b"\0")
    return made.digest()


def _told(parts: Iterable[Part]) -> Iterable[bytes]:
    """What counts, part by part; texts that follow each other are one."""
    words = b""
    for part in parts:
        if isinstance(part, Text):
            words += _bare(part.text)
            continue
        told = _other(part)
        if told:
            if words:
                yield b"t" + words
                words = b""
            yield told
    if words:
        yield b"t" + words


def _other(part: Part) -> bytes:
    match part:
        case ToolCall():
            return b"c" + _bare(part.name or "") + b"\0" + _canonical(part.arguments)
        case ToolResult():
            return b"r" + b"\0".join(_told(part.parts))
        case Media():
            return b"m" + _bare(part.data or part.url or part.name or "")
        case Unknown():
            return b"u" + _canonical(part.content)
        case _:
            return b""


def _bare(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass").translate(None, _SPACE)


def _canonical(value: object) -> bytes:
    """A JSON value in one form: some clients know no whole numbers, others no fractions that are none."""
    if isinstance(value, str):
        return _bare(value)
    if value in (None, {}, []):
        return b""
    return json.dumps(plain_value(value), ensure_ascii=False, sort_keys=True).encode("utf-8", "surrogatepass")


def plain_value(value: object) -> object:
    """A JSON value without cache marks, and with whole numbers as such. Raises RecursionError."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, dict):
        return {key: plain_value(each) for key, each in value.items() if key != "cache_control"}
    if isinstance(value, list):
        return [plain_value(each) for each in value]
    return value
