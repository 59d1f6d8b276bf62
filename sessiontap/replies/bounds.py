"""What of a reply is kept while it comes, and what whoever makes messages of it promises."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from sessiontap.untrusted import JsonObject


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """How much of one reply is kept."""

    text: int
    """Characters of all its texts; what comes after does not count."""
    parts: int
    """Texts, calls and items."""
    replies: int
    """Replies to choose from."""
    whole: bool
    """Also thinking, media, what the provider's own tools found, and what a stream that was cut had begun."""


WHOLE = Bounds(text=sys.maxsize, parts=100_000, replies=1024, whole=True)
"""For who reads a stored reply."""
WORDS = Bounds(text=4 * 1024 * 1024, parts=1024, replies=8, whole=False)
"""For who hears a reply as it goes by: texts and tool calls only."""


class Maker(Protocol):
    """Makes messages of one reply."""

    def feed(self, event: JsonObject) -> None:
        """Takes one event of the reply, or all of a plain one."""
        ...

    def messages(self) -> Iterable[Sequence[JsonObject]]:
        """The replies so far, each a row of messages or items."""
        ...


class Room:
    """The characters and parts that may still be kept of a reply."""

    __slots__ = ("parts", "text")

    def __init__(self, bounds: Bounds) -> None:
        self.text = bounds.text
        self.parts = bounds.parts


class Growing:
    """One part of a reply: what it began with, and the texts in it that grow, by their members' names."""

    __slots__ = ("_grown", "base")

    def __init__(self, base: JsonObject) -> None:
        self.base = base
        self._grown: dict[str, list[str]] = {}

    def grow(self, member: str, words: object, room: Room) -> None:
        """Adds to a text; what is no text is passed over, and what there is no room for."""
        if isinstance(words, str) and words and room.text > 0:
            self._grown.setdefault(member, []).append(words[: room.text])
            room.text -= len(words)

    def whole(self) -> JsonObject:
        """The part as it stands now."""
        made = dict(self.base)
        for member, words in self._grown.items():
            before = made.get(member)
            made[member] = (before if isinstance(before, str) else "") + "".join(words)
        return made


class Parts:
    """Parts in the order in which they began. A key tells them apart while they grow."""

    __slots__ = ("_parts", "room")

    def __init__(self, room: Room) -> None:
        self.room = room
        self._parts: dict[object, Growing] = {}

    def at(self, key: object, base: JsonObject | None = None) -> Growing:
        """The part of a key; begun now, with `base`, where there is none and room for one."""
        key = str(key) if isinstance(key, dict | list) else key
        part = self._parts.get(key)
        if part is None:
            part = Growing({} if base is None else base)
            if self.room.parts > 0:
                self.room.parts -= 1
                self._parts[key] = part
        return part

    def add(self, whole: JsonObject) -> None:
        """A part that has come whole."""
        self.at(object(), whole)

    def all(self) -> list[JsonObject]:
        """The parts as they stand now."""
        return [part.whole() for part in self._parts.values()]

    def __len__(self) -> int:
        return len(self._parts)
