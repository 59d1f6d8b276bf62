"""Recent: a dictionary that forgets its oldest entries."""

from __future__ import annotations

from collections import OrderedDict
from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")


class Recent(Generic[K, V]):
    """Keeps the last `most` entries that were put in; memory is bounded however long a proxy runs."""

    __slots__ = ("_entries", "_most")

    def __init__(self, most: int) -> None:
        # In a plain dictionary, to find the oldest entry takes the longer the more were deleted before it.
        self._entries: OrderedDict[K, V] = OrderedDict()
        self._most = most

    def put(self, key: K, value: V) -> None:
        """Adds or renews an entry."""
        self._entries[key] = value
        self._entries.move_to_end(key)
        if len(self._entries) > self._most:
            self._entries.popitem(last=False)

    def get(self, key: K) -> V | None:
        """The value of an entry, which stays; None where there is none."""
        return self._entries.get(key)

    def take(self, key: K) -> V | None:
        """Removes an entry and gives its value; None where there is none."""
        return self._entries.pop(key, None)

    def values(self) -> list[V]:
        """The values of all entries, the oldest first."""
        return list(self._entries.values())

    def __contains__(self, key: K) -> bool:
        return key in self._entries
