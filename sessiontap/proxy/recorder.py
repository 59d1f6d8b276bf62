"""Recorder: prices calls and writes them to the store, and keeps the traffic free of its troubles."""

from __future__ import annotations

import logging

from sessiontap.background import BackgroundCalls
from sessiontap.call import Call
from sessiontap.errors import PricingError, StoreError
from sessiontap.pricing import PriceTable, load_prices
from sessiontap.resources import find
from sessiontap.settings import Settings
from sessiontap.store import CallStore

logger = logging.getLogger(__name__)


class Recorder:
    """Takes calls as they start and end.

    Never raises on account of the store: one log line at the start of a trouble and one at its end say
    what happened.
    """

    def __init__(self, store: CallStore, prices: PriceTable) -> None:
        self._store = store
        self._prices = prices
        self._background = BackgroundCalls()
        self._unwritten: int = 0

    def started(self, call: Call) -> None:
        """Writes a call that is under way."""
        self._append(call)

    def ended(self, call: Call, *, poll: bool) -> Call | None:
        """Prices and writes an ended call, and gives it as written; None where a poll brought nothing new."""
        if poll:
            found = self._background.polled(call)
            if found is None:
                return None
            call = found
        else:
            self._background.started(call)
        priced = self._prices.price(call)
        self._append(priced)
        return priced

    def _append(self, call: Call) -> None:
        try:
            self._store.append(call)
        except StoreError as error:
            if not self._unwritten:
                logger.warning("sessiontap: calls are not recorded, traffic goes on: %s", error)
            self._unwritten += 1
            return
        if self._unwritten:
            logger.warning("sessiontap: recording again; %d records were not written", self._unwritten)
            self._unwritten = 0


def load_price_table(settings: Settings) -> PriceTable:
    """The prices: the user's over ours. A user's file with a mistake is left out and named in the log."""
    ours = find("pricing.yaml")
    theirs = settings.user_pricing
    if theirs is not None:
        try:
            return load_prices(ours, theirs)
        except (PricingError, OSError) as error:
            logger.warning("sessiontap: your prices are not used, ours are: %s", error)
    return load_prices(ours)
