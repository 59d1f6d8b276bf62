r"""Ropes: a body cut into parts that are stored once each, and joined again to the same bytes.

A rope is a list of pieces: literal text, or the id of a part. A part is a rope itself, or the bytes of a
leaf. Long strings, the large elements of arrays, and arrays up to each of their elements are parts of
their own; so a conversation that has grown by a turn shares everything before the turn, also where the last
message was changed (Anthropic's moving `cache_control`). Where to cut is looked for in JSON; joining knows
nothing of it, so every body comes back byte for byte.

Ids are digests of contents: a part that is known is not written again.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Container
from dataclasses import dataclass, field
from typing import TypeAlias

import msgspec

from sessiontap.store.journal import UNREADABLE

SMALL = 512
"""Texts shorter than this many bytes stay where they are: a part of its own costs about 60 bytes."""

MOST_JOINED = 1 << 30
"""What a rope may come to; more is no body of ours."""

_DEEPEST = 12
# Lists of numbers are leaves: cutting them would take long and share nothing.
_SMALLEST_ELEMENTS = 32
_DIGEST_BYTES = 16

Piece: TypeAlias = str | tuple[str]
"""Literal text, or the id of a part (a tuple of one)."""
Rope: TypeAlias = tuple[Piece, ...]
Part: TypeAlias = bytes | Rope

_members = msgspec.json.Decoder(dict[str, msgspec.Raw])
_elements = msgspec.json.Decoder(list[msgspec.Raw])
_encode = msgspec.json.Encoder().encode


class RopeError(ValueError):
    """A rope that cannot be joined: a part is missing, or it never ends."""


@dataclass(frozen=True, slots=True)
class Cut:
    """A body as a rope, and the parts in it that were not known, in an order in which each comes once."""

    rope: Rope
    parts: dict[str, Part]


def cut(body: bytes, known: Container[str]) -> Cut:
    """Cuts a body; never raises. What is not JSON text is one leaf."""
    cutter = _Cutter(known)
    try:
        body.decode("utf-8")
        cutter.value(body, 0)
    except UNREADABLE:
        cutter = _Cutter(known)
        cutter.literal(body)
    return Cut(tuple(cutter.pieces), cutter.parts)


def join(rope: Rope, part: Callable[[str], Part | None]) -> bytes:
    """The bytes of a rope; `part` gives the part of an id. Raises RopeError."""
    joined = bytearray()
    waiting: list[Piece] = list(reversed(rope))
    steps = 0
    while waiting:
        piece = waiting.pop()
        steps += 1
        if isinstance(piece, str):
            joined += piece.encode("utf-8")
        else:
            found = part(piece[0])
            if found is None:
                message = f"part {piece[0]} is not there"
                raise RopeError(message)
            if isinstance(found, bytes):
                joined += found
            else:
                waiting.extend(reversed(found))
        if len(joined) > MOST_JOINED or len(waiting) > MOST_JOINED // SMALL or steps > MOST_JOINED // SMALL:
            message = "its parts never end"
            raise RopeError(message)
    return bytes(joined)


@dataclass(slots=True)
class _Cutter:
    """Cuts one value into `pieces`; new parts go to `parts`."""

    known: Container[str]
    parts: dict[str, Part] = field(default_factory=dict)
    pieces: list[Piece] = field(default_factory=list)

    def value(self, raw: bytes, depth: int) -> None:
        """Adds a JSON value, cut where that is worth it."""
        first = raw.lstrip(b" \t\r\n")[:1] if raw[:1] in b" \t\r\n" else raw[:1]
        if len(raw) < SMALL or depth > _DEEPEST or first not in b"{[":
            self.literal(raw)
        elif first == b"{":
            self._object(raw, depth)
        else:
            self._array(raw, depth)

    def literal(self, raw: bytes) -> None:
        """Adds text as it is; a long one as a leaf."""
        if len(raw) >= SMALL:
            part_id = _digest(raw)
            self._put(part_id, raw)
            self.pieces.append((part_id,))
        elif raw:
            self.pieces.append(raw.decode("utf-8"))

    def _object(self, raw: bytes, depth: int) -> None:
        pos = 0
        for member in _members.decode(raw).values():
            text = bytes(member)
            # A key that stands there twice has the second's value in the first's place: it is not found.
            at = raw.find(text, pos) if len(text) >= SMALL else -1
            if at >= 0:
                self.literal(raw[pos:at])
                self.value(text, depth + 1)
                pos = at + len(text)
        self.literal(raw[pos:])

    def _array(self, raw: bytes, depth: int) -> None:
        elements = _elements.decode(raw)
        if len(raw) < _SMALLEST_ELEMENTS * len(elements):
            self.literal(raw)
            return
        around, self.pieces = self.pieces, []
        pos, done = 0, 0
        # Between two elements there are commas and blanks only, so the first find is the element itself.
        at = raw.index(b"[") + 1
        for element in elements:
            text = bytes(element)
            at = raw.index(text, at)
            if len(text) >= SMALL:
                self.literal(raw[pos:at])
                self._element(text, depth)
                pos = at + len(text)
            at += len(text)
            # An array of one has nothing that a longer one could share.
            if at - done >= SMALL and len(elements) > 1:
                self.literal(raw[pos:at])
                pos = done = at
                self._link()
        self.literal(raw[pos:])
        self.pieces = around + self.pieces

    def _element(self, raw: bytes, depth: int) -> None:
        part_id = _digest(raw)
        if part_id not in self.known and part_id not in self.parts:
            around, self.pieces = self.pieces, []
            self.value(raw, depth + 1)
            rope, self.pieces = tuple(self.pieces), around
            # A leaf has that very id already.
            if rope != ((part_id,),):
                self.parts[part_id] = rope
        self.pieces.append((part_id,))

    def _link(self) -> None:
        """Makes what stands in `pieces` one part: the array up to here."""
        if len(self.pieces) > 1:
            rope = tuple(self.pieces)
            part_id = _digest(_encode(rope))
            self._put(part_id, rope)
            self.pieces = [(part_id,)]

    def _put(self, part_id: str, part: Part) -> None:
        if part_id not in self.known:
            self.parts[part_id] = part


def is_leaf_of(part_id: str, leaf: bytes) -> bool:
    """Whether a leaf is what its id stands for."""
    return _digest(leaf) == part_id


def _digest(data: bytes) -> str:
    """22 characters that stand for the content."""
    digest = hashlib.blake2b(data, digest_size=_DIGEST_BYTES).digest()
    return base64.urlsafe_b64encode(digest).decode("ascii").rstrip("=")
