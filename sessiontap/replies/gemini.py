"""Gemini's generateContent: chunks of candidates, or whole ones; Code Assist wraps each chunk.

https://ai.google.dev/api/generate-content
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sessiontap.replies.bounds import Bounds, Parts, Room
from sessiontap.untrusted import JsonObject, obj, objects


class Gemini:
    """Makes the content of each candidate."""

    def __init__(self, bounds: Bounds) -> None:
        self._bounds = bounds
        self._candidates: dict[int, Content] = {}

    def feed(self, event: JsonObject) -> None:
        """Takes one chunk of the reply, or all of a plain one."""
        for candidate in objects(obj(event, "response") or event, "candidates"):
            index = candidate.get("index")
            if not isinstance(index, int) or len(self._candidates) >= self._bounds.replies:
                index = 0
            content = self._candidates.get(index)
            if content is None:
                content = self._candidates[index] = Content(self._bounds)
            for part in objects(obj(candidate, "content"), "parts"):
                content.take(part)

    def messages(self) -> Iterable[Sequence[JsonObject]]:
        """Each candidate so far."""
        return [[content.message()] for content in self._candidates.values()]


class Content:
    """A content in the making: texts that follow each other are one part."""

    __slots__ = ("_is_whole", "_last", "_number", "_parts")

    def __init__(self, bounds: Bounds) -> None:
        self._is_whole = bounds.whole
        self._parts = Parts(Room(bounds))
        # Whether the last part is a thought; None where it is no text.
        self._last: bool | None = None
        self._number = 0

    def take(self, part: JsonObject) -> None:
        """Takes the next part."""
        text = part.get("text")
        if isinstance(text, str) and "functionCall" not in part:
            self._text(part, text)
        elif "functionCall" in part or self._is_whole:
            self._parts.add(part)
            self._last = None

    def _text(self, part: JsonObject, text: str) -> None:
        thought = part.get("thought") is True
        if thought and not self._is_whole:
            return
        if self._last is not thought:
            self._last = thought
            self._number += 1
        made = self._parts.at(self._number, {"thought": True} if thought else {})
        made.grow("text", text, self._parts.room)
        if self._is_whole and (signature := part.get("thoughtSignature")):
            made.base["thoughtSignature"] = signature

    def message(self) -> JsonObject:
        """The content so far."""
        return {"role": "model", "parts": self._parts.all()}
