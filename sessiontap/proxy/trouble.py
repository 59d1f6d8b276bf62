"""Trouble: what the log says of a store that cannot be written: one line as it begins, one as it ends."""

from __future__ import annotations

import logging
import threading

from sessiontap.errors import StoreError

logger = logging.getLogger(__name__)

MOST_RECORDS = 10_000
"""How many records of calls wait in memory while the store cannot be written; then the oldest are lost."""

MOST_BODY_BYTES = 128 * 1024 * 1024
"""How much of requests and replies waits in memory while they cannot be stored; then the oldest are lost."""


class Trouble:
    """The trouble of all who write into one home, told as one. For use by several threads."""

    def __init__(self, *, most_records: int = MOST_RECORDS, most_body_bytes: int = MOST_BODY_BYTES) -> None:
        self._bounds = (
            f"at most {most_records:,} records of calls and {most_body_bytes / 1024**2:,.0f} MiB"
            " of requests and replies, beyond that the oldest are lost"
        )
        self._mutex = threading.Lock()
        self._among: set[str] = set()
        self._what: str | None = None
        self._written = 0
        self._lost = 0

    @property
    def current(self) -> str | None:
        """What is wrong now, as the log said it; None where everything is written."""
        with self._mutex:
            return self._what

    def refused(self, who: str, error: StoreError) -> None:
        """The store does not take what `who` gives it: it is tried again."""
        self.begins(
            who,
            f"not everything can be recorded for now: {error}. Traffic goes on; what is to be recorded waits"
            f" in memory and is written as soon as that is possible ({self._bounds})",
        )

    def begins(self, who: str, what: str) -> None:
        """`who` cannot write; the first one's line says what is wrong."""
        with self._mutex:
            first = not self._among
            self._among.add(who)
            if first:
                self._what = what
        if first:
            logger.warning("sessiontap: %s", what)

    def ends(self, who: str, *, written: int, lost: int) -> None:
        """`who` can write again; the last one's line counts what became of all that waited."""
        with self._mutex:
            if who not in self._among:
                return
            self._among.discard(who)
            self._written += written
            self._lost += lost
            if self._among:
                return
            self._what = None
            written, self._written = self._written, 0
            lost, self._lost = self._lost, 0
        logger.warning("sessiontap: recording again; of what waited, %d written, %d lost", written, lost)
