"""A journal's lines looked at one by one: what a reader can use of each, and what is wrong with the rest.

A call that `read_calls` reads is never given up, and no more is taken out of a damaged line than was
certainly written as it stands there.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

import msgspec

from sessiontap.call import SCHEMA, Call, encode
from sessiontap.store import journal
from sessiontap.store.body_lines import SCHEMA as BODIES_SCHEMA
from sessiontap.store.folders import BODIES_FILE, CALLS_FILE
from sessiontap.store.tinydb_storage import CALLS_TABLE

FaultKind: TypeAlias = Literal["torn", "unreadable", "not-utf-8", "no-record", "other-id"]

_MARK = f'{{"{CALLS_TABLE}":{{'
# A line that begins to be ours again and again is no accident; each try may read the rest of it.
_MOST_TRIES = 64
_SHOWN = 60
_BODIES_TABLE = "bodies"
# What msgspec says of a text that ends too early: a torn line that an append has sealed.
_TRUNCATED = "Input data was truncated"


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong with a line."""

    kind: FaultKind
    reason: str
    """Fit to be shown: it quotes nothing of the line but the ids of documents, made printable."""


@dataclass(frozen=True, slots=True)
class Checked:
    """What a line is worth."""

    faults: tuple[Fault, ...] = ()
    kept: tuple[bytes, ...] | None = None
    """The lines to stand in its place, each with its LF; None where it is as it should be."""
    recovered: int = 0
    """How many documents in `kept` no reader found in the line as it is."""


class _CallsOnly(msgspec.Struct, frozen=True, gc=False):
    calls: dict[str, msgspec.Raw] | None


class _Stamp(msgspec.Struct, frozen=True, gc=False):
    schema: int


class _WholeLine(msgspec.Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    calls: dict[str, Call | None]


_calls_only = msgspec.json.Decoder(_CallsOnly)
_whole_lines = msgspec.json.Decoder(_WholeLine)
_call = msgspec.json.Decoder(Call)
_stamp = msgspec.json.Decoder(_Stamp)
_any = msgspec.json.Decoder()
_structure = json.JSONDecoder()
_blank = re.compile(r"[ \t\r]*")


@dataclass(slots=True)
class Checker:
    """Checks the lines of one journal in order, and counts what it finds."""

    journal_name: str
    """The name of the file; the table of calls in a `calls.jsonl` must hold records."""
    lines: int = 0
    """Those that are not blank."""
    newer: dict[int, int] = field(default_factory=dict)
    """How many records of each newer schema."""
    documents: dict[str, set[str]] = field(default_factory=dict)
    """By table, the ids of all that are there after the last line, the newer ones not among them."""
    sessions: set[str | None] = field(default_factory=set)
    """The session ids that its calls have."""

    @property
    def calls(self) -> int:
        """How many calls it holds; 0 for a journal of something else."""
        return len(self.documents.get(CALLS_TABLE, ())) if self.of_calls else 0

    @property
    def schema(self) -> int:
        """The newest schema of its records that this version reads."""
        return SCHEMA if self.of_calls else BODIES_SCHEMA

    @property
    def of_calls(self) -> bool:
        """Whether it is the journal of a session's calls."""
        return self.journal_name == CALLS_FILE

    def whole(self, block: journal.Block) -> bool:
        """Takes a block of nothing but good calls at once; False where its lines are to be checked singly."""
        if not self.of_calls:
            return False
        try:
            # msgspec does not look into texts that nobody asks for.
            block.data.decode()
            lines = _whole_lines.decode_lines(block.data)
        except journal.UNREADABLE:
            return False
        # See `records`: msgspec also takes two objects on a line.
        if len(lines) != block.data.count(b"\n") + (not block.data.endswith(b"\n")):
            return False
        for line in lines:
            for call_id, call in line.calls.items():
                if call is not None and (call.schema > SCHEMA or call.call_id != call_id):
                    return False
        # Only now: a block that is given back is checked again.
        there = self.documents.setdefault(CALLS_TABLE, set())
        for line in lines:
            for call_id, call in line.calls.items():
                if call is None:
                    there.discard(call_id)
                else:
                    there.add(call_id)
                    self.sessions.add(call.session_id)
        self.lines += len(lines)
        return True

    def check(self, line: journal.Line) -> Checked:
        """What the next line is worth; never raises."""
        self.lines += 1
        try:
            changes = journal.parse(line.text)
        except journal.UNREADABLE as error:
            return self._damaged(line, error)
        good, faults = self._documents(changes)
        self._take(good)
        return Checked(tuple(faults), _written(good)) if faults else Checked()

    def _damaged(self, line: journal.Line, error: Exception) -> Checked:
        if self.of_calls:
            try:
                # What else stands in the line does not keep a reader from the calls in it.
                calls = _calls_only.decode(line.text).calls
            except journal.UNREADABLE:
                pass
            else:
                good, faults = self._documents({CALLS_TABLE: calls})
                self._take(good)
                return Checked((_unreadable(line, error), *faults), _written(good))
        pieces = self._pieces(line.text)
        found = sum(len(documents or ()) for piece in pieces for documents in piece.values())
        return Checked((_unreadable(line, error),), tuple(map(journal.changes_line, pieces)), found)

    def _documents(self, changes: journal.RawChanges) -> tuple[journal.RawChanges, list[Fault]]:
        """The documents that can be read, and what is wrong with the others."""
        good: journal.RawChanges = {}
        faults: list[Fault] = []
        for table, documents in changes.items():
            if documents is None:
                good[table] = None
                continue
            left: dict[str, msgspec.Raw] = {}
            for doc_id, document in documents.items():
                fault, kept = self._document(table, doc_id, document)
                if fault is not None:
                    faults.append(fault)
                if kept is not None:
                    left[doc_id] = kept
            if left or not documents:
                good[table] = left
        return good, faults

    def _document(
        self, table: str, doc_id: str, document: msgspec.Raw
    ) -> tuple[Fault | None, msgspec.Raw | None]:
        """What is wrong with a document, and what is to be kept of it."""
        raw = bytes(document)
        shown = f"{'call' if table == CALLS_TABLE else 'document'} {journal.printable(repr(doc_id), _SHOWN)}"
        if raw == b"null":
            return None, document
        try:
            raw.decode()
            not_text = None
        except UnicodeDecodeError as error:
            not_text = Fault("not-utf-8", f"{shown} is not UTF-8 ({error.reason})")
        if not (self.of_calls and table == CALLS_TABLE):
            fault = not_text or _not_a_document(raw, shown)
            if fault is None and self.journal_name == BODIES_FILE and table == _BODIES_TABLE:
                self._count_newer(_schema(document))
            return fault, None if fault else document
        try:
            call = _call.decode(document)
        except journal.UNREADABLE as error:
            schema = _schema(document)
            if schema > SCHEMA and not_text is None:
                self._count_newer(schema)
                return None, document
            return not_text or Fault("no-record", f"{shown} is not a record ({error})"), None
        if call.schema > SCHEMA:
            if not_text is None:
                self._count_newer(call.schema)
            return not_text, None if not_text else document
        if call.call_id != doc_id:
            said = journal.printable(repr(call.call_id), _SHOWN)
            return Fault("other-id", f"{shown} says that its id is {said}"), None
        self.sessions.add(call.session_id)
        # The bytes that are no text stand where this version does not look: the record is whole without them.
        return not_text, msgspec.Raw(encode(call)) if not_text else document

    def _count_newer(self, schema: int) -> None:
        if schema > self.schema:
            self.newer[schema] = self.newer.get(schema, 0) + 1

    def _pieces(self, text: bytes) -> list[journal.RawChanges]:
        """The whole lines in a line that is none: what was certainly written, and nothing where in doubt.

        What stands at the line's start was written as it stands; what follows was only where it is a call,
        because a record says itself under which id it stands. Nothing is taken that deletes something.
        """
        shown = text.decode("latin-1")  # a character a byte
        found: list[journal.RawChanges] = []
        for start, end in _objects(shown, anywhere=self.of_calls):
            try:
                changes = journal.parse(text[start:end])
            except journal.UNREADABLE:
                if self.of_calls:
                    continue
                break
            if any(
                documents is None or any(bytes(document) == b"null" for document in documents.values())
                for documents in changes.values()
            ):
                return []
            good, _ = self._documents(changes)
            if any(good.values()):
                found.append(good)
        return found

    def _take(self, changes: journal.RawChanges) -> None:
        for table, documents in changes.items():
            if documents is None:
                self.documents.pop(table, None)
                continue
            there = self.documents.setdefault(table, set())
            records = self.of_calls and table == CALLS_TABLE
            for doc_id, document in documents.items():
                if bytes(document) == b"null":
                    there.discard(doc_id)
                elif not (records and self.newer and _schema(document) > SCHEMA):
                    there.add(doc_id)


def _objects(text: str, *, anywhere: bool) -> Iterator[tuple[int, int]]:
    """Where whole JSON objects stand in a text, one after the other."""
    position = 0
    for _ in range(_MOST_TRIES):
        start = _after_blanks(text, position)
        try:
            _, position = _structure.raw_decode(text, start)
        except (ValueError, RecursionError):
            if not anywhere:
                return
            position = text.find(_MARK, start + 1)
            if position < 0:
                return
        else:
            yield start, position
        if position >= len(text):
            return


def _after_blanks(text: str, position: int) -> int:
    found = _blank.match(text, position)
    return found.end() if found else position


def _not_a_document(raw: bytes, shown: str) -> Fault | None:
    try:
        found = _any.decode(raw)
    except journal.UNREADABLE:
        # Numbers of any size are JSON too.
        try:
            journal.loads(raw)
        except journal.UNREADABLE as error:
            return Fault("no-record", f"{shown} cannot be read ({error})")
        return None
    if not isinstance(found, dict):
        return Fault("no-record", f"{shown} is no object")
    return None


def _unreadable(line: journal.Line, error: Exception) -> Fault:
    if not line.text.strip(b"\0"):
        return Fault("unreadable", "zero bytes, as a machine that lost power leaves them")
    if line.torn or str(error) == _TRUNCATED:
        return Fault("torn", "cut short by a write that did not end")
    try:
        line.text.decode()
    except UnicodeDecodeError as undecodable:
        return Fault("not-utf-8", f"not UTF-8 at byte {undecodable.start} ({undecodable.reason})")
    return Fault("unreadable", f"not a line of a store ({error})")


def _written(changes: journal.RawChanges) -> tuple[bytes, ...]:
    """The lines that make the changes; none where they make none."""
    return (journal.changes_line(changes),) if changes else ()


def _schema(document: msgspec.Raw) -> int:
    try:
        return _stamp.decode(document).schema
    except journal.UNREADABLE:
        return 0
