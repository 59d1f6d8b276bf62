"""NDJSON: one JSON text a line.

https://github.com/ndjson/ndjson-spec
"""

from __future__ import annotations

from sessiontap.wire.event import Event

MAX_EVENT = 64 << 20
_BLANK = b" \t\r"
_BOM = b"\xef\xbb\xbf"


class NDJSON:
    """Cuts a body into its lines, an event each; blank lines are skipped.

    A line of more than max_event bytes is dropped and counted in `dropped`; the stream goes on.
    """

    __slots__ = ("_dropping", "_first", "_line", "_max", "dropped")

    def __init__(self, *, max_event: int = MAX_EVENT) -> None:
        self._max = max_event
        # The line that has not ended yet: only new bytes are ever searched for its end.
        self._line = bytearray()
        self._first = True
        self._dropping = False
        self.dropped = 0

    def feed(self, data: bytes) -> list[Event]:
        """The events whose line end has now come."""
        end = data.rfind(b"\n") + 1
        events: list[Event] = []
        if end:
            lines = data[: end - 1].split(b"\n")
            if self._line:
                lines[0] = bytes(self._line) + lines[0]
                self._line = bytearray()
            events = self._take(lines)
        self._hold(data[end:] if end else data)
        return events

    def close(self) -> list[Event]:
        """The last line, where its line end is missing."""
        line, self._line = bytes(self._line), bytearray()
        return self._take([line])

    def _hold(self, piece: bytes) -> None:
        if self._dropping:
            return
        self._line += piece
        if len(self._line) > self._max:
            self._line = bytearray()
            self._dropping = True

    def _take(self, lines: list[bytes]) -> list[Event]:
        events: list[Event] = []
        for line in lines:
            if self._dropping or len(line) > self._max:
                self._dropping = False
                self.dropped += 1
                continue
            text = line.strip(_BLANK)
            if self._first and text:
                self._first = False
                text = text.removeprefix(_BOM)
            if text:
                events.append(Event("", text))
        return events
