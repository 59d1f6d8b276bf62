"""find_member: where a member of a JSON object stands in its text, so that it can be cut out or replaced.

https://www.rfc-editor.org/rfc/rfc8259
"""

from __future__ import annotations

import re
from typing import NamedTuple

from sessiontap.wire.jsonscan import inside, value

_LEVELS = 24
_MOST_PLACES = 16
_INSIDE = inside(_LEVELS)
_VALUE = re.compile(rb"[ \t\r\n]*+:[ \t\r\n]*+(" + value(_LEVELS) + rb")[ \t\r\n]*+(?=[,}])", re.DOTALL)
_SPACE = b" \t\r\n"


class Member(NamedTuple):
    """Places in a text: where the key's quote and the value begin, and where the value ends."""

    key: int
    value: int
    end: int


def find_member(text: bytes, key: bytes) -> Member | None:
    """The object's own member with this key, as it is written between its quotes; never one within another.

    None where there is none or several, for what is no object, for what is nested more than 25 levels deep
    before the member or in it, and where 16 places or more look like it. What is behind it is not checked.
    """
    opening = text.find(b"{")
    if opening < 0 or text[:opening].strip(_SPACE):
        return None
    quoted = b'"' + key + b'"'
    found: list[Member] = []
    checked = opening + 1
    place = checked
    for _ in range(_MOST_PLACES):
        place = text.find(quoted, place)
        if place < 0:
            return found[0] if len(found) == 1 else None
        # Only whole strings, objects and lists before it: it is not within one of them.
        if _INSIDE.fullmatch(text, checked, place):
            matched = _VALUE.match(text, place + len(quoted))
            if matched is not None and _last(text, place) in b"{,":
                found.append(Member(place, *matched.span(1)))
            checked = place
        place += len(quoted)
    return None


def without(text: bytes, removed: Member) -> bytes:
    """The text without a member, and without the comma and the white space that came with it."""
    before, after = text[: removed.key], text[removed.end :]
    head, tail = before.rstrip(_SPACE), after.lstrip(_SPACE)
    if not tail.startswith(b","):
        return head.removesuffix(b",") + after
    return before + tail[1:].lstrip(_SPACE)


def _last(text: bytes, stop: int) -> bytes:
    """The last byte before stop that is no white space."""
    while text[stop - 1] in _SPACE:
        stop -= 1
    return text[stop - 1 : stop]
