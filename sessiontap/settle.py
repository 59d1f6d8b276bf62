"""Settling: what becomes of a call that has ended, live or out of a past capture."""

from __future__ import annotations

from sessiontap.background import BackgroundCalls
from sessiontap.call import Call
from sessiontap.pricing import PriceTable


class Settling:
    """Joins polls with the calls whose results they bring, and prices what is to be recorded.

    `polled_apis` are the wire shapes whose calls may answer later. The prices may be replaced at any time.
    """

    __slots__ = ("_background", "prices")

    def __init__(self, prices: PriceTable, polled_apis: frozenset[str]) -> None:
        self.prices = prices
        self._background = BackgroundCalls(polled_apis)

    def unseen(self, poll: Call) -> bool:
        """True where a poll has a result of a call that was not seen to start: it may be in the store."""
        return self._background.unseen(poll)

    def found(self, start: Call) -> None:
        """Takes the call that a poll belongs to, as it was found in the store."""
        self._background.started(start)

    def ended(self, call: Call, *, poll: bool) -> Call | None:
        """The call to record for one that has ended, priced; None where a poll brought nothing new."""
        if poll:
            found = self._background.polled(call)
            return None if found is None else self.prices.price(found)
        self._background.started(call)
        return self.prices.price(call)
