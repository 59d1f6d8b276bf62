"""Quotes: what of a model's words may open another conversation that belongs to the same session.

An agent that runs out of room has its conversation summed up and goes on from the summary alone; and a model
that calls a sub-agent hands it the text that opens the sub-agent's conversation.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from sessiontap.inference.pieces import canonical, digest_of
from sessiontap.untrusted import JsonObject, items, obj, objects

LEAST_LINES = 3
"""Of fewer lines in common, nothing follows."""

_LONG = 40
_MOST_LINES = 200
_MOST_READ = 256 * 1024
_MOST_HANDED = 64
_MOST_BEGINNINGS = 64


def lines_of(texts: Iterable[str]) -> tuple[bytes, ...]:
    """Digests of the long lines, without repetitions, of the first 256 KiB of each text."""
    found: dict[bytes, None] = {}
    for text in texts:
        for line in text[:_MOST_READ].splitlines():
            bare = canonical(line)
            if len(bare) >= _LONG:
                found[digest_of(bare)] = None
                if len(found) >= _MOST_LINES:
                    return tuple(found)
    return tuple(found)


def beginnings_of(texts: Iterable[str]) -> tuple[bytes, ...]:
    """Digests of each text up to the ends of its first 64 lines, and as a whole, where that is long.

    A client may put a note behind a text that a model has handed over.
    """
    found: list[bytes] = []
    for text in texts:
        *lines, rest = text[:_MOST_READ].split("\n", _MOST_BEGINNINGS)
        so_far = b""
        for line in (*lines, rest):
            bare = canonical(line)
            so_far += bare
            if bare and len(so_far) >= _LONG:
                found.append(digest_of(so_far))
    return tuple(found)


def wholes_of(texts: Iterable[str]) -> tuple[bytes, ...]:
    """Digests of the long ones among the texts, each as a whole."""
    bare = [canonical(text[:_MOST_READ]) for text in texts]
    return tuple(digest_of(each) for each in bare if len(each) >= _LONG)


def handed_over(messages: Iterable[JsonObject]) -> tuple[bytes, ...]:
    """Digests of the long texts among the arguments of the tools that the messages call."""
    found: list[bytes] = []
    for message in messages:
        for arguments in _arguments(message):
            values = _decoded(arguments)
            found += wholes_of(value for value in values if isinstance(value, str))
            if len(found) >= _MOST_HANDED:
                return tuple(found[:_MOST_HANDED])
    return tuple(found)


def _arguments(message: JsonObject) -> Iterable[object]:
    yield message.get("arguments")
    for call in objects(message, "tool_calls"):
        yield (obj(call, "function") or call).get("arguments", call.get("parameters"))
    for block in items(message, "content"):
        yield obj(block, "toolUse").get("input")
        if isinstance(block, dict) and block.get("type") != "text":
            yield block.get("input")


def _decoded(arguments: object) -> Iterable[object]:
    if isinstance(arguments, str):
        try:
            arguments = msgspec.json.decode(arguments)
        except (msgspec.DecodeError, UnicodeError, RecursionError):
            return []
    return arguments.values() if isinstance(arguments, dict) else []
