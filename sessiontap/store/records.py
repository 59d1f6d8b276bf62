"""Calls out of a journal: lines decoded straight into `Call`, and everything odd reported.

A block of lines is decoded in one go; only a block with something unreadable in it is taken apart line
by line, and such a line document by document. What cannot be read changes nothing: an earlier version of
the call stays. Who has read a journal before can go on from there.
"""

from __future__ import annotations

import os
import zlib
from collections import Counter
from collections.abc import Mapping
from io import FileIO
from pathlib import Path
from typing import NamedTuple

import msgspec
from msgspec import UNSET, UnsetType

from sessiontap.call import SCHEMA, Call
from sessiontap.store import journal


class Calls(NamedTuple):
    """The calls of one journal, the latest version of each, and what was left out."""

    calls: list[Call]
    """Ordered by `started_at`, then `call_id`."""
    problems: tuple[journal.Problem, ...]


class Stamp(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """By which a file that was written to is told from one that was not."""

    inode: int
    size: int
    mtime_ns: int


class Position(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A place between two lines of a journal."""

    offset: int = 0
    """Of the next line's first byte."""
    number: int = 1
    """Of the next line."""
    before: int = 0
    """CRC-32 of the last bytes before it: a file that has others there is not the one that was read."""


class Reading(NamedTuple):
    """What a journal says from a position on."""

    calls: dict[str, Call]
    """The latest version of each call of which there is one."""
    removed: bool
    """Whether calls were deleted: earlier ones may have been."""
    problems: tuple[journal.Problem, ...]
    """The lines and documents that were left out."""
    newer: Mapping[int, int]
    """How many records of which newer schema were left out."""
    stamp: Stamp
    """The file's, when it was opened."""
    end: Position | None
    """Behind the last whole line. None where what follows it was read too, and could be finished yet."""


class _Line(msgspec.Struct, frozen=True, gc=False):
    calls: dict[str, Call | None] | UnsetType | None = UNSET


class _RawLine(msgspec.Struct, frozen=True, gc=False):
    calls: dict[str, msgspec.Raw] | UnsetType | None = UNSET


class _Schema(msgspec.Struct, frozen=True, gc=False):
    schema: int


_line_decoder = msgspec.json.Decoder(_Line)
_raw_line_decoder = msgspec.json.Decoder(_RawLine)
_call_decoder = msgspec.json.Decoder(Call)
_schema_decoder = msgspec.json.Decoder(_Schema)

START = Position()
# A line of a call is shorter, and has its id.
_BYTES_BEFORE = 2048


def read_calls(path: Path) -> Calls:
    """The calls in a `calls.jsonl`; an absent file has none. Raises OSError.

    Reported and left out: lines and documents that cannot be read, documents that stand under another
    id than their own, and records of a newer schema (one report a schema).
    """
    reader = _Reader(path)
    for block in journal.blocks(path):
        reader.feed(block)
    # One text, not a pair: `started_at` has one length, and 100,000 pairs wake the garbage collector.
    calls = sorted(reader.calls.values(), key=lambda call: f"{call.started_at} {call.call_id}")
    return Calls(calls, (*reader.problems, *newer_problems(path, reader.newer)))


def read_from(path: Path, start: Position = START, *, patient: bool = True) -> Reading | None:
    """What was written behind a position; None where the file is not the one that had it. Raises OSError.

    `patient` waits for the end of a line that is being written, as `journal.blocks` does.
    """
    with path.open("rb", buffering=0) as file:
        found = os.fstat(file.fileno())
        if start.offset and _before(file, start.offset) != start.before:
            return None
        file.seek(start.offset)
        reader = _Reader(path)
        number, offset, unended = start.number, start.offset, b""
        for block in journal.blocks_of(file, number, offset, patient=patient):
            reader.feed(block)
            whole = block.data.rfind(b"\n") + 1
            number, offset = block.number + block.data.count(b"\n"), block.offset + whole
            unended = block.data[whole:]
        end = None if _is_line(unended) else Position(offset, number, _before(file, offset))
    stamp = Stamp(found.st_ino, found.st_size, found.st_mtime_ns)
    return Reading(reader.calls, reader.removed, tuple(reader.problems), reader.newer, stamp, end)


def newer_problems(path: Path, newer: Mapping[int, int]) -> list[journal.Problem]:
    """The reports of records that were left out because their schema is newer, one a schema."""
    return [
        journal.Problem(
            path,
            f"{count} record(s) of schema {schema}, and this sessiontap reads up to {SCHEMA};"
            " left out, upgrade sessiontap to read them",
        )
        for schema, count in sorted(newer.items())
    ]


def _is_line(text: bytes) -> bool:
    try:
        _raw_line_decoder.decode(text)
    except journal.UNREADABLE:
        return False
    return True


def _before(file: FileIO, offset: int) -> int:
    start = max(0, offset - _BYTES_BEFORE)
    file.seek(start)
    return zlib.crc32(file.read(offset - start))


class _Reader:
    """Folds the blocks of one journal into its calls."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.calls: dict[str, Call] = {}
        self.removed = False
        self.problems: list[journal.Problem] = []
        self.newer: Counter[int] = Counter()

    def feed(self, block: journal.Block) -> None:
        """Takes the next block; never raises."""
        if not self._feed_whole(block):
            # Some lines may have been taken already: taking them again changes nothing.
            for line in block.lines():
                self._feed_line(line)

    def _feed_whole(self, block: journal.Block) -> bool:
        """Takes all lines at once; False where something in them has to be looked at one by one."""
        try:
            lines = _line_decoder.decode_lines(block.data)
        except journal.UNREADABLE:
            return False
        # msgspec also takes two objects on a line, and one on two lines: TinyDB's view of the file does not.
        if len(lines) != block.data.count(b"\n") + (not block.data.endswith(b"\n")):
            return False
        calls = self.calls
        for line in lines:
            if isinstance(line.calls, dict):
                for call_id, call in line.calls.items():
                    if call is None:
                        self._drop(call_id)
                    elif call.schema > SCHEMA or call.call_id != call_id:
                        return False
                    else:
                        calls[call_id] = call
            elif line.calls is None:
                self._clear()
        return True

    def _feed_line(self, line: journal.Line) -> None:
        try:
            changes = _raw_line_decoder.decode(line.text)
        except journal.UNREADABLE as error:
            self.problems.append(journal.unreadable(self._path, line, error))
            return
        if changes.calls is None:
            self._clear()
        elif isinstance(changes.calls, dict):
            for call_id, document in changes.calls.items():
                self._feed_document(line, call_id, document)

    def _feed_document(self, line: journal.Line, call_id: str, document: msgspec.Raw) -> None:
        if bytes(document) == b"null":
            self._drop(call_id)
            return
        try:
            call = _call_decoder.decode(document)
            schema, fault = call.schema, f"it says call_id {call.call_id!r}" * (call.call_id != call_id)
        except journal.UNREADABLE as error:
            call, schema, fault = None, _schema(document), str(error)
        if schema > SCHEMA:
            self.newer[schema] += 1
        elif call is None or fault:
            shown = journal.printable(repr(call_id), 60)
            reason = f"call {shown} is not a record ({fault}); left out"
            self.problems.append(journal.Problem(self._path, reason, line.number, line.offset))
        else:
            self.calls[call_id] = call

    def _drop(self, call_id: str) -> None:
        self.removed = True
        self.calls.pop(call_id, None)

    def _clear(self) -> None:
        self.removed = True
        self.calls.clear()


def _schema(document: msgspec.Raw) -> int:
    """The schema that a document claims, or 0."""
    try:
        return _schema_decoder.decode(document).schema
    except journal.UNREADABLE:
        return 0
