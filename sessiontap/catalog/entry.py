"""Entry: what the catalogue keeps of one session, and how it is brought up to date from the journal."""

from __future__ import annotations

import sys
import zlib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import msgspec

from sessiontap import __version__
from sessiontap.call import SCHEMA, Call
from sessiontap.sessions.answers import Extent, extent_of
from sessiontap.sessions.fold import Fold, Group, ModelPart
from sessiontap.sessions.rollup import SessionSummary
from sessiontap.sessions.state import SessionState, Settle
from sessiontap.store.folders import CALLS_FILE, folder_key
from sessiontap.store.journal import Problem
from sessiontap.store.records import START, Position, Reading, Stamp, newer_problems, read_from
from sessiontap.usage import Usage

MOST_PROBLEMS = 100
"""How many lines that cannot be read are named a session; the others are counted."""

_FORMAT = 3


class LeftOut(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A line, or a record in it, that could not be read."""

    reason: str
    line: int | None
    offset: int | None


class Row(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A session at a glance."""

    totals: SessionSummary
    """Without its models and paths."""
    extent: Extent


class Entry(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One session as far as its journal was read. The state stays packed until it is asked for."""

    key: str
    stamp: Stamp
    end: Position | None
    row: Row | None
    """None where there are calls under way, whose figures change by themselves, or no calls at all."""
    left_out: tuple[LeftOut, ...]
    more_left_out: int
    newer: dict[int, int]
    state: msgspec.Raw

    def problems(self, path: Path) -> Iterator[Problem]:
        """What was left out of the journal, as the store reports it."""
        for each in self.left_out:
            yield Problem(path, each.reason, each.line, each.offset)
        if self.more_left_out:
            yield Problem(path, f"{self.more_left_out:,} more lines or records cannot be read; left out")
        yield from newer_problems(path, self.newer)


_encode = msgspec.json.Encoder().encode
decode_entry = msgspec.json.Decoder(Entry).decode
_text_decoder = msgspec.json.Decoder(bytes)
_state_decoder = msgspec.msgpack.Decoder(SessionState)
# Says the same again and again, and so becomes a fifth of its size even at the fastest level.
_LEVEL = 1


def pack(state: SessionState) -> msgspec.Raw:
    """A state as it is kept: small, and passed over fast by whoever needs only the row."""
    return msgspec.Raw(_encode(zlib.compress(msgspec.msgpack.encode(state), _LEVEL)))


def unpack(raw: msgspec.Raw) -> SessionState:
    """The state that was packed."""
    return _state_decoder.decode(zlib.decompress(_text_decoder.decode(raw)))


def form() -> str:
    """What the meaning of stored entries depends on: another version, record or machine makes them anew."""
    fields = [
        struct.__struct_fields__
        for struct in (Call, Usage, Fold, Group, ModelPart, SessionState, SessionSummary, Extent, Entry)
    ]
    return f"{_FORMAT} {SCHEMA} {__version__} {sys.byteorder} {zlib.crc32(repr(fields).encode()):08x}"


def row_of(state: SessionState, settle: Settle) -> Row:
    """The row of a session that has a call."""
    return Row(state.totals(settle), extent_of(state))


def updated(folder: Path, key: str, known: Entry | None) -> bytes:
    """The entry, as JSON, for a session whose journal has changed since `known`. Raises OSError.

    Only what is new is read, unless it changes what was counted already or the file is another one.
    """
    path = folder / key / CALLS_FILE
    if known is not None and known.end is not None:
        # The inode is looked at again: the file may have been replaced since its stamp was taken.
        reading = read_from(path, known.end)
        if reading is not None and reading.stamp.inode == known.stamp.inode and not reading.removed:
            state = unpack(known.state).with_calls(reading.calls.values())
            if state is not None:
                return _encoded(key, reading, state, known)
    reading = read_from(path, START)
    assert reading is not None, "a file is always one that begins"
    state = SessionState().with_calls(reading.calls.values())
    assert state is not None, "nothing had ended before"
    return _encoded(key, reading, state, None)


def _encoded(key: str, reading: Reading, state: SessionState, known: Entry | None) -> bytes:
    row = None
    if state and not state.under_way and folder_key(state.session_id) == key:
        row = row_of(state, lambda call: call)
    left_out = [LeftOut(problem.reason, problem.line, problem.offset) for problem in reading.problems]
    more, newer = 0, Counter(reading.newer)
    if known is not None and known.end is not None:
        # A last line that was cut short has been read again.
        start = known.end.offset
        left_out[:0] = [each for each in known.left_out if each.offset is None or each.offset < start]
        more = known.more_left_out
        newer.update(known.newer)
    return _encode(
        Entry(
            key=key,
            stamp=reading.stamp,
            end=reading.end,
            row=row,
            left_out=tuple(left_out[:MOST_PROBLEMS]),
            more_left_out=more + max(0, len(left_out) - MOST_PROBLEMS),
            newer=dict(newer),
            state=pack(state),
        )
    )
