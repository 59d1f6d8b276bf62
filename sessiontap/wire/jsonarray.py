"""JSONArray: a streamed top-level array, `[{...},` now and `{...}]` later, cut into its elements.

Gemini's streamGenerateContent answers so where the client did not ask for `alt=sse`:
https://ai.google.dev/api/generate-content#method:-models.streamgeneratecontent
"""

from __future__ import annotations

import re

from sessiontap.wire.event import Event
from sessiontap.wire.jsonbody import JSONBody
from sessiontap.wire.jsonscan import inside, match_end, string_end

MAX_EVENT = 64 << 20

_BETWEEN = re.compile(rb'[^"\[\]{,]*+')
# What is nested deeper, or not whole yet, is gone through bracket by bracket.
_INSIDE = inside(8)
_SPACE = b" \t\r\n"
# No JSON text starts with a byte of these, the byte order mark's included.
_BEFORE = _SPACE + b"\xef\xbb\xbf"
_QUOTE, _COMMA = b'",'
_OPENING, _CLOSING = b"[{", b"]}"


class JSONArray:
    """Gives each element of a top-level array as soon as its last byte is there; not recursive.

    What comes after the array is ignored. A body that is no array (an error's object) is left to
    `JSONBody` and given as one event at the end. An element of more than max_event bytes is dropped and
    counted in `dropped`. An element that the end of the input cuts is left out.
    """

    __slots__ = ("_body", "_buffer", "_depth", "_dropping", "_in_string", "_max", "_pos", "_start", "dropped")

    def __init__(self, *, max_event: int = MAX_EVENT) -> None:
        self._max = max_event
        # Everything before _pos has been searched; the element began at _start, None between elements.
        self._buffer = bytearray()
        self._pos = 0
        self._start: int | None = None
        # Open brackets: 0 before the array, 1 between its elements, -1 after it.
        self._depth = 0
        self._in_string = False
        self._dropping = False
        self._body: JSONBody | None = None
        self.dropped = 0

    def feed(self, data: bytes) -> list[Event]:
        """The elements that these bytes complete; raises WireError where JSONBody does."""
        if self._depth == 0 and self._body is None:
            data = data.lstrip(_BEFORE)
            if data.startswith(b"["):
                self._depth = 1
                data = data[1:]
            elif data:
                self._body = JSONBody()
        if self._body is not None:
            return self._body.feed(data)
        if self._depth < 1:
            return []
        self._buffer += data
        events = self._scan()
        self._trim()
        return events

    def close(self) -> list[Event]:
        """Nothing more of an array; the whole body where it was none."""
        return [] if self._body is None else self._body.close()

    def _scan(self) -> list[Event]:
        buffer = self._buffer
        events: list[Event] = []
        while self._depth > 0:
            if self._in_string:
                at = string_end(buffer, self._pos)
            else:
                at = match_end(_BETWEEN if self._depth == 1 else _INSIDE, buffer, self._pos)
            if self._start is None and at > self._pos:
                # The element starts behind the white space.
                self._start = at - len(buffer[self._pos : at].lstrip(_SPACE))
                if self._start == at:
                    self._start = None
            self._pos = at
            # A lone backslash at the end waits for what it escapes.
            if at == len(buffer) or (self._in_string and buffer[at] != _QUOTE):
                break
            self._step(buffer[at], events)
        return events

    def _step(self, byte: int, events: list[Event]) -> None:
        """Goes past the byte at _pos that ends a string, opens or closes something, or parts elements."""
        at = self._pos
        self._pos += 1
        if byte == _QUOTE:
            self._in_string = not self._in_string
        elif byte in _OPENING:
            self._depth += 1
        elif self._depth > 1:
            self._depth -= 1
            if self._depth == 1:
                self._give(at + 1, events)
            return
        else:
            # A comma, or the bracket that ends the array.
            self._give(at, events)
            if byte != _COMMA:
                self._depth = -1
            return
        if self._start is None:
            self._start = at

    def _give(self, end: int, events: list[Event]) -> None:
        if self._start is None:
            return
        if self._dropping or end - self._start > self._max:
            self.dropped += 1
        else:
            events.append(Event("", bytes(self._buffer[self._start : end]).rstrip(_SPACE)))
        self._start = None
        self._dropping = False

    def _trim(self) -> None:
        """Forgets what no event needs any more."""
        if self._start is not None and len(self._buffer) - self._start > self._max:
            self._dropping = True
        needed = self._pos if self._start is None or self._dropping else self._start
        del self._buffer[:needed]
        self._pos -= needed
        if self._start is not None:
            self._start = 0
