"""Narrow getters for JSON that somebody else wrote.

Each takes a value of any type and a key, and gives a value of one type or None; none raises.
A number where text was due, a negative count or a list where an object was due is *not known*.
"""

from __future__ import annotations

from typing import TypeAlias

JsonObject: TypeAlias = dict[str, object]

# Larger than any bill; keeps sums inside what every JSON reader holds exactly (RFC 8259, section 6).
MAX_COUNT = 2**53 - 1
LONGEST_LABEL = 256


def obj(value: object, *keys: str) -> JsonObject:
    """The object found by following keys, or an empty one."""
    for key in keys:
        if not isinstance(value, dict):
            return {}
        value = value.get(key)
    return value if isinstance(value, dict) else {}


def items(value: object, key: str) -> list[object]:
    """The list under key, or an empty one."""
    found = value.get(key) if isinstance(value, dict) else None
    return found if isinstance(found, list) else []


def objects(value: object, key: str) -> list[JsonObject]:
    """The objects in the list under key, in order; other elements are left out."""
    return [item for item in items(value, key) if isinstance(item, dict)]


def text(value: object, key: str) -> str | None:
    """The non-empty string under key; lone surrogates become U+FFFD, so that it can be stored."""
    found = value.get(key) if isinstance(value, dict) else None
    if not isinstance(found, str) or not found:
        return None
    return found if found.isascii() else clean(found)


def label(value: str | None) -> str | None:
    """A name or id cut to 256 characters: no provider has longer ones, and a record must stay small."""
    return value if value is None else value[:LONGEST_LABEL]


def clean(value: str) -> str:
    """The text with every lone surrogate, which no UTF-8 can hold, replaced by U+FFFD."""
    return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def count(value: object, key: str) -> int | None:
    """The whole number >= 0 under key (also written 3.0); None for anything else."""
    found = value.get(key) if isinstance(value, dict) else None
    if isinstance(found, bool) or not isinstance(found, int | float):
        return None
    if not 0 <= found <= MAX_COUNT:
        return None
    return int(found) if found == int(found) else None


def flag(value: object, key: str) -> bool:
    """True where key holds JSON true, and only there."""
    return isinstance(value, dict) and value.get(key) is True
