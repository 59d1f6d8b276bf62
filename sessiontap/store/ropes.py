r"""Ropes: a body cut into parts that are stored once each, and joined again to the same bytes.

A rope is a list of pieces: literal text, or the id of a part. A part is a rope itself, or the bytes of a
leaf. Long strings, the large elements of arrays, and arrays up to each of their elements are parts of
their own; so a conversation that has grown by a turn shares everything before the turn, also where the last
message was changed (Anthropic's moving `cache_control`): it has the long text in common with the new one.
Where to cut is looked for in JSON; joining knows nothing of it, so every body comes back byte for byte.

Ids are digests of contents: a part that is known is not written again. Cutting takes linear time, about
10 ms a megabyte, in steps that hold other threads up for a few milliseconds.
"""

from __future__ import annotations

import base64
import hashlib
import re
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
# A client that moves its cache marks has the last messages anew in each call.
_KEPT_DEPTH = 6
_KEPT = 8 * 1024
_DIGEST_BYTES = 16
# The pieces of an array up to one of its elements: what is before, a text, the element, a text, its end.
_LINK_PIECES = 5
# How many pieces may stand for so many bytes as a small part has: some at each depth.
_STEPS = 6 * _DEEPEST
# A thousand small things first, as a list of numbers or words has them, or a table: a leaf, for cutting it
# would take long and share nothing.
_NAME = rb'"[^"\\]{0,62}"\s*+:\s*+'
_SMALL_THING = rb'[^"\s\[\]{},]{1,30}|"[^"\\]{0,30}"|\[[^"\[\]{}]{0,126}\]'
_SMALL_THINGS = re.compile(
    rb"\s*+[\[{]\s*+(?:(?:" + _NAME + rb")?+(?:" + _SMALL_THING + rb")\s*+,\s*+){1000}"
)
# Between two elements of an array.
_GAP = re.compile(rb"[\s,]*+")
# So many bytes of a value are looked for; the whole of a long one would be prepared for the search first.
_START = 64

Piece: TypeAlias = str | tuple[str]
"""Literal text, or the id of a part (a tuple of one)."""
Rope: TypeAlias = tuple[Piece, ...]
Part: TypeAlias = bytes | Rope

_members = msgspec.json.Decoder(dict[str, msgspec.Raw])
_elements = msgspec.json.Decoder(list[msgspec.Raw])
_encode = msgspec.json.Encoder().encode


class RopeError(ValueError):
    """A rope that cannot be joined: a part is missing, is a part of itself, or it comes to too much."""


@dataclass(frozen=True, slots=True)
class Cut:
    """A body as a rope, and the parts in it that were not known, in an order in which each comes once."""

    rope: Rope
    parts: dict[str, Part]


def cut(body: bytes, known: Container[str]) -> Cut:
    """Cuts a body; never raises. What is not JSON text is one leaf."""
    cutter = _Cutter(known)
    try:
        cutter.value(body, 0)
    except UNREADABLE:
        cutter = _Cutter(known)
        cutter.leaf(body)
    return Cut(tuple(cutter.pieces), cutter.parts)


def join(
    rope: Rope, part: Callable[[str], Part | None], keep: Callable[[str, bytes], None] | None = None
) -> bytes:
    """The bytes of a rope; `part` gives the part of an id. Raises RopeError.

    `keep` is handed the bytes of the outer parts that are ropes: a conversation that has grown by a turn has
    them in common, and `part` may give them for the ropes that they are.
    """
    joined = bytearray()
    # None stands where a part ends; `within` are the parts that have begun, and where.
    waiting: list[Piece | None] = list(reversed(rope))
    within: dict[str, int] = {}
    steps = 0
    while waiting:
        piece = waiting.pop()
        steps += 1
        if piece is None:
            part_id, start = within.popitem()
            if keep is not None and len(within) < _KEPT_DEPTH and len(joined) - start >= _KEPT:
                keep(part_id, bytes(memoryview(joined)[start:]))
        elif isinstance(piece, str):
            joined += piece.encode("utf-8")
        else:
            found = part(piece[0])
            if found is None:
                message = f"part {piece[0]} is not there"
                raise RopeError(message)
            if isinstance(found, bytes):
                joined += found
            elif piece[0] in within:
                message = f"part {piece[0]} is a part of itself"
                raise RopeError(message)
            else:
                within[piece[0]] = len(joined)
                waiting.append(None)
                waiting.extend(reversed(found))
        # A long array is as many ropes within ropes before its first byte comes.
        most = (MOST_JOINED * _LINK_PIECES + len(joined) * _STEPS) // SMALL
        if len(joined) > MOST_JOINED or len(waiting) > most or steps > most:
            message = f"its parts come to more than {MOST_JOINED} bytes"
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
        if len(raw) < SMALL or depth > _DEEPEST or first not in b"{[" or _SMALL_THINGS.match(raw):
            self.literal(raw)
        elif first == b"{":
            self._object(raw, depth)
        else:
            self._array(raw, depth)

    def literal(self, raw: bytes) -> None:
        """Adds text as it is; a long one as a leaf."""
        if len(raw) >= SMALL:
            self.leaf(raw)
        elif raw:
            self.pieces.append(raw.decode("utf-8"))

    def leaf(self, raw: bytes) -> None:
        """Adds bytes as a part of their own."""
        self._add(_digest(raw, b"leaf"), raw)

    def _object(self, raw: bytes, depth: int) -> None:
        pos = 0
        for member in _members.decode(raw).values():
            if len(memoryview(member)) < SMALL:
                continue
            text = bytes(member)
            at = _find(raw, text, pos)
            if at < 0:
                # A key that stands there twice has the second's value in the first's place.
                break
            self.literal(raw[pos:at])
            self.value(text, depth + 1)
            pos = at + len(text)
        self.literal(raw[pos:])

    def _array(self, raw: bytes, depth: int) -> None:
        around, self.pieces = self.pieces, []
        pos, done, at = 0, 0, raw.index(b"[") + 1
        elements = _elements.decode(raw)
        for element in elements:
            text = bytes(element)
            gap = _GAP.match(raw, at)
            at = gap.end() if gap else at
            if len(text) >= SMALL:
                self.literal(raw[pos:at])
                pos = at + len(text)
                before, self.pieces = self.pieces, []
                self.value(text, depth + 1)
                self._link()
                self.pieces = before + self.pieces
            at += len(text)
            # An array of one has nothing that a longer one could share.
            if at - done >= SMALL and len(elements) > 1:
                self.literal(raw[pos:at])
                pos = done = at
                self._link()
        self.literal(raw[pos:])
        self.pieces = around + self.pieces

    def _link(self) -> None:
        """Makes what stands in `pieces` one part: an element, or the array up to here."""
        if len(self.pieces) > 1:
            rope = tuple(self.pieces)
            self.pieces = []
            self._add(_digest(_encode(rope), b"rope"), rope)

    def _add(self, part_id: str, part: Part) -> None:
        self.pieces.append((part_id,))
        if part_id not in self.known:
            self.parts[part_id] = part


def is_leaf_of(part_id: str, leaf: bytes) -> bool:
    """Whether a leaf is what its id stands for."""
    return _digest(leaf, b"leaf") == part_id


def _find(raw: bytes, text: bytes, pos: int) -> int:
    """Where a text stands first; -1 where it does not."""
    at = raw.find(text[:_START], pos)
    return at if at < 0 or raw.startswith(text, at) else raw.find(text, at + 1)


def _digest(data: bytes, kind: bytes) -> str:
    """22 characters that stand for the content; no leaf can be made that has the id of a rope."""
    digest = hashlib.blake2b(data, digest_size=_DIGEST_BYTES, person=kind).digest()
    return base64.urlsafe_b64encode(digest).decode("ascii").rstrip("=")
