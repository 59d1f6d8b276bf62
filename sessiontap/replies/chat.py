"""Chat completions: deltas, or whole messages; a message of each choice.

https://platform.openai.com/docs/api-reference/chat-streaming, with what others add: `reasoning_content`,
`reasoning` and `reasoning_details`, Mistral's lists of chunks, OpenRouter's `images`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sessiontap.replies.bounds import Bounds, Growing, Parts, Room
from sessiontap.untrusted import JsonObject, items, obj, objects

_THINKING = ("reasoning_content", "reasoning")
_LISTS = ("reasoning_details", "annotations", "images", "executed_tools")


class Chat:
    """Makes the message of each choice."""

    def __init__(self, bounds: Bounds) -> None:
        self._bounds = bounds
        self._choices: dict[int, _Choice] = {}

    def feed(self, event: JsonObject) -> None:
        """Takes one chunk of the reply, or all of a plain one."""
        for choice in objects(event, "choices"):
            index = choice.get("index")
            if not isinstance(index, int) or len(self._choices) >= self._bounds.replies:
                index = 0
            made = self._choices.get(index)
            if made is None:
                made = self._choices[index] = _Choice(self._bounds)
            # Mistral answers with several messages where its connectors were at work.
            several = objects(choice, "messages")
            delta = obj(choice, "delta")
            if self._bounds.whole and not delta and (several or obj(choice, "message")):
                made.whole = several or [obj(choice, "message")]
                continue
            for message in several or [delta or obj(choice, "message")]:
                made.take(message)

    def messages(self) -> Iterable[Sequence[JsonObject]]:
        """Each choice so far."""
        return [choice.row() for choice in self._choices.values()]


class _Choice:
    __slots__ = ("_calls", "_content", "_is_whole", "_lists", "_members", "_run", "whole")

    def __init__(self, bounds: Bounds) -> None:
        room = Room(bounds)
        self._is_whole = bounds.whole
        self._content = Parts(room)
        self._calls = Parts(room)
        self._members = Growing({})
        self._lists: dict[str, list[object]] = {}
        # The kind of the last block, and how many kinds there were: blocks of one kind grow together.
        self._run = ("", 0)
        self.whole: list[JsonObject] | None = None

    def take(self, message: JsonObject) -> None:
        room = self._content.room
        content = message.get("content")
        for block in content if isinstance(content, list) else [content]:
            self._take_block(block)
        refusal = message.get("refusal")
        if isinstance(refusal, str) and refusal:
            self._content.at("refusal", {"type": "refusal"}).grow("refusal", refusal, room)
        for number, call in enumerate(objects(message, "tool_calls")):
            kind = "custom" if obj(call, "custom") else "function"
            self._grow_call(("call", call.get("index", number)), call, obj(call, kind), {"type": kind})
        if made := obj(message, "function_call"):
            self._grow_call("function", {}, made, {"type": "function"})
        if self._is_whole:
            self._take_more(message)

    def _take_block(self, block: object) -> None:
        if isinstance(block, str):
            block = {"type": "text", "text": block}
        if not isinstance(block, dict):
            return
        kind = str(block.get("type", "text"))
        if kind == "text":
            if words := block.get("text"):
                self._at(kind, {"type": "text"}).grow("text", words, self._content.room)
        elif self._is_whole and kind == "thinking":
            thought = block.get("thinking")
            for piece in thought if isinstance(thought, list) else [{"text": thought}]:
                if words := obj({"piece": piece}, "piece").get("text"):
                    self._at(kind, {"type": "thinking"}).grow("thinking", words, self._content.room)
        elif self._is_whole:
            self._content.add(block)
            self._run = ("", self._run[1])

    def _at(self, kind: str, base: JsonObject) -> Growing:
        if not self._is_whole:
            return self._content.at("text", base)
        if self._run[0] != kind:
            self._run = (kind, self._run[1] + 1)
        return self._content.at(self._run, base)

    def _grow_call(self, key: object, call: JsonObject, made: JsonObject, base: JsonObject) -> None:
        part = self._calls.at(key, base)
        part.base["id"] = part.base.get("id") or call.get("id")
        part.base["name"] = part.base.get("name") or made.get("name")
        arguments = made.get("arguments", made.get("input"))
        if isinstance(arguments, str):
            part.grow("arguments", arguments, self._calls.room)
        elif arguments is not None:
            part.base["arguments"] = arguments

    def _take_more(self, message: JsonObject) -> None:
        room = self._content.room
        thinking = next((member for member in _THINKING if message.get(member)), None)
        if thinking is not None:
            self._members.grow("reasoning_content", message[thinking], room)
        for member in _LISTS:
            if found := items(message, member):
                self._lists.setdefault(member, []).extend(found)
        audio = obj(message, "audio")
        for member in ("data", "transcript"):
            self._members.grow(f"audio.{member}", audio.get(member), room)

    def row(self) -> Sequence[JsonObject]:
        if self.whole is not None:
            return self.whole
        content = self._content.all()
        made: JsonObject = {"role": "assistant", **self._lists}
        members = self._members.whole()
        if audio := {
            key.partition(".")[2]: text for key, text in members.items() if key.startswith("audio.")
        }:
            made["audio"] = audio
        if thinking := members.get("reasoning_content"):
            made["reasoning_content"] = thinking
        only = content[0] if len(content) == 1 else {}
        made["content"] = only["text"] if only.get("type") == "text" and "text" in only else content
        if calls := [_call(call) for call in self._calls.all()]:
            made["tool_calls"] = calls
        return [made]


def _call(part: JsonObject) -> JsonObject:
    kind = str(part.get("type"))
    key = "input" if kind == "custom" else "arguments"
    inner = {"name": part.get("name"), key: part.get("arguments", "")}
    return {"id": part.get("id"), "type": kind, kind: inner}
