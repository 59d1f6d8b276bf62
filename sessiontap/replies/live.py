"""Gemini's Live API: what a turn says, in words or in sound, and what it heard.

https://ai.google.dev/api/live
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Sequence

from sessiontap.replies.bounds import Bounds
from sessiontap.replies.gemini import Content
from sessiontap.untrusted import JsonObject, obj, objects, text


class Live:
    """Makes the messages of one turn: what the user said, where it was heard, and the model's."""

    def __init__(self, bounds: Bounds) -> None:
        self._heard = Content(bounds)
        self._said = Content(bounds)
        self._is_whole = bounds.whole
        self._sound: dict[str, bytearray] = {}

    def feed(self, event: JsonObject) -> None:
        """Takes one message of the provider."""
        content = obj(event, "serverContent")
        if heard := text(obj(content, "inputTranscription"), "text"):
            self._heard.take({"text": heard})
        for part in objects(obj(content, "modelTurn"), "parts"):
            sound = obj(part, "inlineData")
            if str(sound.get("mimeType")).startswith("audio/"):
                self._hear(sound)
            else:
                self._said.take(part)
        if spoken := text(obj(content, "outputTranscription"), "text"):
            self._said.take({"text": spoken})
        for call in objects(obj(event, "toolCall"), "functionCalls"):
            self._said.take({"functionCall": call})

    def _hear(self, sound: JsonObject) -> None:
        if self._is_whole:
            try:
                data = base64.b64decode(text(sound, "data") or "")
            except ValueError:
                return
            self._sound.setdefault(str(sound["mimeType"]), bytearray()).extend(data)

    def messages(self) -> Iterable[Sequence[JsonObject]]:
        """The one reply so far."""
        for kind, data in self._sound.items():
            self._said.take(
                {"inlineData": {"mimeType": kind, "data": base64.b64encode(data).decode("ascii")}}
            )
        self._sound = {}
        heard = {**self._heard.message(), "role": "user"}
        return [[heard, self._said.message()] if heard["parts"] else [self._said.message()]]
