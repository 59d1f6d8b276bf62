"""Mistral's conversations: entries that grow, or all of a whole reply.

https://docs.mistral.ai/api/endpoint/beta/conversations
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sessiontap.replies.bounds import Bounds, Parts, Room
from sessiontap.untrusted import JsonObject, objects

_MESSAGE, _CALL = "message.output", "function.call"
_TOOL = "tool.execution"


class Entries:
    """Makes the entries of one turn."""

    def __init__(self, bounds: Bounds) -> None:
        self._whole: list[JsonObject] | None = None
        self._entries = Parts(Room(bounds))

    def feed(self, event: JsonObject) -> None:
        """Takes one event of the reply, or all of a plain one."""
        if outputs := objects(event, "outputs"):
            self._whole = outputs
            return
        kind = event.get("type")
        if not isinstance(kind, str):
            return
        key = str(event.get("id"))
        if kind == _MESSAGE + ".delta":
            self._say(key, event.get("content"))
        elif kind == _CALL + ".delta":
            base = {name: event.get(name) for name in ("tool_call_id", "name")}
            part = self._entries.at(key, {"type": _CALL, **base})
            part.grow("arguments", event.get("arguments"), self._entries.room)
        elif kind.startswith(_TOOL):
            part = self._entries.at(key, {"type": _TOOL})
            part.base.update({name: value for name, value in event.items() if name != "type"})

    def _say(self, key: str, content: object) -> None:
        if isinstance(content, dict) and isinstance(content.get("text"), str):
            content = content["text"]
        if isinstance(content, str):
            part = self._entries.at(key, {"type": _MESSAGE, "role": "assistant"})
            part.grow("content", content, self._entries.room)
        elif isinstance(content, dict):
            self._entries.add({"type": _MESSAGE, "role": "assistant", "content": [content]})

    def messages(self) -> Iterable[Sequence[JsonObject]]:
        """The one reply so far."""
        return [self._entries.all() if self._whole is None else self._whole]
