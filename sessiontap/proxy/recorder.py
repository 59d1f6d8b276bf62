"""Recorder: prices calls and writes them to the store, and keeps the traffic free of its troubles."""

from __future__ import annotations

import functools
import logging
import time
from collections import deque
from collections.abc import Callable
from dataclasses import replace

from sessiontap.bodies import CallBodies
from sessiontap.call import Call
from sessiontap.errors import PricingError, StoreError
from sessiontap.pricing import PriceTable, load_prices
from sessiontap.providers import DIRECTORY
from sessiontap.proxy.backlog import Backlog
from sessiontap.proxy.store_thread import StoreThread
from sessiontap.proxy.trouble import MOST_RECORDS, Trouble
from sessiontap.resources import find
from sessiontap.settings import Settings
from sessiontap.settle import Settling
from sessiontap.store import CallStore

logger = logging.getLogger(__name__)

RETRY_S = 1.0
"""How long a store that refused a record is left alone: each try may hold up the traffic for a moment."""

PIECE_S = 0.005
"""For how long records that have waited may hold up the traffic at a time, as they are written."""

_CLOSE_S = 5.0


class Recorder:
    """Takes calls as they start and end.

    Never raises on account of the store: the records of a session that cannot be written wait in memory,
    in order, and those of the others go on; one log line at the start of a trouble and one at its end say
    what happened.
    """

    def __init__(
        self,
        store: CallStore,
        prices: PriceTable,
        *,
        thread: StoreThread | None = None,
        trouble: Trouble | None = None,
        most_waiting: int = MOST_RECORDS,
        piece_s: float = PIECE_S,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Without a `thread` no bodies are stored, and nothing is given to the disk before its time."""
        self._store = store
        self._settling = Settling(prices, DIRECTORY.polled_apis)
        self._thread = thread
        self._trouble = trouble or Trouble()
        # Polls whose calls were looked for in the store: what came of it, put here by the thread.
        self._looked_up: deque[tuple[Call | None, Call, CallBodies | None]] = deque()
        self._backlog = Backlog(most_waiting)
        self._piece_s = piece_s
        self._clock = clock
        self._retry_at = 0.0

    def use(
        self,
        store: CallStore,
        prices: PriceTable,
        prepare: Callable[[CallBodies], CallBodies] | None = None,
    ) -> None:
        """Goes on with another store and other prices; what waits, waits for the new store."""
        self._store = store
        self._settling.prices = prices
        if self._thread is not None:
            self._thread.use(store, prepare)
        self._backlog.begin_round()
        self._retry_at = 0.0

    def started(self, call: Call) -> None:
        """Writes a call that is under way."""
        self._put(call)

    def ended(self, call: Call, *, poll: bool, bodies: CallBodies | None = None) -> Call | None:
        """Prices and writes an ended call, and gives it as written; None where a poll brought nothing new.

        The call is in the store when this returns, its bodies are soon after. A poll of a call that was not
        seen to start is looked for in the store first, and recorded soon after.
        """
        if poll and self._thread is not None and self._settling.unseen(call):
            self._thread.run(functools.partial(self._look_up, self._store, call, bodies))
            return None
        return self._settle(call, bodies, poll=poll)

    def _settle(self, call: Call, bodies: CallBodies | None, *, poll: bool) -> Call | None:
        settled = self._settling.ended(call, poll=poll)
        if settled is None:
            return None
        self._put(settled)
        if bodies is not None and self._thread is not None:
            # The result of a background call is that of the call that began it.
            self._thread.put(replace(bodies, call_id=settled.call_id, session_id=settled.session_id))
        return settled

    def tick(self) -> bool:
        """Records the polls that were looked up, and writes for a moment what waits, where its time has come.

        True where more can be written.
        """
        while self._looked_up:
            start, poll, bodies = self._looked_up.popleft()
            if start is not None:
                self._settling.found(start)
            self._settle(poll, bodies, poll=True)
        return self._catch_up()

    def _catch_up(self) -> bool:
        if not self._backlog or self._clock() < self._retry_at:
            return False
        return not self._retry(self._piece_s)

    def close(self) -> None:
        """Tries once more to write what waits, and says how much of it is lost for good."""
        if self._thread is not None:
            # First: polls that it looks up are calls still to be written.
            self._thread.finish()
        self.tick()
        self._backlog.begin_round()
        self._retry(_CLOSE_S)
        lost = len(self._backlog) + self._backlog.lost
        if self._thread is not None:
            lost += self._thread.close()
        if lost:
            logger.warning("sessiontap: the proxy ends with %d records that could not be written", lost)

    def _look_up(self, store: CallStore, poll: Call, bodies: CallBodies | None) -> None:
        """In the thread: finds the call whose result a poll has."""
        start = None
        try:
            start = store.answered(poll.host, poll.response_id or "")
        finally:
            # Not found for whatever reason, it is a call of its own.
            self._looked_up.append((start, poll, bodies))

    def _put(self, call: Call) -> None:
        self._catch_up()
        # Whatever of a session waits is written first, so that its records keep their order.
        if self._backlog.holds(call.session_id):
            self._backlog.add(call)
        elif not self._written(call):
            self._backlog.refused(call)

    def _retry(self, seconds: float) -> bool:
        """False where the time was up before everything was tried."""
        waited = bool(self._backlog)
        done = self._backlog.write(self._written, until=time.monotonic() + seconds)
        if done:
            self._retry_at = self._clock() + RETRY_S
        if waited and not self._backlog:
            written, lost = self._backlog.settled()
            self._trouble.ends("calls", written=written, lost=lost)
        return done

    def _written(self, call: Call) -> bool:
        try:
            self._store.append(call)
        except StoreError as error:
            self._trouble.refused("calls", error)
            self._retry_at = self._clock() + RETRY_S
            return False
        if self._thread is not None:
            self._thread.appended()
        return True


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
