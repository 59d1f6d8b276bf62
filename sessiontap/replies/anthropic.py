"""Anthropic's Messages: blocks that start and grow, or a whole message.

https://docs.anthropic.com/en/docs/build-with-claude/streaming
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sessiontap.replies.arguments import decoded
from sessiontap.replies.bounds import Bounds, Parts, Room
from sessiontap.untrusted import JsonObject, obj

_DELTAS = {
    "text_delta": ("text", "text"),
    "input_json_delta": ("input", "partial_json"),
    "thinking_delta": ("thinking", "thinking"),
    "signature_delta": ("signature", "signature"),
    "compaction_delta": ("content", "content"),
}
_WORDS = frozenset({"text_delta", "input_json_delta"})


class Messages:
    """Makes the message of one reply."""

    def __init__(self, bounds: Bounds) -> None:
        self._whole: JsonObject | None = None
        self._is_whole = bounds.whole
        self._blocks = Parts(Room(bounds))

    def feed(self, event: JsonObject) -> None:
        """Takes one event of the reply, or all of a plain one."""
        kind, index = event.get("type"), event.get("index")
        if kind == "message":
            self._whole = event
        elif kind == "content_block_start":
            self._start(index, obj(event, "content_block"))
        elif kind == "content_block_delta":
            self._grow(index, obj(event, "delta"))

    def _start(self, index: object, block: JsonObject) -> None:
        kind = str(block.get("type"))
        if self._is_whole or kind == "text" or kind.endswith("tool_use"):
            self._blocks.at(index, dict(block))

    def _grow(self, index: object, delta: JsonObject) -> None:
        kind = str(delta.get("type"))
        if kind not in _DELTAS or not (self._is_whole or kind in _WORDS):
            if kind == "citations_delta" and self._is_whole:
                base = self._blocks.at(index, {"type": "text"}).base
                found = base.get("citations")
                base["citations"] = [*(found if isinstance(found, list) else []), delta.get("citation")]
            return
        member, words = _DELTAS[kind]
        begun = {"type": "tool_use" if member == "input" else "text" if member == "text" else "thinking"}
        part = self._blocks.at(index, dict(begun))
        part.grow(member, delta.get(words), self._blocks.room)

    def messages(self) -> Iterable[Sequence[JsonObject]]:
        """The one reply so far."""
        if self._whole is not None:
            return [[self._whole]]
        blocks = self._blocks.all()
        for block in blocks:
            if isinstance(block.get("input"), str):
                block["input"] = decoded(block["input"])
        return [[{"role": "assistant", "content": blocks}]]
