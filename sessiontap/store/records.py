"""Calls out of a journal: lines decoded straight into `Call`, and everything odd reported.

A block of lines is decoded in one go; only a block with something unreadable in it is taken apart line
by line, and such a line document by document. What cannot be read changes nothing: an earlier version of
the call stays.
"""

from __future__ import annotations

from collections import Counter
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


class _Line(msgspec.Struct, frozen=True, gc=False):
    calls: dict[str, Call | None] | UnsetType | None = UNSET


class _RawLine(msgspec.Struct, frozen=True, gc=False):
    calls: dict[str, msgspec.Raw] | UnsetType | None = UNSET


class _Stamp(msgspec.Struct, frozen=True, gc=False):
    schema: int


_line_decoder = msgspec.json.Decoder(_Line)
_raw_line_decoder = msgspec.json.Decoder(_RawLine)
_call_decoder = msgspec.json.Decoder(Call)
_stamp_decoder = msgspec.json.Decoder(_Stamp)


def read_calls(path: Path) -> Calls:
    """The calls in a `calls.jsonl`; an absent file has none. Raises OSError.

    Reported and left out: lines and documents that cannot be read, documents that stand under another
    id than their own, and records of a newer schema (one report a schema).
    """
    reader = _Reader(path)
    for block in journal.blocks(path):
        reader.feed(block)
    return reader.result()


class _Reader:
    """Folds the blocks of one journal into its calls."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._calls: dict[str, Call] = {}
        self._problems: list[journal.Problem] = []
        self._newer: Counter[int] = Counter()

    def feed(self, block: journal.Block) -> None:
        """Takes the next block; never raises."""
        if not self._feed_whole(block):
            # Some lines may have been taken already: taking them again changes nothing.
            for line in block.lines():
                self._feed_line(line)

    def result(self) -> Calls:
        """What was found so far."""
        newer = [
            journal.Problem(
                self._path,
                f"{count} record(s) of schema {schema}, and this sessiontap reads up to {SCHEMA};"
                " left out, upgrade sessiontap to read them",
            )
            for schema, count in sorted(self._newer.items())
        ]
        # One text, not a pair: `started_at` has one length, and 100,000 pairs wake the garbage collector.
        calls = sorted(self._calls.values(), key=lambda call: f"{call.started_at} {call.call_id}")
        return Calls(calls, (*self._problems, *newer))

    def _feed_whole(self, block: journal.Block) -> bool:
        """Takes all lines at once; False where something in them has to be looked at one by one."""
        try:
            lines = _line_decoder.decode_lines(block.data)
        except journal.UNREADABLE:
            return False
        # msgspec also takes two objects on a line, and one on two lines: TinyDB's view of the file does not.
        if len(lines) != block.data.count(b"\n") + (not block.data.endswith(b"\n")):
            return False
        calls = self._calls
        for line in lines:
            if isinstance(line.calls, dict):
                for call_id, call in line.calls.items():
                    if call is None:
                        calls.pop(call_id, None)
                    elif call.schema > SCHEMA or call.call_id != call_id:
                        return False
                    else:
                        calls[call_id] = call
            elif line.calls is None:
                calls.clear()
        return True

    def _feed_line(self, line: journal.Line) -> None:
        try:
            changes = _raw_line_decoder.decode(line.text)
        except journal.UNREADABLE as error:
            self._problems.append(journal.unreadable(self._path, line, error))
            return
        if changes.calls is None:
            self._calls.clear()
        elif isinstance(changes.calls, dict):
            for call_id, document in changes.calls.items():
                self._feed_document(line, call_id, document)

    def _feed_document(self, line: journal.Line, call_id: str, document: msgspec.Raw) -> None:
        if bytes(document) == b"null":
            self._calls.pop(call_id, None)
            return
        try:
            call = _call_decoder.decode(document)
            schema, fault = call.schema, f"it says call_id {call.call_id!r}" * (call.call_id != call_id)
        except journal.UNREADABLE as error:
            call, schema, fault = None, _schema(document), str(error)
        if schema > SCHEMA:
            self._newer[schema] += 1
        elif call is None or fault:
            shown = journal.printable(repr(call_id), 60)
            reason = f"call {shown} is not a record ({fault}); left out"
            self._problems.append(journal.Problem(self._path, reason, line.number, line.offset))
        else:
            self._calls[call_id] = call


def _schema(document: msgspec.Raw) -> int:
    """The schema that a document claims, or 0."""
    try:
        return _stamp_decoder.decode(document).schema
    except journal.UNREADABLE:
        return 0
