"""Compacting a session: each of its journals rewritten with one line a document, where nothing can be lost.

A journal with a line or a record that this version cannot read is left as it is: an earlier version of the
record, which can be read, would be gone.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from sessiontap.store.appender import LOCK_TIMEOUT_S
from sessiontap.store.body_checks import without_unused_parts
from sessiontap.store.folders import BODIES_FILE, look_into
from sessiontap.store.journal import printable
from sessiontap.store.rewrite import Reachable, compact
from sessiontap.store.verify import Finding, Totals, verify_journal

REACHABLE: Mapping[str, Reachable] = MappingProxyType({BODIES_FILE: without_unused_parts})
"""By the name of a journal: which of its documents are still used. All are, where it has no line here."""

OLD_S = 86_400
"""After so many seconds the new file of a rewrite is left over by one that was killed."""


@dataclass(frozen=True, slots=True)
class Shrunk:
    """What became of one journal."""

    path: Path
    bytes_before: int
    bytes_after: int
    skipped: str = ""
    """Why it was left as it is, although there may be something to gain; one line fit to be shown."""
    failed: bool = False
    """True where it could not be rewritten."""


def compact_folder(
    folder: Path,
    *,
    reachable: Mapping[str, Reachable] = REACHABLE,
    lock_timeout_s: float = LOCK_TIMEOUT_S,
) -> Iterator[Shrunk]:
    """Compacts the journals of one session, one after the other; never raises for what it finds."""
    try:
        files = look_into(folder)
    except FileNotFoundError:
        return  # another command has removed it
    except OSError as error:
        yield _failed(folder, error)
        return
    for path in files.others:
        if path.suffix == ".tmp" and time.time() - path.lstat().st_mtime > OLD_S:
            with suppress(OSError):
                path.unlink()
    for path in files.journals:
        try:
            yield _compact(path, reachable.get(path.name), lock_timeout_s)
        except FileNotFoundError:
            continue
        except OSError as error:
            yield _failed(path, error)


def _compact(path: Path, reachable: Reachable | None, lock_timeout_s: float) -> Shrunk:
    size = path.stat().st_size
    because = _unreadable(list(verify_journal(path, Totals())))
    if because:
        return Shrunk(path, size, size, because)
    done = compact(path, reachable=reachable, lock_timeout_s=lock_timeout_s)
    return Shrunk(path, done.bytes_before, done.bytes_after)


def _unreadable(findings: list[Finding]) -> str:
    lines = {finding.line for finding in findings if finding.line is not None}
    if lines:
        return f"{len(lines)} damaged line(s); `sessiontap verify --repair` sets them aside"
    if any(finding.kind == "newer-schema" for finding in findings):
        return "holds records of a newer sessiontap; left to that one"
    for finding in findings:
        if finding.kind == "unreadable-file":
            return finding.reason
    return ""


def _failed(path: Path, error: OSError) -> Shrunk:
    reason = f"cannot be compacted: {printable(error.strerror or str(error))}"
    return Shrunk(path, 0, 0, reason, failed=True)
