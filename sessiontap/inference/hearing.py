"""Hearing: collects what the model says in a reply, as it comes, and makes pieces of it when it is over.

Feed the events that the reply's reader gets. Bounded: of a reply, `MOST_TEXT` characters and `MOST_PARTS`
texts and calls are kept until it ends. No event makes it raise.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Protocol

import msgspec

from sessiontap.inference.messages import gemini_id, pieces_of, texts_of
from sessiontap.inference.pieces import Piece
from sessiontap.inference.quotes import handed_over, lines_of
from sessiontap.inference.spoken import Spoken
from sessiontap.untrusted import JsonObject, items, obj, objects, text

_MOST_REPLIES = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """What the model said."""

    replies: tuple[tuple[Piece, ...], ...] = ()
    """Each of the replies that it gave to choose from; mostly one."""
    merged: tuple[Piece, ...] = ()
    """The first of them as one message with the text that the request began it with."""
    lines: tuple[bytes, ...] = ()
    """Digests of its long lines, where it is a long text."""
    handed: tuple[bytes, ...] = ()
    """Digests of the long texts that it gave to tools."""

    @property
    def gist(self) -> tuple[bytes, bytes]:
        """That of the first text."""
        gists = (piece.gist for reply in self.replies for piece in reply)
        return next((gist for gist in gists if gist[0]), (b"", b""))


class Listener(Protocol):
    """Hears one reply."""

    def feed(self, event: JsonObject) -> None:
        """Takes one event of the reply, or all of a plain one."""
        ...

    def messages(self) -> Iterable[Iterable[JsonObject]]:
        """The replies so far, each a row of messages or items."""
        ...


def heard_by(listener: Listener, prefill: str = "") -> Heard:
    """All that a listener heard; `prefill` is the text that the request put in the model's mouth."""
    rows = [list(row) for row in listener.messages()][:_MOST_REPLIES]
    replies = [tuple(piece for message in row for piece in pieces_of(message)) for row in rows]
    merged: tuple[Piece, ...] = ()
    if prefill and rows and rows[0]:
        first, *others = rows[0]
        whole: list[JsonObject] = [
            {"role": "assistant", "content": prefill + "".join(texts_of(first))},
            *others,
        ]
        merged = tuple(piece for message in whole for piece in pieces_of(message))
    messages = [message for row in rows for message in row]
    return Heard(
        replies=tuple(reply for reply in replies if reply),
        merged=merged,
        lines=lines_of(words for message in messages for words in texts_of(message)),
        handed=handed_over(messages),
    )


def listener(api: str) -> Listener | None:
    """Who hears the replies of a wire shape; None where they hold no conversation."""
    made = _LISTENERS.get(api)
    return None if made is None else made()


class _Chat:
    """Chat completions: deltas, or whole messages."""

    def __init__(self) -> None:
        self._choices: dict[object, Spoken] = {}

    def feed(self, event: JsonObject) -> None:
        for choice in objects(event, "choices"):
            index = choice.get("index")
            if not isinstance(index, int | None) or len(self._choices) >= _MOST_REPLIES:
                index = 0
            spoken = self._choices.setdefault(index or 0, Spoken())
            # Mistral answers with several messages where its connectors were at work.
            for message in objects(choice, "messages") or [obj(choice, "delta") or obj(choice, "message")]:
                self._take(spoken, message)

    def _take(self, spoken: Spoken, message: JsonObject) -> None:
        for words in texts_of({"role": "assistant", "content": message.get("content")}):
            spoken.text("text", words)
        spoken.text("text", text(message, "refusal"))
        for number, call in enumerate(objects(message, "tool_calls")):
            made = obj(call, "function") or obj(call, "custom")
            arguments = made.get("arguments", made.get("input"))
            spoken.call(("call", call.get("index", number)), call.get("id"), made.get("name"), arguments)
        if made := obj(message, "function_call"):
            spoken.call("function", None, made.get("name"), made.get("arguments"))

    def messages(self) -> Iterable[Iterable[JsonObject]]:
        return [[spoken.message()] for spoken in self._choices.values()]


class _Messages:
    """Anthropic's: blocks that start and grow, or a whole message."""

    def __init__(self) -> None:
        self._whole: JsonObject | None = None
        self._spoken = Spoken()

    def feed(self, event: JsonObject) -> None:
        kind, index = event.get("type"), event.get("index")
        if kind == "message":
            self._whole = event
        elif kind == "content_block_start":
            block = obj(event, "content_block")
            if block.get("type") == "text":
                self._spoken.text(index, text(block, "text"))
            elif str(block.get("type")).endswith("tool_use"):
                self._spoken.call(index, block.get("id"), block.get("name"), block.get("input") or None)
        elif kind == "content_block_delta":
            delta = obj(event, "delta")
            if delta.get("type") == "text_delta":
                self._spoken.text(index, text(delta, "text"))
            elif delta.get("type") == "input_json_delta":
                self._spoken.call(index, None, None, text(delta, "partial_json"))

    def messages(self) -> Iterable[Iterable[JsonObject]]:
        return [[self._spoken.message() if self._whole is None else self._whole]]


class _Responses:
    """OpenAI's Responses: the items as they are done, or all of a whole response."""

    def __init__(self) -> None:
        self._items: list[JsonObject] = []

    def feed(self, event: JsonObject) -> None:
        if event.get("type") == "response.output_item.done" and len(self._items) < _MOST_ITEMS:
            self._items.append(obj(event, "item"))
        if output := objects(event, "output") or objects(obj(event, "response"), "output"):
            self._items = output[:_MOST_ITEMS]

    def messages(self) -> Iterable[Iterable[JsonObject]]:
        return [self._items]


class _Gemini:
    """Gemini's: chunks of candidates, or whole ones; Code Assist wraps each chunk."""

    def __init__(self) -> None:
        self._candidates: dict[object, Spoken] = {}

    def feed(self, event: JsonObject) -> None:
        for candidate in objects(obj(event, "response") or event, "candidates"):
            index = candidate.get("index")
            if not isinstance(index, int | None) or len(self._candidates) >= _MOST_REPLIES:
                index = 0
            spoken = self._candidates.setdefault(index or 0, Spoken())
            for part in objects(obj(candidate, "content"), "parts"):
                if call := obj(part, "functionCall"):
                    spoken.call(object(), gemini_id(part), call.get("name"), call.get("args"))
                elif part.get("thought") is not True:
                    spoken.text("text", text(part, "text"))

    def messages(self) -> Iterable[Iterable[JsonObject]]:
        return [[spoken.message()] for spoken in self._candidates.values()]


class _Converse:
    """Bedrock Converse's, which is Nova's own too: blocks that start and grow, or a whole message."""

    def __init__(self) -> None:
        self._whole: JsonObject | None = None
        self._spoken = Spoken()

    def feed(self, event: JsonObject) -> None:
        if message := obj(event, "output", "message"):
            self._whole = message
        if start := obj(event, "contentBlockStart"):
            if use := obj(start, "start", "toolUse"):
                self._spoken.call(start.get("contentBlockIndex"), use.get("toolUseId"), use.get("name"), None)
        elif grown := obj(event, "contentBlockDelta"):
            index, delta = grown.get("contentBlockIndex"), obj(grown, "delta")
            self._spoken.text(index, text(delta, "text"))
            if use := obj(delta, "toolUse"):
                self._spoken.call(index, None, None, text(use, "input"))

    def messages(self) -> Iterable[Iterable[JsonObject]]:
        return [[self._spoken.message() if self._whole is None else self._whole]]


class _Ollama:
    """Ollama's: lines that each bring some text, or one line."""

    def __init__(self) -> None:
        self._spoken = Spoken()

    def feed(self, event: JsonObject) -> None:
        message = obj(event, "message")
        self._spoken.text("text", text(message, "content"))
        for call in objects(message, "tool_calls"):
            made = obj(call, "function")
            self._spoken.call(object(), call.get("id"), made.get("name"), made.get("arguments"))

    def messages(self) -> Iterable[Iterable[JsonObject]]:
        return [[self._spoken.message()]]


class _Cohere:
    """Cohere's v2: events that start and grow contents and calls, or a whole message."""

    def __init__(self) -> None:
        self._whole: JsonObject | None = None
        self._spoken = Spoken()

    def feed(self, event: JsonObject) -> None:
        kind, index = event.get("type"), event.get("index")
        if kind is None:
            self._whole = obj(event, "message") or self._whole
            return
        message = obj(event, "delta", "message")
        self._spoken.text(("text", index), text(obj(message, "content"), "text"))
        if call := obj(message, "tool_calls"):
            made = obj(call, "function")
            self._spoken.call(("call", index), call.get("id"), made.get("name"), made.get("arguments"))

    def messages(self) -> Iterable[Iterable[JsonObject]]:
        return [[self._spoken.message() if self._whole is None else self._whole]]


class _CohereV1:
    """Cohere's v1: a whole reply, which also ends a stream."""

    def __init__(self) -> None:
        self._message: JsonObject = {}

    def feed(self, event: JsonObject) -> None:
        whole = obj(event, "response") or event
        if "event_type" not in whole and "text" in whole:
            self._message = {
                "role": "CHATBOT",
                "message": whole.get("text"),
                "tool_calls": items(whole, "tool_calls"),
            }

    def messages(self) -> Iterable[Iterable[JsonObject]]:
        return [[self._message]]


class _Invoke:
    """Bedrock InvokeModel's: the model's own objects, in a stream each in base64; heard by their shape."""

    def __init__(self) -> None:
        self._inner: list[Listener] = [_Messages(), _Converse(), _Chat()]

    def feed(self, event: JsonObject) -> None:
        said = _unwrapped(event)
        for inner in self._inner:
            inner.feed(said)

    def messages(self) -> Iterable[Iterable[JsonObject]]:
        rows = [list(row) for inner in self._inner for row in inner.messages()]
        return [row for row in rows if any(pieces_of(message) for message in row)]


_MOST_ITEMS = 1024
_LISTENERS: dict[str, Callable[[], Listener]] = {
    "openai.chat": _Chat,
    "snowflake.complete": _Chat,
    "anthropic.messages": _Messages,
    "openai.responses": _Responses,
    "gemini.generate_content": _Gemini,
    "gemini.code_assist": _Gemini,
    "bedrock.converse": _Converse,
    "bedrock.invoke": _Invoke,
    "ollama.chat": _Ollama,
    "cohere.chat": _Cohere,
    "cohere.chat_v1": _CohereV1,
}


def _unwrapped(event: JsonObject) -> JsonObject:
    if "chunk" not in event:
        return event
    try:
        value: object = msgspec.json.decode(base64.b64decode(text(obj(event, "chunk"), "bytes") or ""))
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}
