"""SSE: server-sent events, by the WHATWG's rules for reading an event stream.

https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation
"""

from __future__ import annotations

from sessiontap.wire.event import Event

MAX_EVENT = 64 << 20
_BOM = b"\xef\xbb\xbf"
_CR, _LF = b"\r\n"


class SSE:
    """Cuts an event stream into events: name and data; `id` and `retry` are ignored.

    Data stays bytes, valid UTF-8 or not. An event of more than max_event bytes (counting its data and
    any one line) is dropped to its end and counted in `dropped`; the stream goes on.
    """

    __slots__ = ("_after_cr", "_data", "_dropping", "_first", "_line", "_max", "_name", "_size", "dropped")

    def __init__(self, *, max_event: int = MAX_EVENT) -> None:
        self._max = max_event
        # The line that has not ended yet: only new bytes are ever searched for its end.
        self._line = bytearray()
        self._after_cr = False
        self._first = True
        self._name = ""
        self._data: list[bytes] = []
        self._size = 0
        self._dropping = False
        self.dropped = 0

    def feed(self, data: bytes) -> list[Event]:
        """The events whose final blank line has now come."""
        if self._after_cr and data:
            self._after_cr = False
            if data[0] == _LF:
                data = data[1:]
        end = max(data.rfind(b"\n"), data.rfind(b"\r")) + 1
        if end == 0:
            self._hold(data)
            return []
        self._after_cr = end == len(data) and data[-1] == _CR
        complete = data[:end]
        if self._line:
            complete = bytes(self._line) + complete
            self._line = bytearray()
        events = self._take(complete.splitlines())
        self._hold(data[end:])
        return events

    def close(self) -> list[Event]:
        """The last event where its final blank line is missing.

        A last line without a line end counts where it is a data line: a JSON text that was cut is never
        mistaken for a whole one. Half of any other line is left out.
        """
        line, self._line = bytes(self._line), bytearray()
        return self._take([line, b""] if line.removeprefix(_BOM).startswith(b"data") else [b""])

    def _hold(self, piece: bytes) -> None:
        line = self._line
        line += piece
        if line.startswith(b":"):
            del line[1:]
        elif self._size + len(line) > self._max:
            self._drop()
            # The rest of the line is as good as a comment.
            line[:] = b":"

    def _drop(self) -> None:
        self.dropped += not self._dropping
        self._dropping = True
        self._data = []
        self._size = 0

    def _take(self, lines: list[bytes]) -> list[Event]:
        """The events that these whole lines, without their ends, complete."""
        if self._first:
            self._first = False
            lines[0] = lines[0].removeprefix(_BOM)
        events: list[Event] = []
        for line in lines:
            if not line:
                if self._data:
                    data = self._data
                    events.append(Event(self._name, data[0] if len(data) == 1 else b"\n".join(data)))
                    self._data = []
                self._name = ""
                self._size = 0
                self._dropping = False
            elif not self._dropping and not line.startswith(b":"):
                self._field(line)
        return events

    def _field(self, line: bytes) -> None:
        if self._size + len(line) > self._max:
            self._drop()
        elif line.startswith(b"data: "):
            self._size += len(line)
            self._data.append(line[6:])
        elif line.startswith(b"data:") or line == b"data":
            self._size += len(line)
            self._data.append(line[5:])
        elif line.startswith(b"event:") or line == b"event":
            self._name = line[6:].removeprefix(b" ").decode("utf-8", "replace")
