"""SessionBodies: what the calls of one session sent and got, read out of its file."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from pathlib import Path

import zstandard

from sessiontap.bodies import Body, CallBodies, Piece
from sessiontap.errors import StoreError
from sessiontap.store import journal
from sessiontap.store.body_lines import (
    BODIES,
    PARTS,
    SCHEMA,
    Side,
    decode_document,
    decode_part,
    loaded_part,
)
from sessiontap.store.ropes import Part, Rope, RopeError, join

# Bytes of bodies' beginnings that are remembered while a session is read.
_MOST_KEPT = 32 << 20


class SessionBodies:
    """The bodies of one session as its file stood when this was made. Raises OSError."""

    def __init__(self, path: Path, session_id: str | None) -> None:
        self._path = path
        self._session_id = session_id
        tables, self.problems = journal.read(path)
        self._documents = tables.get(BODIES, {})
        self._parts = tables.get(PARTS, {})
        self._ropes: dict[str, Rope] = {}
        self._joined: OrderedDict[str, bytes] = OrderedDict()
        self._joined_bytes = 0

    def __iter__(self) -> Iterator[str]:
        """The ids of the calls that have bodies, in the order in which they were first stored."""
        return iter(self._documents)

    def __len__(self) -> int:
        return len(self._documents)

    def get(self, call_id: str) -> CallBodies | None:
        """The bodies of a call; None where none are stored.

        Raises StoreError where they are damaged, or written by a later version.
        """
        raw = self._documents.get(call_id)
        if raw is None:
            return None
        try:
            document = decode_document(raw)
            if document.schema > SCHEMA:
                message = f"they are of schema {document.schema}, and this sessiontap reads up to {SCHEMA}"
                raise StoreError(self._said(call_id, message + "; upgrade sessiontap to read them"))
            return CallBodies(
                call_id=call_id,
                session_id=self._session_id,
                method=document.method,
                target=document.target,
                headers=document.headers,
                request=self._body(document.request),
                reply=self._body(document.reply),
            )
        except (*journal.UNREADABLE, RopeError, zstandard.ZstdError) as error:
            raise StoreError(self._said(call_id, f"they are damaged ({error}); sessiontap verify")) from error

    def ropes(self, call_id: str) -> tuple[Rope, Rope]:
        """The ropes of a call's request and reply, empty where there are none. Raises as msgspec does."""
        raw = self._documents.get(call_id)
        document = None if raw is None else decode_document(raw)
        sides = (document.request, document.reply) if document else (None, None)
        request, reply = ((side.rope if side else None) or () for side in sides)
        return request, reply

    def _body(self, side: Side | None) -> Body | None:
        if side is None:
            return None
        return Body(
            content=None if side.rope is None else join(side.rope, self._find, self._keep),
            size=side.size,
            content_type=side.content_type,
            left_out=side.left_out,
            masked=side.masked,
            pieces=_pieces(side.pieces),
        )

    def _keep(self, part_id: str, content: bytes) -> None:
        """Remembers what a rope came to: the next call's begins with it."""
        self._joined[part_id] = content
        self._joined_bytes += len(content)
        while self._joined_bytes > _MOST_KEPT:
            self._joined_bytes -= len(self._joined.popitem(last=False)[1])

    def _find(self, part_id: str) -> Part | None:
        if (content := self._joined.get(part_id)) is not None:
            self._joined.move_to_end(part_id)
            return content
        return self.part(part_id)

    def part(self, part_id: str) -> Part | None:
        """A part as it is stored; None where it is not there. Raises as `loaded_part` does."""
        if (rope := self._ropes.get(part_id)) is not None:
            return rope
        raw = self._parts.get(part_id)
        part = None if raw is None else loaded_part(decode_part(raw))
        if isinstance(part, tuple):
            self._ropes[part_id] = part
        return part

    def _said(self, call_id: str, what: str) -> str:
        where = journal.printable(str(self._path), 400)
        return f"{where}: the bodies of call {journal.printable(repr(call_id), 60)} cannot be read: {what}"


def _pieces(flat: tuple[int, ...]) -> tuple[Piece, ...]:
    pieces: list[Piece] = []
    at_ms = 0
    for since, size in zip(flat[::2], flat[1::2], strict=False):
        at_ms += since
        pieces.append(Piece(at_ms, size))
    return tuple(pieces)
