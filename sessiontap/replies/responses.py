"""OpenAI's Responses and Realtime: items that begin, grow and are done, or all of a whole response.

https://platform.openai.com/docs/api-reference/responses-streaming
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sessiontap.replies.bounds import Bounds, Parts, Room
from sessiontap.untrusted import JsonObject, items, obj, objects

# What grows where: the list of blocks that a text belongs to, or none for a member of the item itself.
_GROWS = {
    "response.output_text.delta": ("content", "output_text", "text"),
    "response.text.delta": ("content", "output_text", "text"),
    "response.refusal.delta": ("content", "refusal", "refusal"),
    "response.audio_transcript.delta": ("content", "output_audio", "transcript"),
    "response.output_audio_transcript.delta": ("content", "output_audio", "transcript"),
    "response.reasoning_text.delta": ("content", "reasoning_text", "text"),
    "response.reasoning_summary_text.delta": ("summary", "summary_text", "text"),
    "response.function_call_arguments.delta": ("", "function_call", "arguments"),
    "response.mcp_call_arguments.delta": ("", "mcp_call", "arguments"),
    "response.custom_tool_call_input.delta": ("", "custom_tool_call", "input"),
    "response.code_interpreter_call_code.delta": ("", "code_interpreter_call", "code"),
}
_PICTURE = "image_generation_call"
_TRANSCRIBED = "conversation.item.input_audio_transcription."


class Responses:
    """Makes the items of one reply: the last word on each counts."""

    def __init__(self, bounds: Bounds) -> None:
        self._bounds = bounds
        self._room = Room(bounds)
        self._done: list[JsonObject] = []
        # Of the items that have begun and are not done, by their keys.
        self._begun: dict[object, _Item] = {}

    def feed(self, event: JsonObject) -> None:
        """Takes one event of the reply, or all of a plain one."""
        kind = event.get("type")
        if kind == "response.output_item.done" and len(self._done) < self._bounds.parts:
            self._done += self._kept([obj(event, "item")])
            self._begun.pop(_key(event), None)
        elif self._bounds.whole and isinstance(kind, str):
            self._grow(kind, event)
        if output := objects(event, "output") or objects(obj(event, "response"), "output"):
            self._done = self._kept(output[: self._bounds.parts])
            self._begun.clear()

    def _kept(self, found: list[JsonObject]) -> list[JsonObject]:
        return found if self._bounds.whole else [item for item in found if item.get("type") != _PICTURE]

    def _grow(self, kind: str, event: JsonObject) -> None:
        if kind == "response.output_item.added":
            self._item(_key(event), obj(event, "item"))
        elif kind in _GROWS:
            where, block, member = _GROWS[kind]
            begins = block if not where else "reasoning" if "reasoning" in kind else "message"
            item = self._item(_key(event), {"type": begins})
            index = event.get("content_index", event.get("summary_index"))
            item.grow(where, (block, index), member, event.get("delta"), self._room)
        elif kind.startswith(_TRANSCRIBED) and isinstance(event.get("transcript"), str):
            self._done.append({"type": "message", "role": "assistant", "content": str(event["transcript"])})

    def _item(self, key: object, base: JsonObject) -> _Item:
        item = self._begun.get(key)
        if item is None:
            item = _Item(base, self._room)
            if len(self._begun) + len(self._done) < self._bounds.parts:
                self._begun[key] = item
        return item

    def messages(self) -> Iterable[Sequence[JsonObject]]:
        """The one reply so far."""
        return [[*self._done, *(item.whole() for item in self._begun.values())]]


class _Item:
    __slots__ = ("_base", "_blocks", "_members", "_where")

    def __init__(self, base: JsonObject, room: Room) -> None:
        self._base = base
        self._blocks = Parts(room)
        self._members = Parts(room)
        self._where = ""

    def grow(self, where: str, block: tuple[str, object], member: str, words: object, room: Room) -> None:
        if not where:
            self._members.at("").grow(member, words, room)
            return
        # A reasoning item has its summary and its text apart; one of them is enough of an item that was cut.
        self._where = self._where or where
        if where == self._where:
            self._blocks.at(block, {"type": block[0]}).grow(member, words, room)

    def whole(self) -> JsonObject:
        made = dict(self._base)
        for grown in self._members.all():
            made.update({member: words for member, words in grown.items() if words})
        if self._where and not items(made, self._where):
            made[self._where] = self._blocks.all()
        if made.get("type") == "message":
            made.setdefault("role", "assistant")
        return made


def _key(event: JsonObject) -> object:
    index = event.get("output_index")
    return index if isinstance(index, int) else event.get("item_id") or str(obj(event, "item").get("id"))
