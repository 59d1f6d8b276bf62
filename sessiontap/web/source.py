"""Source: what the pages of a home are made from, handed to each group of them."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from pathlib import Path

from sessiontap.store.notes import Notes
from sessiontap.web.looks import Looks
from sessiontap.web.opened import OpenSessions


@dataclass(frozen=True, slots=True)
class Source:
    """One home. For any number of threads."""

    home: Path
    looks: Looks
    notes: Notes
    opened: OpenSessions
    stopping: threading.Event = field(default_factory=threading.Event)
    """Set when the server ends: no page waits any more."""


def source_of(home: Path) -> Source:
    """The source of a home's pages; nothing is read yet."""
    return Source(home, Looks(home), Notes(home), OpenSessions(home))
