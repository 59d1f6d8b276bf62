"""Pieces: what of a message tells one conversation from another, as short digests.

A text counts by its role and its characters without white space; a tool call by its name and arguments; a
tool's result by being there. Thinking, pictures, sound, cache marks, the ids of calls and what a tool
answered are left out: clients drop, move, trim and rewrite them when they send a message again. But a random
id is kept beside the call: where a client sends it as it was, no other conversation has it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from hashlib import blake2b
from typing import NamedTuple

import msgspec

SIZE = 16
ROOT = bytes(SIZE)
"""The position before a conversation's first piece."""

# No two conversations say a text of this many characters by chance, though they may by habit.
_TELLING = 64
_LONGEST_GIST = 24
_LONGEST_LINE = 48
_MOST_OF_GIST = 400
_SPACE = b" \t\r\n\x0b\x0c"
_RUN = re.compile(r"[A-Za-z0-9]{8,}")
_LONG_RUN = 16
_WHOLE = re.compile(rb"(?<=\d)\.0+(?=[,}\]])")
_THINKS, _THOUGHT = "<think>", "</think>"
_NOT_ALPHANUMERIC = re.compile(r"[^A-Za-z0-9]+")
_WORD_BYTES = re.compile(rb"[^\w\x80-\xff]+")


class Piece(NamedTuple):
    """One text, tool call or tool result of a message."""

    digest: bytes
    by_model: bool
    anchor: bytes = b""
    """Set where no other conversation is likely to have it: of a long text of the model, or a random id."""
    gist: tuple[bytes, bytes] = (b"", b"")
    """Of a model's text, the first and the last letters; of another, the first and the last line: what is
    left of it when a client has changed it."""


def text_piece(text: str, *, by_model: bool) -> Piece | None:
    """The piece of a text; None where there is nothing to see in it."""
    bare = canonical(_spoken(text) if by_model else text)
    if not bare:
        return None
    digest = blake2b(b"a" if by_model else b"u", digest_size=SIZE)
    digest.update(bare)
    made = digest.digest()
    if not by_model:
        return Piece(made, by_model=False, gist=_outer_lines(text))
    return Piece(made, by_model=True, anchor=made if len(bare) >= _TELLING else b"", gist=_gist(bare))


def call_piece(call_id: object, name: object, arguments: object) -> Piece:
    """The piece of a tool call. `arguments` may be JSON, or a text that holds it."""
    made = _digest(b"c", f"{name}\0", _arguments(arguments))
    if not isinstance(call_id, str) or not is_random(call_id, name):
        return Piece(made, by_model=True)
    # Some clients write base64 in its other alphabet.
    return Piece(made, by_model=True, anchor=_digest(b"i", _NOT_ALPHANUMERIC.sub("", call_id)))


def opaque_piece(raw: bytes) -> Piece:
    """The piece of a message that cannot be read: its bytes."""
    return Piece(_digest(b"o", "", raw), by_model=False)


def chain(start: bytes, pieces: Iterable[Piece]) -> list[bytes]:
    """The positions behind each of the pieces: a digest over the one before it, the first over `start`."""
    positions = []
    for piece in pieces:
        start = blake2b(start + piece.digest, digest_size=SIZE).digest()
        positions.append(start)
    return positions


def loose_start(pieces: Sequence[Piece]) -> tuple[bytes, ...]:
    """What stands before the next words of the model, told by little: the model's last words.

    Where it has said nothing yet, the first and, beside it, the last line of what it was asked last.
    """
    for piece in reversed(pieces):
        if piece.by_model:
            return (piece.digest,)
    gist = next((piece.gist for piece in reversed(pieces) if piece.gist[0]), None)
    return () if gist is None else (_digest(b"f", "", gist[0]), _digest(b"l", "", gist[1]))


def loose(starts: Iterable[bytes], piece: Piece) -> list[bytes]:
    """The positions behind a piece for who looks at nothing but the words before it."""
    return [blake2b(start + piece.digest, digest_size=SIZE, person=b"loose").digest() for start in starts]


def canonical(text: str) -> bytes:
    """The text without its white space: clients trim it, and join and split blocks with it."""
    return text.encode("utf-8", "surrogatepass").translate(None, _SPACE)


def digest_of(text: bytes) -> bytes:
    """The digest of a canonical text, whoever said it."""
    return blake2b(text, digest_size=SIZE).digest()


def is_random(call_id: str, name: object) -> bool:
    """True for an id made by chance (`toolu_01Xy…`); not for one counted or named (`call_0`, `read:3`)."""
    if isinstance(name, str) and name and name in call_id:
        return False
    for run in _RUN.findall(call_id[:256]):
        mixed = not (run.islower() or run.isupper()) and not run[1:].islower()
        if mixed or any(map(str.isdigit, run)) or len(run) >= _LONG_RUN:
            return True
    return False


def _gist(bare: bytes) -> tuple[bytes, bytes]:
    head = _WORD_BYTES.sub(b"", bare[:_MOST_OF_GIST])[:_LONGEST_GIST]
    tail = _WORD_BYTES.sub(b"", bare[-_MOST_OF_GIST:])[-_LONGEST_GIST:]
    return head, tail


def _outer_lines(text: str) -> tuple[bytes, bytes]:
    text = text.strip()
    first, last = text.partition("\n")[0], text.rpartition("\n")[2]
    return canonical(first[:_MOST_OF_GIST])[:_LONGEST_LINE], canonical(last[-_MOST_OF_GIST:])[-_LONGEST_LINE:]


def _digest(kind: bytes, text: str, more: bytes = b"") -> bytes:
    made = blake2b(kind, digest_size=SIZE)
    made.update(text.encode("utf-8", "surrogatepass"))
    made.update(more)
    return made.digest()


def _spoken(text: str) -> str:
    """A text of the model without the thinking that some servers and clients put before it."""
    if text.lstrip()[: len(_THINKS)] != _THINKS:
        return text
    thought, ends, said = text.partition(_THOUGHT)
    return said if ends else thought


def _arguments(arguments: object) -> bytes:
    """The arguments in one form, however they are written."""
    if isinstance(arguments, str):
        if not arguments.strip():
            return b"null"
        try:
            arguments = msgspec.json.decode(arguments)
        except (msgspec.DecodeError, UnicodeError, RecursionError):
            return canonical(str(arguments))
    try:
        written = msgspec.json.encode(arguments or None, order="deterministic")
    except (TypeError, UnicodeError, RecursionError):
        return b""
    # Some clients know no whole numbers, others no fractions that are none.
    return _WHOLE.sub(b"", written)


RESULT = Piece(_digest(b"r", ""), by_model=False)
"""The piece of what a tool answered, whatever that was."""
