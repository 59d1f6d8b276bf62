"""SSEFilter: passes a stream of server-sent events on, each event as it is, edited, or not at all.

https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation
"""

from __future__ import annotations

import re
from collections.abc import Callable

MAX_EVENT = 1 << 20
_LINE_END = re.compile(rb"\r\n|\r|\n")
_DATA = b"data:"
_COLON = ord(":")

Edit = Callable[[bytes], bytes | None]
"""Takes an event's data; gives it back, as it was or edited, or None for an event that must not go on."""


class SSEFilter:
    """Edits the data of one event stream; every byte besides goes on as it came.

    An event goes on as soon as its blank line has come, a comment before it as soon as its line has. Events
    with several lines of data go on as they are. One of more than `max_event` bytes makes the filter rest:
    it and all that follows go on unchanged. The result does not depend on how the bytes are cut.
    """

    __slots__ = ("_after_cr", "_dropped", "_edit", "_held", "_line", "_max", "_resting")

    def __init__(self, edit: Edit, *, max_event: int = MAX_EVENT) -> None:
        self._edit = edit
        self._max = max_event
        # The event that has not ended yet, and where in it the line begins that has not.
        self._held = b""
        self._line = 0
        self._after_cr = False
        self._dropped = False
        self._resting = False

    def feed(self, data: bytes) -> bytes:
        """What can go on of these bytes and of those held back; raises what `edit` raises."""
        if self._resting:
            return data
        done: list[bytes] = []
        # The line feed that belongs to a carriage return before it goes that one's way.
        joined = self._after_cr and data.startswith(b"\n")
        if joined and not self._held:
            done.append(b"" if self._dropped else b"\n")
            data, joined = data[1:], False
        buffer = self._held + data
        start, line = 0, self._line + joined
        for end in _LINE_END.finditer(buffer, len(self._held) + joined):
            if end.start() == line:
                done.append(self._event(buffer[start : end.end()]))
                start = end.end()
            elif line == start and buffer[line] == _COLON:
                done.append(buffer[start : end.end()])
                self._dropped = False
                start = end.end()
            line = end.end()
        if data:
            self._after_cr = buffer.endswith(b"\r")
        self._held, self._line = buffer[start:], line - start
        if len(self._held) > self._max:
            self._resting = True
            done.append(self.rest())
        return b"".join(done)

    def close(self) -> bytes:
        """What is left of an event without a blank line; raises what `edit` raises."""
        last = self._event(self._held)
        self.rest()
        return last

    def rest(self) -> bytes:
        """What is held back, as it came; nothing is held any more."""
        held, self._held, self._line = self._held, b"", 0
        return held

    def _event(self, event: bytes) -> bytes:
        self._dropped = False
        lines = event.splitlines(keepends=True)
        numbers = [number for number, line in enumerate(lines) if line.startswith(_DATA)]
        if len(numbers) != 1:
            return event
        line = lines[numbers[0]]
        start = len(_DATA) + line.startswith(_DATA + b" ")
        data = line[start:].rstrip(b"\r\n")
        edited = self._edit(data)
        if edited is None:
            self._dropped = True
            return b""
        lines[numbers[0]] = line[:start] + edited + line[start + len(data) :]
        return b"".join(lines)
