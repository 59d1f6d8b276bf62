"""Ollama's chat and generate: lines that each bring some text, or one line.

https://docs.ollama.com/api/chat
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sessiontap.replies.bounds import Bounds, Growing, Parts, Room
from sessiontap.untrusted import JsonObject, items, obj, objects


class Ollama:
    """Makes the message of one reply."""

    def __init__(self, bounds: Bounds) -> None:
        self._is_whole = bounds.whole
        self._room = Room(bounds)
        self._message = Growing({"role": "assistant"})
        self._calls = Parts(self._room)

    def feed(self, event: JsonObject) -> None:
        """Takes one line of the reply."""
        message = obj(event, "message")
        self._message.grow("content", message.get("content"), self._room)
        for call in objects(message, "tool_calls"):
            self._calls.add(call)
        if self._is_whole:
            self._message.grow("content", event.get("response"), self._room)
            for said in (event, message):
                self._message.grow("thinking", said.get("thinking"), self._room)
            if images := items(message, "images") or [image for image in [event.get("image")] if image]:
                self._message.base["images"] = images

    def messages(self) -> Iterable[Sequence[JsonObject]]:
        """The one reply so far."""
        made = self._message.whole()
        if len(self._calls):
            made["tool_calls"] = self._calls.all()
        return [[made]]
