"""Spoken: a reply of the model in the making, out of the pieces that a stream brings."""

from __future__ import annotations

from sessiontap.untrusted import JsonObject

MOST_TEXT = 4 * 1024 * 1024
"""Characters of a reply that are kept until it ends; what comes after does not count."""
MOST_PARTS = 1024
"""How many texts and calls are told apart."""


class Spoken:
    """Texts and tool calls in the order in which they began. A key tells them apart while they grow."""

    __slots__ = ("_parts", "_room")

    def __init__(self) -> None:
        self._parts: dict[tuple[str, object], _Part] = {}
        self._room = MOST_TEXT

    def text(self, key: object, words: str | None) -> None:
        """Adds to a text."""
        if words and (part := self._part(("text", _hashable(key)))) is not None:
            self._grow(part, words)

    def call(self, key: object, call_id: object, name: object, arguments: object) -> None:
        """Begins a call, or adds to its arguments: a text grows, anything else is all of them."""
        part = self._part(("call", _hashable(key)))
        if part is None:
            return
        part.call_id = part.call_id or call_id
        part.name = part.name or name
        if isinstance(arguments, str):
            self._grow(part, arguments)
        elif arguments is not None:
            part.whole = arguments

    def message(self) -> JsonObject:
        """What was said so far, as one message."""
        content: list[object] = []
        for (kind, _), part in self._parts.items():
            said = "".join(part.words)
            if kind == "text":
                content.append({"type": "text", "text": said})
            else:
                arguments = said if part.whole is None else part.whole
                content.append(
                    {"type": "tool_use", "id": part.call_id, "name": part.name, "input": arguments}
                )
        return {"role": "assistant", "content": content}

    def _part(self, key: tuple[str, object]) -> _Part | None:
        part = self._parts.get(key)
        if part is None and len(self._parts) < MOST_PARTS:
            part = self._parts[key] = _Part()
        return part

    def _grow(self, part: _Part, words: str) -> None:
        if self._room > 0:
            part.words.append(words[: self._room])
            self._room -= len(words)


class _Part:
    __slots__ = ("call_id", "name", "whole", "words")

    def __init__(self) -> None:
        self.words: list[str] = []
        self.call_id: object = None
        self.name: object = None
        self.whole: object = None


def _hashable(key: object) -> object:
    return str(key) if isinstance(key, dict | list) else key
