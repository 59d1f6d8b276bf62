"""Operators: what Helicone's filters compare by, each made a test of a value.

A number that is not known compares with nothing, also not as unequal. A text that is not there is the empty
one, as in Helicone's own tables.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fnmatch import translate
from math import isfinite
from types import MappingProxyType
from typing import TypeAlias

from sessiontap.times import parse_when
from sessiontap.untrusted import clean
from sessiontap.web.helicone.answers import RestError

_LONGEST = 1000
Number: TypeAlias = Decimal | int


@dataclass(frozen=True, slots=True)
class TextTest:
    """A test of the texts that something has; several where a session has had several names."""

    holds_for: Callable[[str], bool]
    negative: bool

    def __call__(self, texts: Sequence[str]) -> bool:
        """Whether one of them fits; with a negative operator, whether none does."""
        found = any(map(self.holds_for, texts or ("",)))
        return not found if self.negative else found


@dataclass(frozen=True, slots=True)
class NumberTest:
    """A test of a number."""

    holds_for: Callable[[Number], bool]

    def __call__(self, number: Number | None) -> bool:
        """Whether it fits; one that is not known never does."""
        return number is not None and self.holds_for(number)


@dataclass(frozen=True, slots=True)
class TimeTest:
    """A test of a time as the record has it: such times sort as text."""

    after: str | None = None
    before: str | None = None
    """Both are included where `touching`."""
    touching: bool = False

    def __call__(self, stamp: str | None) -> bool:
        """Whether it fits."""
        return stamp is not None and self.between(stamp, stamp) is True

    def between(self, first: str, last: str) -> bool | None:
        """Whether all times from the first to the last fit; None where some of them may not."""
        if self._is_out(first, last):
            return False
        low = self.after is None or (first >= self.after if self.touching else first > self.after)
        high = self.before is None or (last <= self.before if self.touching else last < self.before)
        return True if low and high else None

    def _is_out(self, first: str, last: str) -> bool:
        early = self.after is not None and (last < self.after if self.touching else last <= self.after)
        late = self.before is not None and (first > self.before if self.touching else first >= self.before)
        return early or late


def text_test(operator: str, value: object, where: str) -> TextTest:
    """The test of a text. Raises RestError."""
    if operator not in _TEXT:
        raise RestError(_no_operator(operator, where, _TEXT))
    if not isinstance(value, str) or len(value) > _LONGEST:
        message = f"{where}: `{operator}` takes a text of at most {_LONGEST} characters, not {value!r:.60}"
        raise RestError(message)
    return TextTest(_TEXT[operator](clean(value)), operator.startswith("not-"))


def number_test(operator: str, value: object, where: str) -> NumberTest:
    """The test of a number. Raises RestError."""
    if operator not in _NUMBER:
        raise RestError(_no_operator(operator, where, _NUMBER))
    if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value):
        message = f"{where}: `{operator}` takes a number, not {value!r:.60}"
        raise RestError(message)
    # A float's repr is what was written: 0.1 is 0.1, as in the record.
    return NumberTest(_NUMBER[operator](Decimal(repr(value))))


def time_test(operator: str, value: object, where: str) -> TimeTest:
    """The test of a time. Raises RestError."""
    if operator not in _TIME:
        raise RestError(_no_operator(operator, where, _TIME))
    if not isinstance(value, str):
        message = f"{where}: `{operator}` takes a time such as 2026-11-23T20:00:00Z, not {value!r:.60}"
        raise RestError(message)
    try:
        stamp = parse_when(value[:_LONGEST], time.time())
    except ValueError as error:
        message = f"{where}: {error}"
        raise RestError(message) from error
    return _TIME[operator](stamp)


def _no_operator(operator: str, where: str, allowed: Iterable[str]) -> str:
    return f"{where}: {operator!r:.60} is no operator; allowed are {', '.join(allowed)}"


def _equals(wanted: str) -> Callable[[str], bool]:
    return lambda text: text == wanted


def _contains(wanted: str) -> Callable[[str], bool]:
    folded = wanted.casefold()
    return lambda text: folded in text.casefold()


def _like(pattern: str, flags: re.RegexFlag = re.NOFLAG) -> Callable[[str], bool]:
    # By way of a shell's pattern: what the library makes of that never takes long, whatever it says.
    signs = re.findall(r"(?s)\\.|.", pattern)
    shell = "".join(_WILD.get(sign) or _LITERAL.get(sign[-1], sign[-1]) for sign in signs)
    found = re.compile(translate(shell), flags)
    return lambda text: found.match(text) is not None


def _ilike(pattern: str) -> Callable[[str], bool]:
    return _like(pattern, re.IGNORECASE)


_WILD = MappingProxyType({"%": "*", "_": "?"})
_LITERAL = MappingProxyType({"*": "[*]", "?": "[?]", "[": "[[]"})
_TEXT: Mapping[str, Callable[[str], Callable[[str], bool]]] = MappingProxyType(
    {
        "equals": _equals,
        "not-equals": _equals,
        "like": _like,
        "ilike": _ilike,
        "contains": _contains,
        "not-contains": _contains,
    }
)
_NUMBER: Mapping[str, Callable[[Decimal], Callable[[Number], bool]]] = MappingProxyType(
    {
        "equals": lambda wanted: lambda number: number == wanted,
        "not-equals": lambda wanted: lambda number: number != wanted,
        "gte": lambda wanted: lambda number: number >= wanted,
        "lte": lambda wanted: lambda number: number <= wanted,
        "lt": lambda wanted: lambda number: number < wanted,
        "gt": lambda wanted: lambda number: number > wanted,
    }
)
_TIME: Mapping[str, Callable[[str], TimeTest]] = MappingProxyType(
    {
        "equals": lambda stamp: TimeTest(stamp, stamp, touching=True),
        "gte": lambda stamp: TimeTest(after=stamp, touching=True),
        "lte": lambda stamp: TimeTest(before=stamp, touching=True),
        "lt": lambda stamp: TimeTest(before=stamp),
        "gt": lambda stamp: TimeTest(after=stamp),
    }
)
