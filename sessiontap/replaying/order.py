"""Order: which calls may begin when, one after the other or as they overlapped in the recording."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence

from sessiontap.call import Call


class Order:
    """Hands out the calls by their place in the sequence, each once."""

    def __init__(self, calls: Sequence[Call], *, parallel: bool) -> None:
        """`calls` are ordered by start.

        One after the other, each waits for the one before it. In parallel it waits for every call that had
        ended in the recording when it began, and for no other; nothing waits for one whose end is not known.
        """
        if parallel:
            ends = sorted((call.ended_at, place) for place, call in enumerate(calls) if call.ended_at)
            # With the place, two calls within one millisecond do not wait for each other.
            self._needs = [bisect_left(ends, (call.started_at, place)) for place, call in enumerate(calls)]
            self._by_end = [place for _, place in ends]
        else:
            self._needs = list(range(len(calls)))
            self._by_end = list(range(len(calls)))
        self._over: set[int] = set()
        self._ended = 0
        self._next = 0

    def ready(self) -> list[int]:
        """The places of the calls that may begin now and were not given before."""
        begin = self._next
        while self._next < len(self._needs) and self._needs[self._next] <= self._ended:
            self._next += 1
        return list(range(begin, self._next))

    def over(self, place: int) -> None:
        """The call at that place has ended."""
        self._over.add(place)
        while self._ended < len(self._by_end) and self._by_end[self._ended] in self._over:
            self._ended += 1
