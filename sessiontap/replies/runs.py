"""Runs of the Assistants API: messages that grow, and the tools that a run waits for.

https://platform.openai.com/docs/api-reference/assistants-streaming
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sessiontap.replies.bounds import Bounds, Growing, Parts, Room
from sessiontap.untrusted import JsonObject, obj, objects


class Runs:
    """Makes the messages of one run. A poll of one has none: they stand in its thread."""

    def __init__(self, bounds: Bounds) -> None:
        self._room = Room(bounds)
        self._messages = Parts(self._room)
        self._blocks: dict[str, Parts] = {}
        self._calls: list[JsonObject] = []

    def feed(self, event: JsonObject) -> None:
        """Takes one event of the reply, or all of a plain one."""
        kind, key = event.get("object"), str(event.get("id"))
        if kind == "thread.message.delta":
            for block in objects(obj(event, "delta"), "content"):
                self._grow(key, block)
        elif kind == "thread.message" and objects(event, "content"):
            self._message(key).base["content"] = event["content"]
        elif kind == "thread.run":
            required = obj(event, "required_action", "submit_tool_outputs")
            self._calls = objects(required, "tool_calls") or self._calls

    def _message(self, key: str) -> Growing:
        return self._messages.at(key, {"role": "assistant", "key": key})

    def _grow(self, key: str, block: JsonObject) -> None:
        self._message(key)
        blocks = self._blocks.setdefault(key, Parts(self._room))
        if block.get("type") == "text":
            part = blocks.at(block.get("index"), {"type": "text"})
            part.grow("text", obj(block, "text").get("value"), self._room)
        else:
            blocks.at(block.get("index"), block)

    def messages(self) -> Iterable[Sequence[JsonObject]]:
        """The one reply so far."""
        row = self._messages.all()
        for message in row:
            grown = self._blocks.get(str(message.pop("key")))
            message.setdefault("content", [] if grown is None else grown.all())
        if self._calls:
            row.append({"role": "assistant", "content": "", "tool_calls": self._calls})
        return [row]
