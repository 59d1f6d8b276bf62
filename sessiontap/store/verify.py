"""Verifying a store: every line of every journal read, and everything named that is not as it should be.

Reads only, takes no lock that a writer would wait for, and never raises for what it finds.
"""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from io import RawIOBase
from pathlib import Path
from typing import Literal, TypeAlias

from sessiontap.store import journal
from sessiontap.store.appender import wait_for_writer
from sessiontap.store.body_checks import broken_bodies
from sessiontap.store.checks import Checker, FaultKind
from sessiontap.store.folders import BODIES_FILE, Folder, folder_key, look_into

Kind: TypeAlias = (
    FaultKind
    | Literal[
        "broken-body",
        "wrong-folder",
        "unreadable-file",
        "newer-schema",
        "permissions",
        "foreign",
        "left-over",
    ]
)
Severity: TypeAlias = Literal["damage", "warning", "note"]

_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_DAY_S = 86_400
_SHOWN = 60
_REASON = 200


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is not as it should be."""

    severity: Severity
    """`damage`: something cannot be read. `warning`: all can be read. `note`: nothing is wrong with it."""
    kind: Kind
    path: Path
    reason: str
    """One line fit to be shown."""
    line: int | None = None
    """Counted from 1; None where the whole file is meant."""
    offset: int | None = None
    """The line's first byte in the file."""
    bytes: int | None = None
    """The line's length without its LF."""


@dataclass(slots=True)
class Totals:
    """What was read, and what was found."""

    files: int = 0
    lines: int = 0
    """Those that are not blank."""
    calls: int = 0
    bytes: int = 0
    damaged: int = 0
    """How many findings are damage."""
    warnings: int = 0


def verify_folder(folder: Path, totals: Totals) -> Iterator[Finding]:
    """What is found in one session's folder, file by file, by line; adds to the totals."""
    try:
        found = look_into(folder)
    except OSError as error:
        yield _counted(totals, _unreadable(folder, error))
        return
    for finding in _about_files(found):
        yield _counted(totals, finding)
    for path in found.journals:
        for finding in verify_journal(path, totals):
            yield _counted(totals, finding)


def verify_journal(path: Path, totals: Totals) -> Iterator[Finding]:
    """What is found in one journal, by line; adds to the totals what was read, not what was found."""
    checker = Checker(path.name)
    totals.files += 1
    try:
        with path.open("rb", buffering=0) as file:
            yield from _lines(path, file, checker)
            totals.bytes += file.tell()
        if path.name == BODIES_FILE:
            yield from _broken_bodies(path)
    except OSError as error:
        yield _unreadable(path, error)
    totals.lines += checker.lines
    totals.calls += checker.calls
    for schema, count in sorted(checker.newer.items()):
        reason = (
            f"{count} record(s) of schema {schema}, and this sessiontap reads up to {checker.schema};"
            " upgrade sessiontap to read them"
        )
        yield Finding("note", "newer-schema", path, reason)
    yield from _wrong_folder(path, checker)


def _lines(path: Path, file: RawIOBase, checker: Checker) -> Iterator[Finding]:
    for block in _settled(path, file):
        if checker.whole(block):
            continue
        for line in block.lines():
            checked = checker.check(line)
            more = f"; {checked.recovered} document(s) in it can be recovered" if checked.recovered else ""
            for fault in checked.faults:
                reason = journal.printable(fault.reason, _REASON) + more
                yield Finding("damage", fault.kind, path, reason, line.number, line.offset, len(line.text))


def _settled(
    path: Path, file: RawIOBase, number: int = 1, offset: int = 0, before: bytes = b""
) -> Iterator[journal.Block]:
    """The blocks of a file, the last of them as it stands when no append is under way."""
    for block in journal.blocks_of(file, number, offset):
        if block.data.endswith(b"\n") or block.data == before:
            yield block
            continue
        # Where the lock may not be touched, nobody of this user is writing.
        with suppress(OSError):
            wait_for_writer(path)
        file.seek(block.offset)
        yield from _settled(path, file, block.number, block.offset, block.data)


def _broken_bodies(path: Path) -> Iterator[Finding]:
    for call_id, why in broken_bodies(journal.read(path).tables):
        reason = f"what call {journal.printable(repr(call_id), _SHOWN)} sent or got cannot be joined: {why}"
        yield Finding("damage", "broken-body", path, journal.printable(reason, _REASON))


def _about_files(found: Folder) -> Iterator[Finding]:
    """What the files' names and modes say, unread."""
    for path in (found.path, *found.journals, *found.locks, *found.others):
        try:
            about = path.lstat()
        except FileNotFoundError:
            continue  # a proxy or a command has taken it away
        if os.name == "posix" and about.st_mode & _OTHERS:
            reason = f"others may look into it; chmod {'700' if path == found.path else '600'} it"
            yield Finding("warning", "permissions", path, reason)
        if path.suffix == ".tmp" and time.time() - about.st_mtime > _DAY_S:
            reason = "left over by a rewrite that was killed; `sessiontap compact` removes it"
            yield Finding("warning", "left-over", path, reason)
    for path in found.foreign:
        yield Finding("note", "foreign", path, "not sessiontap's; not looked into")


def _wrong_folder(path: Path, checker: Checker) -> Iterator[Finding]:
    elsewhere = {
        session_id: key
        for session_id in checker.sessions
        if (key := folder_key(session_id)) != path.parent.name
    }
    for session_id, key in sorted(elsewhere.items(), key=lambda item: item[1]):
        shown = (
            "no session" if session_id is None else f"session {journal.printable(repr(session_id), _SHOWN)}"
        )
        reason = f"holds calls of {shown}, whose folder is {key}: they are not listed; move it there or away"
        yield Finding("damage", "wrong-folder", path, reason)


def _unreadable(path: Path, error: OSError) -> Finding:
    reason = journal.printable(error.strerror or str(error), _REASON)
    return Finding("damage", "unreadable-file", path, f"cannot be read: {reason}")


def _counted(totals: Totals, finding: Finding) -> Finding:
    totals.damaged += finding.severity == "damage"
    totals.warnings += finding.severity == "warning"
    return finding
