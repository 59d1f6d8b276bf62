r"""The file format: every line is a small TinyDB database that holds only what changed.

    {"calls":{"<id>":{…document…}}}\n

Reading merges the lines in order. A later document replaces the earlier one of the same id, `null` in a
document's place deletes it, `null` in a table's place drops the table, `{}` makes an empty table. One line
may change several documents and tables, and takes effect as a whole or not at all.

A write that was cut short leaves a last line without LF. JSON that is cut anywhere is not JSON, so such a
line is told by not parsing: it is left out and reported, as is every other line that cannot be read. The
next append seals it (see `appender`). Files are read in blocks of whole lines and never locked for reading;
a line that is being written at that moment is waited for, a moment long.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from io import BytesIO, RawIOBase
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

import msgspec

Document: TypeAlias = Mapping[str, Any]
RawTables: TypeAlias = dict[str, dict[str, msgspec.Raw]]
"""Table -> id -> document as JSON."""
RawChanges: TypeAlias = dict[str, dict[str, msgspec.Raw] | None]
"""What a line says: the same, with `null` in a deleted document's place, and None for a dropped table."""
Changes: TypeAlias = Mapping[str, Mapping[str, msgspec.Raw | None] | None]
"""The same; None deletes the document, or drops the table."""

UNREADABLE = (msgspec.DecodeError, ValueError, RecursionError)
"""What msgspec and json raise for bytes that are not the JSON they were told to expect."""

_BLOCK_BYTES = 1 << 20
_REASON_LENGTH = 160
# How long a line without LF is waited for, and after which time nobody can be at work on it. Linux holds up
# a write for 0.2 s at a time where the disk does not keep up.
_WAIT_S = 0.3
_LOOK_S = 0.001
_STALE_S = 2.0

_line_decoder = msgspec.json.Decoder(RawChanges)
_encode = msgspec.json.Encoder().encode


@dataclass(frozen=True, slots=True)
class Problem:
    """Something in a store that was left out of what was read; `str()` is one line fit to be shown."""

    path: Path
    reason: str
    line: int | None = None
    """Counted from 1; None where the whole file is meant."""
    offset: int | None = None
    """The line's first byte in the file."""

    def __str__(self) -> str:
        where = f"{self.path}, line {self.line}" if self.line is not None else str(self.path)
        return printable(f"{where}: {self.reason}", len(where) + 2 + _REASON_LENGTH)


class Line(NamedTuple):
    """One line of a journal, without its LF."""

    text: bytes
    number: int
    offset: int
    torn: bool
    """True for a last line that has no LF."""


class Block(NamedTuple):
    """Some whole lines of a journal; only the file's last block may end without LF."""

    data: bytes
    number: int
    """The number of its first line."""
    offset: int

    def lines(self, *, blank: bool = False) -> Iterator[Line]:
        """The lines that are not blank, one by one; with `blank` those too."""
        offset, number = self.offset, self.number
        for whole in BytesIO(self.data):
            text = whole.rstrip(b"\n")
            if blank or text.strip():
                yield Line(text, number, offset, torn=text == whole)
            offset += len(whole)
            number += 1


class Contents(NamedTuple):
    """What a journal holds after all its lines: each document as the JSON that stands in the file."""

    tables: RawTables
    problems: tuple[Problem, ...]


def printable(text: str, length: int = _REASON_LENGTH) -> str:
    """A text from outside as it may stand in a message: one line, no control characters, not too long."""
    shown = "".join(
        sign if sign.isprintable() else "\N{REPLACEMENT CHARACTER}" for sign in text[: length + 1]
    )
    return shown if len(shown) <= length else shown[: length - 1] + "…"


def dumps(document: Document) -> bytes:
    """A document as JSON.

    Raises TypeError for what JSON does not have (sets, dates), ValueError for NaN and lone surrogates:
    other readers of the file could not read them.
    """
    text = json.dumps(document, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text.encode("utf-8")


def loads(raw: bytes | msgspec.Raw) -> dict[str, Any]:
    """The document of `dumps`; raises one of `UNREADABLE` for anything else.

    The standard library's reader: it takes every number that `dumps` writes, of any size.
    """
    document = json.loads(bytes(raw))
    if not isinstance(document, dict):
        message = f"a document is an object, not {type(document).__name__}"
        raise ValueError(message)  # noqa: TRY004 - one family of errors for everything that cannot be read
    return document


def documents_line(table: str, documents: Mapping[str, bytes]) -> bytes:
    """The line, with its LF, that stores documents of one table, each already encoded as one line of JSON."""
    inner = b",".join([b"%b:%b" % (_encode(doc_id), encoded) for doc_id, encoded in documents.items()])
    return b"{%b:{%b}}\n" % (_encode(table), inner)


def changes_line(changes: Changes) -> bytes:
    """The line, with its LF, that makes all the changes at once."""
    return _encode(changes) + b"\n"


def blocks(path: Path, *, patient: bool = True) -> Iterator[Block]:
    """The file in blocks of about 1 MiB that end with a line; nothing where there is no file.

    A line longer than that comes whole, in a longer block. One that is being written is waited for, where
    the reader is `patient`: up to 0.3 s. Raises OSError.
    """
    try:
        file = path.open("rb", buffering=0)
    except FileNotFoundError:
        return
    with file:
        yield from blocks_of(file, patient=patient)


def blocks_of(file: RawIOBase, number: int = 1, offset: int = 0, *, patient: bool = False) -> Iterator[Block]:
    """The same of an open file, from where it stands: the start of the line of that number and offset."""
    pieces: list[bytes] = []
    while True:
        piece = file.read(_BLOCK_BYTES)
        if not piece:
            if not (pieces and patient and _changes(file)):
                break
            # The whole line once more: a write that failed is taken back, and another one follows.
            file.seek(offset)
            pieces = []
            continue
        end = piece.rfind(b"\n") + 1
        if not end:
            pieces.append(piece)
            continue
        data = b"".join([*pieces, piece[:end]])
        yield Block(data, number, offset)
        number += data.count(b"\n")
        offset += len(data)
        pieces = [piece[end:]] if end < len(piece) else []
    if pieces:
        yield Block(b"".join(pieces), number, offset)


def _changes(file: RawIOBase) -> bool:
    """Whether the file changes soon: a write is not one step for who reads, so one may be under way."""
    if abs(time.time() - os.fstat(file.fileno()).st_mtime) > _STALE_S:
        return False
    read, deadline = file.tell(), time.monotonic() + _WAIT_S
    while time.monotonic() < deadline:
        time.sleep(_LOOK_S)
        if os.fstat(file.fileno()).st_size != read:
            return True
    return False


def read(path: Path, *, patient: bool = True) -> Contents:
    """All tables of a journal, merged; an absent file has none; `patient` as in `blocks`. Raises OSError.

    Blank lines are nothing; every other line that cannot be read is left out and reported.
    """
    tables: RawTables = {}
    problems: list[Problem] = []
    for block in blocks(path, patient=patient):
        for line in block.lines():
            try:
                merge_line(tables, line.text)
            except UNREADABLE as error:
                problems.append(unreadable(path, line, error))
    return Contents(tables, tuple(problems))


def unreadable(path: Path, line: Line, error: Exception) -> Problem:
    """The report of a line that was left out whole."""
    why = "cut short by a write that did not end" if line.torn else f"not a line of a store ({error})"
    return Problem(path, f"{why}; left out", line.number, line.offset)


def parse(text: bytes) -> RawChanges:
    """The changes that a line makes; raises one of `UNREADABLE`."""
    return _line_decoder.decode(text)


def merge_line(tables: RawTables, text: bytes) -> None:
    """Makes a line's changes; raises one of `UNREADABLE`, and changes nothing then."""
    for name, documents in parse(text).items():
        if documents is None:
            tables.pop(name, None)
            continue
        table = tables.setdefault(name, {})
        for doc_id, document in documents.items():
            if bytes(document) == b"null":
                table.pop(doc_id, None)
            else:
                # A copy: the slice itself would keep the whole block in memory.
                table[doc_id] = document.copy()
