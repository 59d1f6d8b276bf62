"""What stands in `bodies.jsonl`: a body's document, and a part; how a part is packed.

See `bodies` for the file.
"""

from __future__ import annotations

import base64

import msgspec
import zstandard

from sessiontap.bodies import LeftOut
from sessiontap.store.ropes import MOST_JOINED, Part, Rope, RopeError

SCHEMA = 1

BODIES, PARTS = "bodies", "parts"

_LEVEL = 3


class Side(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """One side of a call."""

    rope: Rope | None = None
    size: int
    content_type: str | None = None
    left_out: LeftOut | None = None
    masked: bool = False
    pieces: tuple[int, ...] = ()
    """Of each piece the milliseconds since the one before it, and its bytes."""


class Document(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """What is stored of one call."""

    schema: int
    method: str = ""
    target: str = ""
    headers: dict[str, str] = {}
    request: Side | None = None
    reply: Side | None = None


class StoredPart(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """A part: one of the three."""

    text: str | None = None
    zstd: str | None = None
    rope: Rope | None = None


class Stamp(msgspec.Struct, frozen=True):
    """Which version wrote a document."""

    schema: int


_document = msgspec.json.Decoder(Document)
_part = msgspec.json.Decoder(StoredPart)

decode_document = _document.decode
decode_part = _part.decode


def stored_part(part: Part) -> StoredPart:
    """The part as it is written."""
    if not isinstance(part, bytes):
        return StoredPart(rope=part)
    packed = base64.b64encode(zstandard.ZstdCompressor(level=_LEVEL).compress(part)).decode("ascii")
    if len(packed) >= len(part):
        try:
            return StoredPart(text=part.decode("utf-8"))
        except UnicodeDecodeError:
            pass
    return StoredPart(zstd=packed)


def loaded_part(part: StoredPart) -> Part:
    """The part that was written. Raises RopeError, ValueError or ZstdError for what was not."""
    if part.rope is not None:
        return part.rope
    if part.text is not None:
        return part.text.encode("utf-8")
    packed = base64.b64decode(part.zstd or "", validate=True)
    if zstandard.frame_content_size(packed) > MOST_JOINED:
        message = "a part is larger than any body"
        raise RopeError(message)
    return zstandard.ZstdDecompressor().decompress(packed, max_output_size=MOST_JOINED)
