"""Masks credentials that a reply says piecewise: `sk-` in one event of a stream, the rest in the next ones.

Each event is JSON. The strings that stand at one place of one event after another, such as
`choices[].delta.content`, are pieces of one text; where that text holds a credential, what the events have
of it is taken out. Read are server-sent events, JSON lines, a JSON array, the messages of a socket, and AWS
event streams, also those that wrap JSON in base64. An event that is changed is written anew; all others keep
their bytes. Two texts of one name whose pieces alternate from the start to the end are not looked into.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import msgspec

from sessiontap.bodies import Body
from sessiontap.masking import MASK, Masker

Span: TypeAlias = tuple[int, int]

# `data: {…}` of server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html).
_SSE_DATA = re.compile(rb"^data:[ ]?(\{.*\})[ \t]*\r?$", re.MULTILINE)
_LINE = re.compile(rb"^\s*(\{.*\})\s*?$", re.MULTILINE)
# The JSON between the binary headers and checksums of an AWS event stream's messages.
_AWS_PAYLOAD = re.compile(rb'\{"[^\x00-\x1f]*\}')
_MEMBER = re.compile(rb'"([^"\\]{1,60})"\s*:\s*"((?:[^"\\]|\\.)*)"')
_WRAPPED = "bytes"
_INDEXES = frozenset({"index", "output_index", "content_index", "item_id", "contentBlockIndex"})
_DEEPEST = 12
_MOST_BYTES = 64 * 1024 * 1024
_UNREADABLE = (msgspec.DecodeError, ValueError, RecursionError)


def mask_events(body: Body, content: bytes, masker: Masker) -> bytes:
    """The content of a reply, whose whole credentials are masked already, without those in pieces.

    Never raises; what is no stream of JSON comes back as it is.
    """
    spans = list(_spans(body, content))
    if len(spans) < 2 and not content.startswith(b"["):  # noqa: PLR2004 -- of one event there are no pieces
        return content
    aws = _is_aws(body)
    if len(content) > _MOST_BYTES or not (aws or _suspicious(content, masker)):
        return content
    events = [event for span in spans if (event := _event(content, span, wrapped=aws)) is not None]
    texts: dict[tuple[object, ...], list[_Piece]] = {}
    for event in events:
        for place, piece in _pieces(event, event.value, (), 0):
            texts.setdefault(place, []).append(piece)
    for pieces in texts.values():
        _mask(pieces, masker)
    return _rewritten(content, events)


@dataclass(slots=True)
class _Event:
    span: Span
    value: Any
    wrapper: dict[str, Any] | None
    """What the JSON was wrapped in, as base64."""
    changed: bool = False

    def encoded(self) -> bytes:
        text = msgspec.json.encode(self.value)
        if self.wrapper is None:
            return text
        return msgspec.json.encode({**self.wrapper, _WRAPPED: base64.b64encode(text).decode("ascii")})


@dataclass(slots=True)
class _Piece:
    event: _Event
    holder: Any
    key: Any
    text: str = field(init=False)

    def __post_init__(self) -> None:
        self.text = self.holder[self.key]

    def replace(self, text: str) -> None:
        self.holder[self.key] = text
        self.event.changed = True


def _is_aws(body: Body) -> bool:
    return "amazon.eventstream" in (body.content_type or "")


def _spans(body: Body, content: bytes) -> Iterator[Span]:
    """Where the JSON texts of the events stand."""
    if body.content_type is None and sum(piece.size for piece in body.pieces) == len(content):
        end = 0
        for piece in body.pieces:
            start, end = end, end + piece.size
            yield start, end
    elif _is_aws(body):
        yield from (found.span() for found in _AWS_PAYLOAD.finditer(content))
    elif content.startswith(b"["):
        yield 0, len(content)
    else:
        pattern = _SSE_DATA if "event-stream" in (body.content_type or "") else _LINE
        yield from (found.span(1) for found in pattern.finditer(content))


def _suspicious(content: bytes, masker: Masker) -> bool:
    """Whether the values of any one name, one after the other, hold a credential: a fast look."""
    values: dict[bytes, list[bytes]] = {}
    for name, value in _MEMBER.findall(content):
        values.setdefault(name, []).append(value)
    joined = (b"".join(several) for several in values.values() if len(several) > 1)
    return any(masker.mask_bytes(text) is not text for text in joined)


def _event(content: bytes, span: Span, *, wrapped: bool) -> _Event | None:
    try:
        value = msgspec.json.decode(content[slice(*span)])
        if wrapped and isinstance(value, dict) and isinstance(value.get(_WRAPPED), str):
            inner = msgspec.json.decode(base64.b64decode(value[_WRAPPED], validate=True))
            return _Event(span, inner, value)
    except (*_UNREADABLE, binascii.Error):
        return None
    return _Event(span, value, None)


def _pieces(
    event: _Event, value: Any, place: tuple[object, ...], depth: int
) -> Iterator[tuple[tuple[object, ...], _Piece]]:
    """The strings of an event with their places; positions in lists count where the event names none."""
    if depth > _DEEPEST:
        return
    members: Iterable[tuple[Any, Any]]
    if isinstance(value, dict):
        named = tuple(
            value[key] for key in sorted(_INDEXES & value.keys()) if not isinstance(value[key], dict | list)
        )
        place, members = (*place, named), value.items()
    elif isinstance(value, list):
        members = enumerate(value)
    else:
        return
    for key, inner in members:
        where = (*place, key if isinstance(value, dict) else "[]")
        if isinstance(inner, str):
            if inner:
                yield where, _Piece(event, value, key)
        else:
            yield from _pieces(event, inner, where, depth + 1)


def _mask(pieces: list[_Piece], masker: Masker) -> None:
    text = "".join(piece.text for piece in pieces)
    masked = masker.mask(text)
    if masked == text or len(pieces) < 2:  # noqa: PLR2004 -- as above
        return
    secrets = _masked_spans(text, masked)
    start = 0
    for piece in pieces:
        end = start + len(piece.text)
        kept, at = "", start
        for first, last in secrets:
            if first < end and last > start:
                kept += text[at : max(first, at)]
                # Where it begins stands the mask; the other pieces just lose what they have of it.
                kept += MASK if first >= start else ""
                at = min(last, end)
        kept += text[at:end]
        if kept != piece.text:
            piece.replace(kept)
        start = end


def _masked_spans(text: str, masked: str) -> list[Span]:
    """Where in the text that stood which is masked now; all of it, where that cannot be told."""
    spans: list[Span] = []
    at = 0
    first, *others = masked.split(MASK)
    if text.startswith(first):
        at = len(first)
        for number, other in enumerate(others):
            last = number == len(others) - 1
            found = len(text) - len(other) if last else text.find(other, at + 1) if other else at + 1
            if found < at or not text.startswith(other, found):
                break
            spans.append((at, found))
            at = found + len(other)
        else:
            return spans
    return [(0, len(text))]


def _rewritten(content: bytes, events: list[_Event]) -> bytes:
    parts: list[bytes] = []
    at = 0
    for event in events:
        if event.changed:
            start, end = event.span
            parts += [content[at:start], event.encoded()]
            at = end
    return content if not parts else b"".join([*parts, content[at:]])
