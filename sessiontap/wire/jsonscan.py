"""Finding the ends of strings and of plain stretches in a JSON text, at the speed of C."""

from __future__ import annotations

import re

# Possessive quantifiers, as in all patterns of this package: nothing is tried twice, nothing is kept to go
# back to, and so a hostile text costs no more than another.
_STRING_REST = re.compile(rb'[^"\\]*+(?:\\.[^"\\]*+)*+', re.DOTALL)
_MARKS = (b"]", b"}", b"[", b"{", b'"')

# What objects and lists hold besides others: text and whole strings.
_STRING = rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"'
_LEAF = rb'[^"\[\]{}]++|' + _STRING


def inside(levels: int) -> re.Pattern[bytes]:
    """All that is whole within an element: text, strings, objects and lists up to some levels deep."""
    return re.compile(rb"(?:" + _within(levels) + rb")*+", re.DOTALL)


def _within(levels: int) -> bytes:
    nested = _LEAF
    for _ in range(levels):
        nested = _LEAF + rb"|[\[{](?:" + nested + rb")*+[\]}]"
    return nested


def value(levels: int) -> bytes:
    """A pattern of one whole value: a string, an object or a list up to some levels deep, or any other."""
    return _STRING + rb"|[\[{](?:" + _within(levels) + rb")*+[\]}]|[^\s\"\[\]{},]++"


def string_end(buffer: bytes | bytearray, start: int) -> int:
    """Where the quote that ends a string is, for a start within the string.

    Where the buffer ends first: its length, or the place of a last backslash that escapes what is to come.
    """
    quote = buffer.find(b'"', start)
    stop = len(buffer) if quote < 0 else quote
    # Most strings have no escapes, and finding bytes is ten times as fast as the pattern.
    if buffer.find(b"\\", start, stop) < 0:
        return stop
    return match_end(_STRING_REST, buffer, start)


def plain_end(buffer: bytes, start: int) -> int:
    """Where the first bracket or quote is, for a start outside of a string; else the buffer's length."""
    stop = len(buffer)
    for mark in _MARKS:
        found = buffer.find(mark, start, stop)
        if found >= 0:
            stop = found
    return stop


def match_end(pattern: re.Pattern[bytes], buffer: bytes | bytearray, start: int) -> int:
    """Where a pattern that also matches nothing stops."""
    found = pattern.match(buffer, start)
    assert found is not None
    return found.end()
