"""Narrow getters for JSON that somebody else wrote.

Each takes a value of any type and a key, and gives a value of one type or None; none raises.
A number where text was due, a negative count or a list where an object was due is *not known*.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import TypeAlias

JsonObject: TypeAlias = dict[str, object]

# Larger than any bill; keeps sums inside what every JSON reader holds exactly (RFC 8259, section 6).
MAX_COUNT = 2**53 - 1
LONGEST_LABEL = 256
_MAX_MONEY = Decimal(10**9)
_LEAST_MONEY = Decimal(10) ** -18
_AMOUNT = re.compile(r"[0-9]{1,40}(\.[0-9]{1,40})?([eE][+-]?[0-9]{1,3})?")


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


def money(value: object, key: str) -> Decimal | None:
    """The amount >= 0 under key, a number or its text, exactly as it was written (0.1 is 0.1).

    None for anything else, and for what no bill can be: a billion and more, or above zero and below 1e-18.
    """
    found = value.get(key) if isinstance(value, dict) else None
    if isinstance(found, str):
        written = found
    elif isinstance(found, int | float) and not isinstance(found, bool):
        # A float's repr is the shortest text that means it: what was written, or what that comes to.
        written = repr(found) if -1 < found < _MAX_MONEY else ""
    else:
        return None
    if not _AMOUNT.fullmatch(written):
        return None
    amount = Decimal(written)
    if not amount:
        return Decimal(0)
    return amount if _LEAST_MONEY <= amount < _MAX_MONEY else None
