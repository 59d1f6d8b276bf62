"""Bedrock's: Converse (which is Nova's own too), InvokeModel with each model's own, and agents.

https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ConverseStream.html
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Sequence

import msgspec

from sessiontap.nesting import nests_deeply
from sessiontap.replies.anthropic import Messages
from sessiontap.replies.arguments import decoded
from sessiontap.replies.bounds import Bounds, Maker, Parts, Room
from sessiontap.replies.chat import Chat
from sessiontap.replies.texts import Texts
from sessiontap.untrusted import JsonObject, obj, text

_UNREADABLE = (ValueError, RecursionError)


class Converse:
    """Makes the message of one reply: blocks that start and grow, or a whole message."""

    def __init__(self, bounds: Bounds) -> None:
        self._whole: JsonObject | None = None
        self._is_whole = bounds.whole
        self._blocks = Parts(Room(bounds))

    def feed(self, event: JsonObject) -> None:
        """Takes one event of the reply, or all of a plain one."""
        if message := obj(event, "output", "message"):
            self._whole = message
        if start := obj(event, "contentBlockStart"):
            for kind, begun in obj(start, "start").items():
                if isinstance(begun, dict) and (self._is_whole or kind == "toolUse"):
                    self._blocks.at(start.get("contentBlockIndex"), {"kind": kind, **begun})
        elif grown := obj(event, "contentBlockDelta"):
            self._grow(grown.get("contentBlockIndex"), obj(grown, "delta"))

    def _grow(self, index: object, delta: JsonObject) -> None:
        room = self._blocks.room
        if words := text(delta, "text"):
            self._blocks.at(index, {"kind": "text"}).grow("text", words, room)
        if use := obj(delta, "toolUse"):
            self._blocks.at(index, {"kind": "toolUse"}).grow("input", use.get("input"), room)
        if not self._is_whole:
            return
        if thought := obj(delta, "reasoningContent"):
            part = self._blocks.at(index, {"kind": "reasoningContent"})
            for member in ("text", "signature", "redactedContent"):
                part.grow(member, thought.get(member), room)
        for kind in delta.keys() & {"toolResult", "image"}:
            self._blocks.at(index, {"kind": kind}).base["content"] = delta[kind]

    def messages(self) -> Iterable[Sequence[JsonObject]]:
        """The one reply so far."""
        if self._whole is not None:
            return [[self._whole]]
        return [[{"role": "assistant", "content": [_block(block) for block in self._blocks.all()]}]]


def _block(block: JsonObject) -> JsonObject:
    kind = str(block.pop("kind", "text"))
    if kind == "text":
        return {"text": block.get("text", "")}
    if kind == "toolUse":
        return {kind: {**block, "input": decoded(block.get("input", ""))}}
    if kind == "reasoningContent" and "text" in block:
        return {kind: {"reasoningText": block}}
    return {kind: block.get("content") if kind == "image" else block}


class Invoke:
    """Makes messages of the model's own objects, in a stream each in base64; told by their shape."""

    def __init__(self, bounds: Bounds) -> None:
        self._inner: list[Maker] = [Messages(bounds), Converse(bounds), Chat(bounds)]
        if bounds.whole:
            self._inner.append(Texts(bounds))

    def feed(self, event: JsonObject) -> None:
        """Takes one event of the reply, or all of a plain one."""
        said = _unwrapped(event)
        for inner in self._inner:
            inner.feed(said)

    def messages(self) -> Iterable[Sequence[JsonObject]]:
        """The replies so far, of the first shape that has any."""
        for inner in self._inner:
            rows = [row for row in inner.messages() if any(_says(message) for message in row)]
            if rows:
                return rows
        return []


def _says(message: JsonObject) -> bool:
    return bool(message.get("content") or message.get("tool_calls") or message.get("reasoning_content"))


def _unwrapped(event: JsonObject) -> JsonObject:
    if "chunk" not in event:
        return event
    try:
        said = base64.b64decode(text(obj(event, "chunk"), "bytes") or "")
        value: object = {} if nests_deeply(said) else msgspec.json.decode(said)
    except _UNREADABLE:
        return {}
    return value if isinstance(value, dict) else {}


class Agent:
    """Makes the message of an agent's answer; where it hands control back, what it asks for."""

    def __init__(self, bounds: Bounds) -> None:
        self._parts = Parts(Room(bounds))

    def feed(self, event: JsonObject) -> None:
        """Takes one event of the reply."""
        if said := text(obj(event, "chunk"), "bytes"):
            try:
                words = base64.b64decode(said).decode("utf-8", "replace")
            except ValueError:
                return
            self._parts.at("text", {"type": "text"}).grow("text", words, self._parts.room)
        if control := obj(event, "returnControl"):
            self._parts.add({"type": "returnControl", **control})

    def messages(self) -> Iterable[Sequence[JsonObject]]:
        """The one reply so far."""
        return [[{"role": "assistant", "content": self._parts.all()}]]
