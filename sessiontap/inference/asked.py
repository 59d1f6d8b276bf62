"""Asking: reads out of a request's body what tells its conversation from others. No I/O.

A body of megabytes is cut into its messages without being built; a message that was seen before is known by
the digest of its bytes, and only new ones are read.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from hashlib import blake2b
from typing import NamedTuple, TypeAlias

import msgspec

from sessiontap.inference.messages import is_system, pieces_of, texts_of
from sessiontap.inference.pieces import (
    ROOT,
    SIZE,
    Piece,
    canonical,
    chain,
    digest_of,
    opaque_piece,
    text_piece,
)
from sessiontap.recent import Recent
from sessiontap.untrusted import JsonObject, items, obj, text

MOST_GROUPS = 512
"""How many groups of 64 messages are known by their bytes; each takes about 30 kB."""

_GROUP = 64
# A message below this is read faster than it is looked up.
_LARGE = 16 * 1024
_LARGEST_ODD = 4 * 1024 * 1024
_LONGEST_OPENING = 1024 * 1024

_Raw: TypeAlias = msgspec.Raw
_UNREADABLE = (msgspec.DecodeError, UnicodeError, RecursionError, ValueError)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a request says of its conversation."""

    pieces: tuple[Piece, ...] = ()
    start: bytes = ROOT
    positions: tuple[bytes, ...] = ()
    """Those behind each of the pieces; the first follows `start`."""
    continues: str | None = None
    """The id of the earlier response that the call says it goes on from."""
    context: bytes = b""
    """A digest of model and instructions: equal for most calls of one conversation."""
    by_model: bool = False
    """The model has said some of the pieces."""
    opening: tuple[str, ...] = ()
    """The texts, where it has said none."""
    prefill: str = ""
    """The text of the last message, where it is the model's: the reply may go on in its middle."""
    has_response_id: bool = False
    """Later calls may say that they go on from the reply's id."""

    @property
    def is_conversation(self) -> bool:
        """False where there is nothing that a later call could go on from."""
        return bool(self.pieces) or self.continues is not None


NOT_READ = Asked()
"""What is known of a body that cannot be read, and of one that holds no conversation."""


class _Chat(msgspec.Struct, gc=False):
    messages: list[_Raw] = []
    model: _Raw = _Raw()
    system: _Raw = _Raw()


class _Responses(msgspec.Struct, gc=False):
    input: str | list[_Raw] | None = None
    previous_response_id: str | None = None
    model: _Raw = _Raw()
    instructions: _Raw = _Raw()


class _Interactions(msgspec.Struct, gc=False):
    input: _Raw = _Raw()
    previous_interaction_id: str | None = None
    model: _Raw = _Raw()
    system_instruction: _Raw = _Raw()


class _Gemini(msgspec.Struct, gc=False, rename="camel"):
    contents: list[_Raw] = []
    system_instruction: _Raw = _Raw()


class _CodeAssist(msgspec.Struct, gc=False):
    request: _Gemini
    model: _Raw = _Raw()


class _CohereV1(msgspec.Struct, gc=False):
    message: str = ""
    chat_history: list[_Raw] | None = None
    model: _Raw = _Raw()
    preamble: _Raw = _Raw()


_Body: TypeAlias = _Chat | _Responses | _Interactions | _Gemini | _CodeAssist | _CohereV1

_BODIES: dict[str, type[_Body]] = {
    "openai.chat": _Chat,
    "anthropic.messages": _Chat,
    "bedrock.converse": _Chat,
    "bedrock.invoke": _Chat,
    "ollama.chat": _Chat,
    "cohere.chat": _Chat,
    "snowflake.complete": _Chat,
    "cohere.chat_v1": _CohereV1,
    "openai.responses": _Responses,
    "gemini.interactions": _Interactions,
    "gemini.generate_content": _Gemini,
    "gemini.code_assist": _CodeAssist,
}
CONVERSATIONAL = frozenset(_BODIES)
"""The wire shapes that hold conversations. Completions of a bare text are none: editors send them by the
thousand, and nothing in them goes on from anything."""


class Asking:
    """Reads requests. Keeps what the last `most` groups of messages came to, so that each is read once."""

    def __init__(self, most: int = MOST_GROUPS) -> None:
        self._groups: Recent[bytes, _Group] = Recent(most)
        self._large: Recent[bytes, _Message] = Recent(most)
        self._decoders = {name: msgspec.json.Decoder(body) for name, body in _BODIES.items()}

    def read(self, api: str, body: bytes) -> Asked:
        """What the body of a request (decoded, whole) says; `api` is the record's name of the wire shape."""
        decoder = self._decoders.get(api)
        if decoder is None:
            return NOT_READ
        try:
            return self._read(decoder.decode(body))
        except _UNREADABLE:
            strict = _made_strict(body)
        try:
            return NOT_READ if strict is None else self._read(decoder.decode(strict))
        except _UNREADABLE:
            return NOT_READ

    def _read(self, body: _Body) -> Asked:
        match body:
            case _Chat():
                return self._asked(body.messages, (body.model, body.system))
            case _Gemini():
                return self._asked(body.contents, (body.system_instruction,))
            case _CodeAssist():
                return self._asked(body.request.contents, (body.model, body.request.system_instruction))
            case _Responses():
                last = body.input if isinstance(body.input, str) else ""
                raws = body.input if isinstance(body.input, list) else []
                context = (body.model, body.instructions)
                asked = self._asked(raws, context, last, continues=body.previous_response_id)
                return replace(asked, has_response_id=True)
            case _CohereV1():
                return self._asked(body.chat_history or (), (body.model, body.preamble), body.message)
            case _Interactions():
                context = (body.model, body.system_instruction)
                # One text, one block, or several; steps of earlier turns are rare beside the server's memory.
                last = "\n".join(_texts(body.input))
                asked = self._asked((), context, last, continues=body.previous_interaction_id)
                return replace(asked, has_response_id=True)

    def _asked(
        self,
        raws: Sequence[_Raw],
        context: Sequence[_Raw],
        last: str = "",
        *,
        continues: str | None = None,
    ) -> Asked:
        """`last` is a text that the user says after the messages."""
        told = blake2b(digest_size=SIZE)
        for raw in context:
            told.update(raw)
        start = digest_of(canonical(continues)) if continues else ROOT
        pieces: list[Piece] = []
        positions: list[bytes] = []
        for at in range(0, len(raws), _GROUP):
            group = self._group(raws[at : at + _GROUP], positions[-1] if positions else start)
            pieces += group.pieces
            positions += group.positions
            for digest in group.system:
                told.update(digest)
        if last and (piece := text_piece(last, by_model=False)) is not None:
            positions += chain(positions[-1] if positions else start, (piece,))
            pieces.append(piece)
        by_model = any(piece.by_model for piece in pieces)
        return Asked(
            pieces=tuple(pieces),
            start=start,
            positions=tuple(positions),
            continues=continues or None,
            context=told.digest(),
            by_model=by_model,
            opening=() if by_model else _opening(raws, last),
            prefill=_prefill(raws[-1]) if raws and not last and pieces and pieces[-1].by_model else "",
        )

    def _group(self, raws: Sequence[_Raw], start: bytes) -> _Group:
        """What some messages in a row say; known by their bytes where they are a whole group."""
        key = None
        if len(raws) == _GROUP:
            key = blake2b(b"\n".join(raws), digest_size=SIZE).digest()
            known = self._groups.get(key)
            if known is not None and known.start == start:
                self._groups.put(key, known)
                return known
        messages = [(raw, self._message(raw)) for raw in raws]
        pieces = tuple(piece for _, message in messages for piece in message.pieces)
        system = tuple(blake2b(raw).digest() for raw, message in messages if message.is_system)
        group = _Group(start, pieces, tuple(chain(start, pieces)), system)
        if key is not None:
            self._groups.put(key, group)
        return group

    def _message(self, raw: _Raw) -> _Message:
        if len(memoryview(raw)) < _LARGE:
            return _read_message(raw)
        key = blake2b(raw, digest_size=SIZE).digest()
        known = self._large.get(key) or _read_message(raw)
        self._large.put(key, known)
        return known


class _Message(NamedTuple):
    pieces: tuple[Piece, ...] = ()
    is_system: bool = False


class _Group(NamedTuple):
    start: bytes
    """The position before it."""
    pieces: tuple[Piece, ...]
    positions: tuple[bytes, ...]
    system: tuple[bytes, ...]
    """Digests of the messages that are no part of the conversation."""


def _read_message(raw: _Raw) -> _Message:
    message = _decoded(raw)
    if message is None:
        return _Message((opaque_piece(bytes(raw)),))
    return _Message(is_system=True) if is_system(message) else _Message(pieces_of(message))


def _decoded(raw: _Raw) -> JsonObject | None:
    try:
        value: object = msgspec.json.decode(raw)
    except _UNREADABLE:
        return None
    return value if isinstance(value, dict) else None


def _message_texts(raw: _Raw) -> list[str]:
    message = _decoded(raw)
    return [] if message is None or is_system(message) else list(texts_of(message))


def _prefill(raw: _Raw) -> str:
    """The text of a last message that is the model's, and nothing but a text."""
    message = _decoded(raw) or {}
    return "".join(texts_of(message)) if len(pieces_of(message)) == 1 else ""


def _opening(raws: Sequence[_Raw], last: str) -> tuple[str, ...]:
    if sum(len(memoryview(raw)) for raw in raws) > _LONGEST_OPENING:
        return ()
    return (*(words for raw in raws for words in _message_texts(raw)), *([last] if last else []))


def _texts(raw: _Raw) -> list[str]:
    """The texts in what Interactions takes for input."""
    value: object = msgspec.json.decode(raw) if memoryview(raw) else None
    if isinstance(value, str):
        return [value]
    blocks = value if isinstance(value, list) else [value]
    parts = (part for block in blocks for part in (block, obj(block, "content"), *items(block, "content")))
    return [words for part in parts if (words := text(part, "text"))]


def _made_strict(body: bytes) -> bytes | None:
    """The same JSON without what only tolerant readers take: half a surrogate pair, a byte order mark."""
    if len(body) > _LARGEST_ODD:
        return None
    try:
        value = json.loads(body.decode("utf-8-sig", "replace"))
        return json.dumps(value, ensure_ascii=False).encode("utf-8", "replace")
    except (ValueError, RecursionError):
        return None
