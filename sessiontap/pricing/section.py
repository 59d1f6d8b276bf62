"""A mapping of a price file with getters that take one type each, and know where they stand."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from typing import NamedTuple, NoReturn, TypeAlias

from sessiontap.pricing.nodes import Mapping, Node, Scalar, Sequence, described, fault

# At most 21 digits: every product of rates, factors and counts is exact in `rates.EXACT`.
_NUMBER = re.compile(r"[0-9]{1,9}(\.[0-9]{1,12})?")
_WHOLE = re.compile(r"[1-9][0-9]{0,11}")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


Keys: TypeAlias = dict[str, None]
"""A set of keys that keeps its order, for messages."""


def keys(*names: str) -> Keys:
    """The set of these keys."""
    return dict.fromkeys(names)


class Section(NamedTuple):
    """A mapping of the file and the keys that lead to it.

    A getter gives None where the key is absent, and raises PricingError where the value is not of its type.
    """

    file: str
    trail: tuple[str, ...]
    node: Mapping

    def fault(self, key: str | None, message: str) -> NoReturn:
        """Raises the PricingError about one key of this section, or about the section itself."""
        if key is None:
            fault(self.file, self.node.line, self.trail, message)
        fault(self.file, self.node.lines.get(key, self.node.line), (*self.trail, key), message)

    @property
    def names(self) -> list[str]:
        """The keys, in the order of the file."""
        return list(self.node.values)

    def only(self, allowed: Keys) -> None:
        """Raises where the section has any other key."""
        if not self.node.values.keys() <= allowed.keys():
            key = next(key for key in self.node.values if key not in allowed)
            self.fault(key, f"unknown key; allowed: {', '.join(allowed)}")

    def is_null(self, key: str) -> bool:
        """True where the key is there and its value is null."""
        value = self.node.values.get(key)
        return isinstance(value, Scalar) and value.null

    def section(self, key: str) -> Section | None:
        """The mapping under a key."""
        value = self.node.values.get(key)
        if value is None:
            return None
        if not isinstance(value, Mapping):
            self._wrong(key, value, "allowed is a mapping")
        return Section(self.file, (*self.trail, key), value)

    def is_mapping(self, key: str) -> bool:
        """True where a mapping is under the key."""
        return isinstance(self.node.values.get(key), Mapping)

    def sections(self, key: str) -> list[Section] | None:
        """The mappings in the list under a key."""
        value = self.node.values.get(key)
        if value is None:
            return None
        if not isinstance(value, Sequence):
            self._wrong(key, value, "allowed is a list of mappings")
        found = []
        for number, item in enumerate(value.items, start=1):
            trail = (*self.trail, f"{key} {number}")
            if not isinstance(item, Mapping):
                fault(self.file, item.line, trail, f"{described(item)}; allowed is a mapping")
            found.append(Section(self.file, trail, item))
        return found

    def texts(self, key: str) -> list[str]:
        """The texts in the list under a key; none where it is absent."""
        value = self.node.values.get(key)
        if value is None:
            return []
        if not isinstance(value, Sequence):
            self._wrong(key, value, "allowed is a list of names")
        found = []
        for item in value.items:
            if not isinstance(item, Scalar) or not item.text.strip():
                self._wrong(key, item, "allowed is a list of names")
            found.append(item.text)
        return found

    def text(self, key: str) -> str | None:
        """The text under a key, never a blank one."""
        value = self.node.values.get(key)
        if value is None:
            return None
        if not isinstance(value, Scalar) or not value.text.strip() or value.null:
            self._wrong(key, value, "allowed is a text")
        return value.text

    def number(self, key: str) -> Decimal | None:
        """The number >= 0 under a key, exactly as its text says."""
        value = self.node.values.get(key)
        if value is None:
            return None
        if not isinstance(value, Scalar) or not value.plain or not _NUMBER.fullmatch(value.text):
            self._wrong(key, value, "allowed is a number >= 0 without quotes, such as 2.5")
        return Decimal(value.text)

    def size(self, key: str) -> int:
        """The key itself as a number of tokens."""
        if not _WHOLE.fullmatch(key):
            self.fault(key, "not a number of tokens; allowed is a whole number > 0 such as 200000")
        return int(key)

    def day(self, key: str) -> date | None:
        """The date under a key."""
        value = self.node.values.get(key)
        if value is None:
            return None
        # Checked by pattern first: fromisoformat also takes 20261123 and 2026-W48-1.
        text = value.text if isinstance(value, Scalar) and _DAY.fullmatch(value.text) else ""
        try:
            return date.fromisoformat(text)
        except ValueError:
            self._wrong(key, value, "allowed is a date such as 2026-11-23")

    def _wrong(self, key: str, value: Node, allowed: str) -> NoReturn:
        fault(self.file, value.line, (*self.trail, key), f"{described(value)}; {allowed}")
