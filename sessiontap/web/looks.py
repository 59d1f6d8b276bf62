"""Looks: the sessions as several pages at once see them, read at most a few times a second."""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from sessiontap.catalog import CatalogSession, LiveCatalog, Look

_FRESH_S = 0.3


class Seen(NamedTuple):
    """One look."""

    look: Look
    version: str
    """Another look has another one only where something may have changed; so has one of another server."""


class Looks:
    """Looks at a home for any number of threads. A look that is a moment old does for the next page too."""

    def __init__(self, home: Path, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._live = LiveCatalog(home)
        self._clock = clock
        self._lock = threading.Lock()
        self._look: Look | None = None
        self._at = 0.0
        self._count = 0
        # A page that was made by the server before this one knows nothing of what came between.
        self._begun = secrets.token_hex(8)

    def now(self) -> Seen:
        """The sessions as they were a moment ago. Raises StoreError where they cannot be listed."""
        with self._lock:
            if self._look is None or self._clock() - self._at > _FRESH_S:
                self._look = self._live.look()
                self._count += bool(self._look.changed or self._look.gone)
                self._at = self._clock()
            return Seen(self._look, f"{self._begun} {self._count}")

    def session(self, key: str) -> CatalogSession | None:
        """The session whose folder has that name; None where there is none."""
        return self.now().look.by_key.get(key)
