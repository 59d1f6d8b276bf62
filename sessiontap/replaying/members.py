"""with_member, without_member: a JSON object with one member changed. All others stay as they are written."""

from __future__ import annotations

import json
from collections.abc import Sequence

import msgspec

from sessiontap.errors import SessiontapError
from sessiontap.nesting import nests_deeply

_object = msgspec.json.Decoder(dict[str, msgspec.Raw])
_UNREADABLE = (msgspec.DecodeError, UnicodeError, RecursionError)
_NOTHING = (b"", b"null")


class MemberError(SessiontapError):
    """A body in which a member cannot be changed; the text says why, for behind "its body"."""


def members(content: bytes) -> dict[str, msgspec.Raw]:
    """The members of a JSON object, in order, each as it is written. Raises MemberError for anything else."""
    try:
        # What is looked into is a member of the members at most.
        return _object.decode(content)
    except _UNREADABLE:
        message = "is no JSON object"
        raise MemberError(message) from None


def value_of(content: bytes | msgspec.Raw) -> object:
    """The value of a JSON text; None where it cannot be read."""
    text = bytes(content)
    try:
        return None if nests_deeply(text) else msgspec.json.decode(text)
    except _UNREADABLE:
        return None


def json_of(value: object) -> bytes:
    """A JSON value as a text, also with numbers of any length and halves of surrogate pairs in it."""
    try:
        return msgspec.json.encode(value)
    except (OverflowError, UnicodeEncodeError):
        return json.dumps(value).encode("ascii")


def with_member(content: bytes, keys: Sequence[str], value: bytes | None) -> bytes:
    """The object with that value, a JSON text, under keys that lead into it; None takes the member away.

    Objects on the way are made where there are none. Raises MemberError where something else is there.
    """
    found = members(content)
    key, below = keys[0], keys[1:]
    if below:
        inner = bytes(found.get(key, b""))
        if value is None and inner in _NOTHING:
            return content
        try:
            value = with_member(b"{}" if inner in _NOTHING else inner, below, value)
        except MemberError:
            message = f"has a {key!r} that is no JSON object"
            raise MemberError(message) from None
    if value is None:
        if found.pop(key, None) is None:
            return content
    else:
        found[key] = msgspec.Raw(value)
    return msgspec.json.encode(found)
