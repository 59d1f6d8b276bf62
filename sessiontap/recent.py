"""Recent: a dictionary that forgets its oldest entries."""

from __future__ import annotations

from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")


class Recent(Generic[K, V]):
    """Keeps the last `most` entries that were put in; memory is bounded however long a proxy runs."""

    __slots__ = ("_entries", "_most")

    def __init__(self, most: int) -> None:
        self._entries: dict[K, V] = {}
        self._most = most

    def put(self, key: K, value: V) -> None:
        """Adds or renews an entry."""
        self._entries.pop(key, None)
        self._entries[key] = value
        if len(self._entries) > self._most:
            del self._entries[next(iter(self._entries))]

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
