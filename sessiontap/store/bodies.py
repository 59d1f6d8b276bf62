"""Bodies on disk: `bodies.jsonl`, a TinyDB database with the tables `bodies` and `parts`; a line a call.

    {"parts":{"<digest>":{"zstd":"<base64>"},"<digest>":{"rope":["text",["<digest>"]]}},
     "bodies":{"<call id>":{"schema":1,"method":"POST","request":{"rope":[["<digest>"]],"size":81234}}}}

A body is a rope of parts (see `ropes`); a part is written once a session, in the line of the first call that
has it. Credentials are masked here, before anything is cut: nothing reaches the disk around it.
"""

from __future__ import annotations

import base64
from collections import OrderedDict
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import msgspec
import zstandard

from sessiontap.bodies import Body, CallBodies, LeftOut, Piece
from sessiontap.errors import StoreError
from sessiontap.masking import Masker
from sessiontap.masking_events import mask_events
from sessiontap.store import journal
from sessiontap.store.appender import Appender, ReplacedError
from sessiontap.store.ropes import MOST_JOINED, Part, Rope, RopeError, cut, is_leaf_of, join

SCHEMA = 1

_BODIES, _PARTS = "bodies", "parts"
_LEVEL = 3
# How often the file may be replaced between two looks at it before that is an error.
_TRIES = 8
# Bytes of bodies' beginnings that are remembered while a session is read.
_MOST_KEPT = 32 << 20
# Nothing in these is text that a credential could stand in.
_MEDIA = ("audio/", "image/", "video/")


class _Side(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    rope: Rope | None = None
    size: int
    content_type: str | None = None
    left_out: LeftOut | None = None
    masked: bool = False
    pieces: tuple[int, ...] = ()
    """Of each piece the milliseconds since the one before it, and its bytes."""


class _Document(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    schema: int
    method: str = ""
    target: str = ""
    headers: dict[str, str] = {}
    request: _Side | None = None
    reply: _Side | None = None


class _Part(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    text: str | None = None
    zstd: str | None = None
    rope: Rope | None = None


class _Stamp(msgspec.Struct, frozen=True):
    schema: int


class _Keys(msgspec.Struct, frozen=True):
    parts: dict[str, msgspec.Raw] | None = None


_document = msgspec.json.Decoder(_Document)
_part = msgspec.json.Decoder(_Part)
_stamp = msgspec.json.Decoder(_Stamp)
_keys = msgspec.json.Decoder(_Keys)
_encode = msgspec.json.Encoder().encode


class BodyFile:
    """Writes the bodies of one session. Not for use by several threads at once; several processes may.

    Remembers which parts the file has, as long as it is the same file.
    """

    __slots__ = ("_appender", "_known", "_known_of", "_masker", "_path")

    def __init__(self, path: Path, masker: Masker, *, lock_timeout_s: float) -> None:
        self._path = path
        self._masker = masker
        self._appender = Appender(path, create_folders=True, lock_timeout_s=lock_timeout_s)
        self._known: set[str] = set()
        self._known_of = 0

    def put(self, bodies: CallBodies) -> None:
        """Stores the bodies of a call, in the place of what was stored of the same sides. Raises OSError."""
        request_content = self._masked(bodies.request)
        reply_content = self._masked(bodies.reply)
        if bodies.reply is not None:
            reply_content = mask_events(bodies.reply, reply_content, self._masker)
        for _ in range(_TRIES):
            opening = self._appender.open()
            if opening != self._known_of:
                self._known, self._known_of = part_ids(self._path), opening
            parts: dict[str, _Part] = {}
            request = self._side(bodies.request, request_content, parts)
            reply = self._side(bodies.reply, reply_content, parts)
            document = _Document(
                schema=SCHEMA,
                method=_text(bodies.method),
                target=self._masker.mask(_text(bodies.target)),
                headers={name: self._masker.mask(_text(value)) for name, value in bodies.headers.items()},
                request=request,
                reply=reply,
            )
            if request is None:
                document = self._completed(bodies.call_id, document)
            line = _encode({_PARTS: parts, _BODIES: {bodies.call_id: document}}) + b"\n"
            try:
                self._appender.append(line, only_as=opening)
            except ReplacedError:
                continue
            self._known.update(parts)
            return
        message = "it is replaced again and again"
        raise OSError(message)

    def close(self) -> None:
        """Gives the file back; a later `put` opens it again."""
        self._appender.close()

    def _masked(self, body: Body | None) -> bytes:
        if body is None or body.content is None:
            return b""
        if (body.content_type or "").startswith(_MEDIA):
            return body.content
        return self._masker.mask_bytes(body.content)

    def _side(self, body: Body | None, content: bytes, parts: dict[str, _Part]) -> _Side | None:
        if body is None:
            return None
        rope = None
        masked = body.content is not None and content != body.content
        if body.content is not None:
            found = cut(content, self._known)
            parts.update((part_id, _stored_part(part)) for part_id, part in found.parts.items())
            rope = found.rope
        return _Side(
            rope=rope,
            # A mask changes the length: what is stored whole stays whole.
            size=body.size if body.content is None else body.size - len(body.content) + len(content),
            content_type=None if body.content_type is None else _text(body.content_type),
            left_out=body.left_out,
            masked=masked,
            # Those of another text, where something was masked.
            pieces=() if masked else _flat(body.pieces),
        )

    def _completed(self, call_id: str, document: _Document) -> _Document:
        """The document with the side that is stored already: a call that answers later comes in two."""
        raw = journal.read(self._path, patient=False).tables.get(_BODIES, {}).get(call_id)
        try:
            before = None if raw is None else _document.decode(raw)
        except journal.UNREADABLE:
            before = None
        if before is None:
            return document
        asked = before if document.request is None else document
        return _Document(
            schema=SCHEMA,
            method=asked.method,
            target=asked.target,
            headers=asked.headers,
            request=asked.request,
            reply=document.reply or before.reply,
        )


class SessionBodies:
    """The bodies of one session as its file stood when this was made. Raises OSError."""

    def __init__(self, path: Path, session_id: str | None) -> None:
        self._path = path
        self._session_id = session_id
        tables, self.problems = journal.read(path)
        self._documents = tables.get(_BODIES, {})
        self._parts = tables.get(_PARTS, {})
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
            document = _document.decode(raw)
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

    def _body(self, side: _Side | None) -> Body | None:
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
        if (rope := self._ropes.get(part_id)) is not None:
            return rope
        raw = self._parts.get(part_id)
        part = None if raw is None else _loaded_part(_part.decode(raw))
        if isinstance(part, tuple):
            self._ropes[part_id] = part
        return part

    def _said(self, call_id: str, what: str) -> str:
        where = journal.printable(str(self._path), 400)
        return f"{where}: the bodies of call {journal.printable(repr(call_id), 60)} cannot be read: {what}"


def part_ids(path: Path) -> set[str]:
    """The ids of the parts that a file holds; what cannot be read holds none. Raises OSError."""
    known: set[str] = set()
    # Nothing is waited for: what another process writes at this moment may be written twice.
    for block in journal.blocks(path, patient=False):
        for line in block.lines():
            try:
                known.update(_keys.decode(line.text).parts or ())
            except journal.UNREADABLE:
                continue
    return known


def without_unused_parts(tables: journal.RawTables) -> journal.RawTables:
    """The tables of a `bodies.jsonl` without the parts that none of its bodies needs.

    Where a body or a part cannot be read, nobody knows what it needs: then all parts stay.
    """
    parts = tables.get(_PARTS, {})
    used: set[str] = set()
    try:
        documents = [_document.decode(raw) for raw in tables.get(_BODIES, {}).values()]
        waiting = [
            side.rope
            for document in documents
            for side in (document.request, document.reply)
            if side and side.rope
        ]
        while waiting:
            for piece in waiting.pop():
                if isinstance(piece, str) or piece[0] in used:
                    continue
                used.add(piece[0])
                if (raw := parts.get(piece[0])) is not None and (rope := _part.decode(raw).rope) is not None:
                    waiting.append(rope)
    except journal.UNREADABLE:
        return tables
    return {
        **tables,
        _PARTS: {part_id: part for part_id, part in parts.items() if part_id in used},
    }


def broken_bodies(tables: journal.RawTables) -> Iterator[tuple[str, str]]:
    """Each call of a `bodies.jsonl` whose bodies cannot be joined as they were, and why.

    Every part is looked at once, however many bodies need it. Bodies of a later schema are passed over.
    """
    needs: dict[str, Rope | str] = {
        part_id: _checked_part(part_id, raw) for part_id, raw in tables.get(_PARTS, {}).items()
    }
    good: set[str] = set()
    for call_id, raw in tables.get(_BODIES, {}).items():
        try:
            document = _document.decode(raw)
        except journal.UNREADABLE as error:
            if not _is_later(raw):
                yield call_id, str(error)
            continue
        looked_at: set[str] = set()
        waiting = _part_ids(document.request) + _part_ids(document.reply)
        while waiting:
            part_id = waiting.pop()
            if part_id in good or part_id in looked_at:
                continue
            looked_at.add(part_id)
            found = needs.get(part_id, "is not there")
            if isinstance(found, str):
                if document.schema <= SCHEMA:
                    yield call_id, f"part {part_id} {found}"
                break
            waiting += [piece[0] for piece in found if not isinstance(piece, str)]
        else:
            good |= looked_at


def _part_ids(side: _Side | None) -> list[str]:
    return [piece[0] for piece in (side and side.rope) or () if not isinstance(piece, str)]


def _checked_part(part_id: str, raw: msgspec.Raw) -> Rope | str:
    """The rope that a part is, an empty one for a leaf; or, as a text, what is wrong with it."""
    try:
        part = _loaded_part(_part.decode(raw))
    except (*journal.UNREADABLE, RopeError, zstandard.ZstdError) as error:
        return f"is damaged ({error})"
    if isinstance(part, tuple):
        return part
    return () if is_leaf_of(part_id, part) else "is not what it was"


def _is_later(raw: msgspec.Raw) -> bool:
    try:
        return _stamp.decode(raw).schema > SCHEMA
    except journal.UNREADABLE:
        return False


def _stored_part(part: Part) -> _Part:
    if not isinstance(part, bytes):
        return _Part(rope=part)
    packed = base64.b64encode(zstandard.ZstdCompressor(level=_LEVEL).compress(part)).decode("ascii")
    if len(packed) >= len(part):
        try:
            return _Part(text=part.decode("utf-8"))
        except UnicodeDecodeError:
            pass
    return _Part(zstd=packed)


def _loaded_part(part: _Part) -> Part:
    if part.rope is not None:
        return part.rope
    if part.text is not None:
        return part.text.encode("utf-8")
    packed = base64.b64decode(part.zstd or "", validate=True)
    if zstandard.frame_content_size(packed) > MOST_JOINED:
        message = "a part is larger than any body"
        raise RopeError(message)
    return zstandard.ZstdDecompressor().decompress(packed, max_output_size=MOST_JOINED)


def _flat(pieces: tuple[Piece, ...]) -> tuple[int, ...]:
    starts = chain([0], (piece.at_ms for piece in pieces))
    return tuple(
        number
        for piece, before in zip(pieces, starts, strict=False)
        for number in (piece.at_ms - before, piece.size)
    )


def _pieces(flat: tuple[int, ...]) -> tuple[Piece, ...]:
    pieces: list[Piece] = []
    at_ms = 0
    for since, size in zip(flat[::2], flat[1::2], strict=False):
        at_ms += since
        pieces.append(Piece(at_ms, size))
    return tuple(pieces)


def _text(value: str) -> str:
    """The text as JSON can hold it: a header may hold any bytes."""
    return value if value.isascii() else value.encode("utf-8", "replace").decode("utf-8")
