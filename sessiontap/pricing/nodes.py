"""What a price file is made of: scalars with their own text, lists and mappings, each with its line.

And `fault`, the one way a mistake in such a file is told.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NoReturn, TypeAlias

import msgspec

from sessiontap.errors import PricingError

_LONGEST_QUOTE = 80
_NULLS = frozenset({"", "~", "null", "Null", "NULL"})


# Structs without garbage collection, of which a file has tens of thousands: a tree holds no cycles.
class Scalar(msgspec.Struct, frozen=True, gc=False):
    """One value as it is written; `plain` is False where it stands in quotes."""

    text: str
    plain: bool
    line: int

    @property
    def null(self) -> bool:
        """True for nothing, `~` and `null`."""
        return self.plain and self.text in _NULLS


class Sequence(msgspec.Struct, frozen=True, gc=False):
    """A list."""

    items: list[Node]
    line: int


class Mapping(msgspec.Struct, frozen=True, gc=False):
    """A mapping, in the order of the file; `lines` has the line of each key."""

    values: dict[str, Node]
    lines: dict[str, int]
    line: int


Node: TypeAlias = Scalar | Sequence | Mapping


def fault(file: str, line: int, trail: Iterable[str], message: str) -> NoReturn:
    """Raises the PricingError `file:line: key > key: message`, whatever stands in file and keys."""
    keys = " > ".join(printable(key) for key in trail)
    text = f"{whole(file)}:{line}: {keys}{': ' if keys else ''}{message}"
    raise PricingError(text)


def whole(path: str) -> str:
    """A path on one line, in quotes where it must be; never cut, for it is what the user opens."""
    return path if path.isprintable() else repr(path)


def printable(text: str) -> str:
    """Text from outside as it is where one line can show it, else in quotes."""
    return text if text.isprintable() and len(text) <= _LONGEST_QUOTE else quoted(text)


def quoted(text: str) -> str:
    """Text from outside in quotes: one line, control characters escaped, cut at 80 characters."""
    return repr(text if len(text) <= _LONGEST_QUOTE else text[: _LONGEST_QUOTE - 1] + "…")


def described(node: Node) -> str:
    """A value as a message names it."""
    if isinstance(node, Mapping):
        return "a mapping"
    if isinstance(node, Sequence):
        return "a list"
    if not node.plain:
        return f"the string {quoted(node.text)}"
    return "nothing" if node.null else quoted(node.text)
