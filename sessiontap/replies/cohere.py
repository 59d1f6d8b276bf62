"""Cohere's chat: v2 starts and grows contents and calls, v1 says all again at its end.

https://docs.cohere.com/v2/docs/streaming
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sessiontap.replies.bounds import Bounds, Growing, Parts, Room
from sessiontap.untrusted import JsonObject, items, obj, text


class CohereV2:
    """Makes the message of one reply: events, or a whole message."""

    def __init__(self, bounds: Bounds) -> None:
        self._whole: JsonObject | None = None
        self._is_whole = bounds.whole
        self._room = Room(bounds)
        self._members = Growing({"role": "assistant"})
        self._content = Parts(self._room)
        self._calls = Parts(self._room)

    def feed(self, event: JsonObject) -> None:
        """Takes one event of the reply, or all of a plain one."""
        index = event.get("index")
        if event.get("type") is None:
            self._whole = obj(event, "message") or self._whole
            return
        message = obj(event, "delta", "message")
        content = obj(message, "content")
        if words := text(content, "text"):
            self._content.at(index, {"type": "text"}).grow("text", words, self._room)
        if self._is_whole:
            if thought := text(content, "thinking"):
                self._content.at(index, {"type": "thinking"}).grow("thinking", thought, self._room)
            self._members.grow("tool_plan", message.get("tool_plan"), self._room)
        if call := obj(message, "tool_calls"):
            self._grow_call(index, call, obj(call, "function"))

    def _grow_call(self, index: object, call: JsonObject, made: JsonObject) -> None:
        part = self._calls.at(index, {"id": None, "name": None})
        part.base["id"] = part.base["id"] or call.get("id")
        part.base["name"] = part.base["name"] or made.get("name")
        part.grow("arguments", made.get("arguments"), self._room)

    def messages(self) -> Iterable[Sequence[JsonObject]]:
        """The one reply so far."""
        if self._whole is not None:
            return [[self._whole]]
        calls: list[object] = [
            {
                "id": call["id"],
                "type": "function",
                "function": {"name": call["name"], "arguments": call.get("arguments", "")},
            }
            for call in self._calls.all()
        ]
        message = {**self._members.whole(), "content": self._content.all()}
        return [[{**message, "tool_calls": calls} if calls else message]]


class CohereV1:
    """Makes the message of one reply; what ends a stream is a whole one."""

    def __init__(self, bounds: Bounds) -> None:
        self._is_whole = bounds.whole
        self._room = Room(bounds)
        self._message: JsonObject = {}
        self._begun = Growing({"role": "CHATBOT"})

    def feed(self, event: JsonObject) -> None:
        """Takes one event of the reply, or all of a plain one."""
        whole = obj(event, "response") or event
        if "event_type" not in whole and "text" in whole:
            self._message = {
                "role": "CHATBOT",
                "message": whole.get("text"),
                "tool_calls": items(whole, "tool_calls"),
            }
        elif self._is_whole and event.get("event_type") == "text-generation":
            self._begun.grow("message", event.get("text"), self._room)

    def messages(self) -> Iterable[Sequence[JsonObject]]:
        """The one reply so far."""
        begun = self._begun.whole()
        return [[begun if not self._message and "message" in begun else self._message]]
