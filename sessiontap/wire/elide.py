"""Elider: passes a JSON text through as it streams, with what is very long in it cut short.

Only two things are cut, so that valid JSON stays valid and keeps its keys and its shape:
the content of a string longer than `longest` bytes is cut to its first bytes, never within an escape, a
surrogate pair or a UTF-8 sequence; a run of more than `longest` bytes without quotes and brackets (a
list of numbers) is cut behind one of its first elements.
"""

from __future__ import annotations

import re

from sessiontap.wire.jsonscan import match_end, plain_end, string_end

LONGEST = 4096

# Whole characters from a string's start; stops at an escape that is cut or is none.
_WHOLE = re.compile(
    rb"(?:[^\\]++"
    rb"|\\[^u]"
    rb"|\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"
    rb"|\\u(?![dD][89abAB])[0-9a-fA-F]{4})*+",
    re.DOTALL,
)
_QUOTE = ord('"')
_CONTINUATION, _CONTINUATION_MASK = 0x80, 0xC0


def _short(longest: int) -> re.Pattern[bytes]:
    """Runs and strings that are short beyond doubt, as many as there are, in one step of C.

    The string's parts add up to less than `longest`; those with more escapes are looked at one by one.
    """
    first, later, escapes = longest // 4, longest // 64 - 4, 48
    return re.compile(
        rb'(?:[^"\[\]{}]{0,%d}+(?:[\[\]{}]|"[^"\\]{0,%d}+(?:\\.[^"\\]{0,%d}+){0,%d}+"))*+'
        % (longest, first, later, escapes),
        re.DOTALL,
    )


class Elider:
    """Shortens one JSON text; the result does not depend on how it is cut into feeds.

    `longest` is at least 256. Holds back at most about twice `longest` bytes. Text that is no JSON passes
    through in some shortened form. Raises nothing.
    """

    __slots__ = ("_in_run", "_in_string", "_longest", "_rest", "_short")

    def __init__(self, *, longest: int = LONGEST) -> None:
        self._longest = longest
        self._short = _short(longest)
        # What came last and could not be judged yet.
        self._rest = b""
        # Within the part that is left out.
        self._in_string = False
        self._in_run = False

    def feed(self, data: bytes) -> bytes:
        """The shortened form of what can be judged so far."""
        buffer = self._rest + data
        kept = bytearray()
        pos = 0
        following: int | None = 0
        while following is not None and pos < len(buffer):
            if self._in_string:
                following = self._leave_string(buffer, pos)
            elif self._in_run:
                following = self._leave_run(buffer, pos, kept)
            else:
                following = self._pass(buffer, pos, kept)
            pos = pos if following is None else following
        self._rest = buffer[pos:]
        return bytes(kept)

    def close(self) -> bytes:
        """What was held back when the input ended, as it is."""
        rest, self._rest = self._rest, b""
        return b"" if self._in_string or self._in_run else rest

    # Each step gives where the next one starts, or None where that takes more bytes.

    def _leave_string(self, buffer: bytes, pos: int) -> int | None:
        end = string_end(buffer, pos)
        if end < len(buffer) and buffer[end] == _QUOTE:
            self._in_string = False
            return end + 1
        return end if end > pos else None

    def _leave_run(self, buffer: bytes, pos: int, kept: bytearray) -> int:
        end = plain_end(buffer, pos)
        if end < len(buffer):
            self._in_run = False
            if buffer[end] not in b"]}":
                kept += b","
        return end

    def _pass(self, buffer: bytes, pos: int, kept: bytearray) -> int | None:
        short = match_end(self._short, buffer, pos)
        if short > pos:
            kept += buffer[pos:short]
            return short
        run = plain_end(buffer, pos)
        if run - pos > self._longest:
            comma = buffer.rfind(b",", pos, pos + self._longest)
            self._in_run = comma >= 0
            cut = comma if self._in_run else pos + self._longest
            kept += buffer[pos:cut]
            return pos + self._longest
        if run == len(buffer):
            return None
        return self._pass_string(buffer, pos, run + 1, kept)

    def _pass_string(self, buffer: bytes, pos: int, start: int, kept: bytearray) -> int | None:
        end = string_end(buffer, start)
        if end - start > self._longest:
            kept += buffer[pos:start]
            kept += _first(buffer, start, start + self._longest)
            kept += b'"'
            self._in_string = True
            return end
        if end == len(buffer) or buffer[end] != _QUOTE:
            return None
        kept += buffer[pos : end + 1]
        return end + 1


def _first(buffer: bytes, start: int, stop: int) -> bytes:
    """The whole characters between start and stop."""
    while stop > start and buffer[stop] & _CONTINUATION_MASK == _CONTINUATION:
        stop -= 1
    return buffer[start : start + match_end(_WHOLE, buffer[start:stop], 0)]
