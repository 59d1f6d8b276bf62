"""Bodies on disk: `bodies.jsonl`, a TinyDB database with the tables `bodies` and `parts`; a line a call.

    {"parts":{"<digest>":{"zstd":"<base64>"},"<digest>":{"rope":["text",["<digest>"]]}},
     "bodies":{"<call id>":{"schema":1,"method":"POST","request":{"rope":[["<digest>"]],"size":81234}}}}

A body is a rope of parts (see `ropes`); a part is written once a session, in the line of the first call that
has it. Credentials are masked here, before anything is cut: nothing reaches the disk around it.
"""

from __future__ import annotations

from itertools import chain
from pathlib import Path

import msgspec

from sessiontap.bodies import Body, CallBodies, Piece
from sessiontap.masking import Masker
from sessiontap.masking_events import mask_events
from sessiontap.store import journal
from sessiontap.store.appender import Appender, ReplacedError
from sessiontap.store.body_lines import (
    BODIES,
    PARTS,
    SCHEMA,
    Document,
    Side,
    StoredPart,
    decode_document,
    stored_part,
)
from sessiontap.store.ropes import cut

# How often the file may be replaced between two looks at it before that is an error.
_TRIES = 8
# Nothing in these is text that a credential could stand in.
_MEDIA = ("audio/", "image/", "video/")


class _Keys(msgspec.Struct, frozen=True):
    parts: dict[str, msgspec.Raw] | None = None


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
            parts: dict[str, StoredPart] = {}
            request = self._side(bodies.request, request_content, parts)
            reply = self._side(bodies.reply, reply_content, parts)
            document = Document(
                schema=SCHEMA,
                method=_text(bodies.method),
                target=self._masker.mask(_text(bodies.target)),
                headers={name: self._masker.mask(_text(value)) for name, value in bodies.headers.items()},
                request=request,
                reply=reply,
            )
            if request is None:
                document = self._completed(bodies.call_id, document)
            line = _encode({PARTS: parts, BODIES: {bodies.call_id: document}}) + b"\n"
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

    def _side(self, body: Body | None, content: bytes, parts: dict[str, StoredPart]) -> Side | None:
        if body is None:
            return None
        rope = None
        masked = body.content is not None and content != body.content
        if body.content is not None:
            found = cut(content, self._known)
            parts.update((part_id, stored_part(part)) for part_id, part in found.parts.items())
            rope = found.rope
        return Side(
            rope=rope,
            # A mask changes the length: what is stored whole stays whole.
            size=body.size if body.content is None else body.size - len(body.content) + len(content),
            content_type=None if body.content_type is None else _text(body.content_type),
            left_out=body.left_out,
            masked=masked,
            # Those of another text, where something was masked.
            pieces=() if masked else _flat(body.pieces),
        )

    def _completed(self, call_id: str, document: Document) -> Document:
        """The document with the side that is stored already: a call that answers later comes in two."""
        raw = journal.read(self._path, patient=False).tables.get(BODIES, {}).get(call_id)
        try:
            before = None if raw is None else decode_document(raw)
        except journal.UNREADABLE:
            before = None
        if before is None:
            return document
        asked = before if document.request is None else document
        return Document(
            schema=SCHEMA,
            method=asked.method,
            target=asked.target,
            headers=asked.headers,
            request=asked.request,
            reply=document.reply or before.reply,
        )


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


def _flat(pieces: tuple[Piece, ...]) -> tuple[int, ...]:
    starts = chain([0], (piece.at_ms for piece in pieces))
    return tuple(
        number
        for piece, before in zip(pieces, starts, strict=False)
        for number in (piece.at_ms - before, piece.size)
    )


def _text(value: str) -> str:
    """The text as JSON can hold it: a header may hold any bytes."""
    return value if value.isascii() else value.encode("utf-8", "replace").decode("utf-8")
