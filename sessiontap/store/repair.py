"""Repairing a journal: its damaged lines taken out, whatever was whole in them kept, their bytes set aside.

They go into `<file>.damaged-<time>` beside the journal: for each line one line of JSON (see `Aside`) and
below it the line as it was. With the journal that makes the file of before the repair again.
"""

from __future__ import annotations

import time
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import IO, Self

import msgspec

from sessiontap.store import journal
from sessiontap.store.appender import LOCK_TIMEOUT_S, locked
from sessiontap.store.checks import Checked, Checker
from sessiontap.store.rewrite import new_private_file, put_in_place, replacement, to_disk
from sessiontap.times import rfc3339

_encode = msgspec.json.Encoder().encode
_REASON = 200


class Aside(msgspec.Struct, frozen=True, kw_only=True):
    """What stands above a damaged line where it was set aside."""

    line: int
    """Its number in the journal as it was, from 1."""
    offset: int
    """Its first byte in that journal."""
    bytes: int
    """Its length without its LF."""
    ended: bool
    """False for a last line without LF."""
    replaced_by: int
    """How many lines of the journal stand in its place now."""
    reason: str


class Repaired(msgspec.Struct, frozen=True, kw_only=True):
    """What a repair did."""

    path: Path
    aside: Path
    """Where the damaged lines are."""
    damaged: int
    """How many they are."""
    bytes: int
    """What they come to."""
    recovered: int
    """How many documents can be read now that could not be read before."""


def repair(path: Path, *, lock_timeout_s: float = LOCK_TIMEOUT_S) -> Repaired | None:
    """Takes the damaged lines out of a journal; None, and nothing written, where there are none.

    Every document that could be read before is there afterwards, or a later version of it that was
    recovered. Writers wait meanwhile. Raises OSError; the journal stands as it was then.
    """
    with locked(path, timeout_s=lock_timeout_s), replacement(path) as new, _AsideFile(path) as aside:
        checker = Checker(path.name)
        # Closed before the new file takes its place, as Windows needs it.
        with path.open("rb", buffering=0) as file:
            recovered = sum(_copy(block, checker, new, aside) for block in journal.blocks_of(file))
        if not aside.lines:
            return None
        to_disk(new)
        # From here on it stays, whatever happens to the journal.
        aside.keep()
        put_in_place(new, path)
        return Repaired(
            path=path, aside=aside.path, damaged=aside.lines, bytes=aside.bytes, recovered=recovered
        )


def _copy(block: journal.Block, checker: Checker, new: IO[bytes], aside: _AsideFile) -> int:
    """Writes what is good of a block, and sets the rest aside; gives how many documents were recovered."""
    if checker.whole(block):
        new.write(block.data)
        return 0
    recovered = 0
    for line in block.lines(blank=True):
        checked = checker.check(line) if line.text.strip() else Checked()
        if checked.kept is None:
            new.write(line.text if line.torn else line.text + b"\n")
        else:
            aside.add(line, checked)
            new.writelines(checked.kept)
            recovered += checked.recovered
    return recovered


class _AsideFile:
    """The file of damaged lines: made with the first of them, and removed again unless it is kept."""

    def __init__(self, journal_path: Path) -> None:
        stamp = rfc3339(time.time()).replace(":", "-")
        self.path = journal_path.with_name(f"{journal_path.name}.damaged-{stamp}")
        self.lines = 0
        self.bytes = 0
        self._file: IO[bytes] | None = None
        self._kept = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file is not None and not self._kept:
            with suppress(OSError):
                self._file.close()
            self.path.unlink()

    def add(self, line: journal.Line, checked: Checked) -> None:
        """Writes one line, with what is to be known of it."""
        if self._file is None:
            self._file = new_private_file(self.path)
        about = Aside(
            line=line.number,
            offset=line.offset,
            bytes=len(line.text),
            ended=not line.torn,
            replaced_by=len(checked.kept or ()),
            reason=journal.printable("; ".join(fault.reason for fault in checked.faults), _REASON),
        )
        self._file.write(_encode(about) + b"\n" + line.text + b"\n")
        self.lines += 1
        self.bytes += len(line.text)

    def keep(self) -> None:
        """Has everything on the disk, for good."""
        assert self._file is not None
        to_disk(self._file)
        self._file.close()
        self._kept = True
