"""What lies in the folders of the sessions: journals, what belongs to them, and what is none of ours.

Links are named as foreign and never followed: what keeps a store in order must not reach out of it.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sessiontap.errors import StoreError
from sessiontap.store.journal import printable
from sessiontap.store.keys import UNASSIGNED, session_key

CALLS_FILE = "calls.jsonl"
BODIES_FILE = "bodies.jsonl"

# A lock, the new file of a compaction that was killed, and what a repair has set aside.
_OURS = re.compile(r"(?P<journal>[^.].*?\.jsonl)(?:\.lock|\.[0-9a-f]{16}\.tmp|\.damaged-.+)?")


@dataclass(frozen=True, slots=True)
class Folder:
    """What one session's folder holds; each list is ordered by name."""

    path: Path
    journals: tuple[Path, ...]
    locks: tuple[Path, ...]
    others: tuple[Path, ...]
    """What killed compactions and repairs have left; it goes with its journal."""
    foreign: tuple[Path, ...]
    """Files that are not ours, links, folders."""

    def of(self, journal: str) -> Folder:
        """The same with one journal, and what belongs to it, alone."""

        def belonging(paths: tuple[Path, ...]) -> tuple[Path, ...]:
            return tuple(path for path in paths if journal_name(path.name) == journal)

        return Folder(
            self.path, belonging(self.journals), belonging(self.locks), belonging(self.others), foreign=()
        )


def journal_name(name: str) -> str | None:
    """The journal that a file in a session's folder is or belongs to; None for a foreign file."""
    found = _OURS.fullmatch(name)
    return found["journal"] if found else None


def folder_key(session_id: str | None) -> str:
    """The name of a session's folder; that of the calls without a session for None."""
    return UNASSIGNED if session_id is None else session_key(session_id)


def session_folders(home: Path) -> list[Path]:
    """The folders of all sessions, by name; none where there is no home yet.

    Raises OSError, and StoreError where the folder of all sessions is a link: it may lead anywhere.
    """
    sessions = home / "sessions"
    if sessions.is_symlink():
        message = (
            f"{printable(str(sessions), 400)} is a link, and links in the home are not followed here;"
            " move the whole home, and name it by --home or SESSIONTAP_HOME"
        )
        raise StoreError(message)
    try:
        with os.scandir(sessions) as entries:
            names = sorted(entry.name for entry in entries if entry.is_dir(follow_symlinks=False))
    except FileNotFoundError:
        return []
    return [sessions / name for name in names]


def look_into(folder: Path) -> Folder:
    """What lies in a session's folder. Raises OSError."""
    journals: list[Path] = []
    locks: list[Path] = []
    others: list[Path] = []
    foreign: list[Path] = []
    for name, is_file in _entries(folder):
        found = _OURS.fullmatch(name) if is_file else None
        if found is None:
            foreign.append(folder / name)
        elif found["journal"] == name:
            journals.append(folder / name)
        elif name == found["journal"] + ".lock":
            locks.append(folder / name)
        else:
            others.append(folder / name)
    return Folder(folder, tuple(journals), tuple(locks), tuple(others), tuple(foreign))


def _entries(folder: Path) -> Iterator[tuple[str, bool]]:
    """Each name, and whether it is a file and no link."""
    with os.scandir(folder) as entries:
        yield from sorted((entry.name, entry.is_file(follow_symlinks=False)) for entry in entries)
