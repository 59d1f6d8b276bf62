"""Whether the records can be written, tried for real, and whether the newest of them can be read."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from sessiontap.doctor.findings import Finding
from sessiontap.doctor.shell import with_home
from sessiontap.errors import StoreError
from sessiontap.settings import Settings
from sessiontap.store.folders import CALLS_FILE, session_folders
from sessiontap.store.verify import Totals, verify_folder
from sessiontap.store.writable import write_and_remove

NEWEST = 5
"""How many sessions are read: those that were written to last."""


def check_store(settings: Settings) -> Iterator[Finding]:
    """Nothing where nothing is recorded yet."""
    sessions = settings.home / "sessions"
    # Not Path.is_dir, which raises where the home may not be looked into.
    if not os.path.isdir(sessions):  # noqa: PTH112
        return
    try:
        write_and_remove(sessions)
    except OSError as error:
        reason = error.strerror or str(error)
        yield Finding("problem", "writing", f"{sessions}: {reason}; calls are kept in memory only")
    try:
        newest = sorted(session_folders(settings.home), key=_written, reverse=True)[:NEWEST]
    except (StoreError, OSError) as error:
        yield Finding("problem", "records", str(error))
        return
    totals = Totals()
    damage = [
        found for folder in newest for found in verify_folder(folder, totals) if found.severity == "damage"
    ]
    lines = len({(found.path, found.line) for found in damage if found.line is not None})
    read = f"{totals.calls:,} call{'s' * (totals.calls != 1)} of the newest {len(newest)} sessions"
    verify = with_home("sessiontap verify", settings.home)
    if lines:
        said = f"{lines:,} line{'s' * (lines != 1)} in the newest {len(newest)} sessions cannot be read"
        yield Finding("warning", "records", said, verify)
    elif damage:
        yield Finding("warning", "records", f"{damage[0].path}: {damage[0].reason}", verify)
    else:
        yield Finding("ok", "records", read)


def _written(folder: Path) -> float:
    """When a session's calls were last written to; 0 where there are none."""
    try:
        return (folder / CALLS_FILE).lstat().st_mtime
    except OSError:
        return 0
