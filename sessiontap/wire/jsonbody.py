"""JSONBody: a body that is one JSON text, given as one event at its end.

A body of up to 1 MiB is given as it came. A larger one is given shortened by `Elider` (strings and
lists of numbers of more than 4 KiB are cut to their first bytes), so that the usage behind a hundred
megabytes of images or embeddings is still read; at most 32 MiB of that are kept.
"""

from __future__ import annotations

from sessiontap.errors import WireError
from sessiontap.wire.elide import Elider
from sessiontap.wire.event import Event

MAX_WHOLE = 1 << 20
MAX_KEPT = 32 << 20
# Enough at once that the work of a feed does not show, little enough that it delays nobody.
_BATCH = 1 << 16


class JSONBody:
    """Collects one JSON text; see the module for what a large one loses.

    Where more than max_kept bytes are left after shortening, feed (or close, where the last bytes made
    it so) raises WireError once; later bytes are ignored, and close gives nothing.
    """

    dropped = 0
    """A body is one event, and is refused where it is too large."""

    __slots__ = ("_batch", "_done", "_elider", "_kept", "_max_kept", "_max_whole", "_whole")

    def __init__(self, *, max_whole: int = MAX_WHOLE, max_kept: int = MAX_KEPT) -> None:
        self._max_whole = max_whole
        self._max_kept = max_kept
        # Both are built from the start, so that growing past max_whole costs no feed more than another.
        self._whole: bytearray | None = bytearray()
        self._kept = bytearray()
        self._elider = Elider()
        self._batch = bytearray()
        self._done = False

    def feed(self, data: bytes) -> list[Event]:
        """Nothing: the event comes at the end. Raises WireError once where too much would be kept."""
        if self._done:
            return []
        if self._whole is not None:
            if len(self._whole) + len(data) > self._max_whole:
                self._whole = None
            else:
                self._whole += data
        for start in range(0, len(data), _BATCH):
            self._batch += data[start : start + _BATCH]
            if len(self._batch) >= _BATCH:
                self._shorten()
        return []

    def close(self) -> list[Event]:
        """The body; nothing where it was blank or refused."""
        if self._done:
            return []
        if self._whole is None:
            self._shorten()
            body = bytes(self._kept + self._elider.close())
        else:
            body = bytes(self._whole)
        self._end()
        return [] if body.isspace() or not body else [Event("", body)]

    def _shorten(self) -> None:
        self._kept += self._elider.feed(bytes(self._batch))
        self._batch.clear()
        if len(self._kept) > self._max_kept:
            self._end()
            message = f"more than {self._max_kept} bytes of JSON besides long strings and lists of numbers"
            raise WireError(message)

    def _end(self) -> None:
        """Lets go of the bytes, and of all that may still come."""
        self._done = True
        self._whole = None
        self._batch = bytearray()
        self._kept = bytearray()
