"""Recording: where the calls of a proxy go, and who wants to know of them; all for one home at a time."""

from __future__ import annotations

import functools
from collections.abc import Callable
from decimal import Decimal

from sessiontap.bodies import CallBodies, text_only
from sessiontap.call import Call
from sessiontap.masking import Masker
from sessiontap.proxy.budget import Budgets
from sessiontap.proxy.heartbeat import Pulse
from sessiontap.proxy.recorder import Recorder, load_price_table
from sessiontap.proxy.refusals import Refusals
from sessiontap.proxy.session_end import SessionEnds
from sessiontap.proxy.store_thread import StoreThread
from sessiontap.proxy.trouble import Trouble
from sessiontap.settings import Settings
from sessiontap.store import Ledger

# How long another writer may hold up our event loop; what is not written then waits in memory, where a crash
# loses it. On a busy machine one that has the lock may have to wait for a core, or for the disk's journal.
_LOCK_TIMEOUT_S = 0.1


class Recording:
    """The store with its recorder and its thread, the budgets, and who has refused our certificate."""

    def __init__(
        self, settings: Settings, masker: Masker, *, on_fault: Callable[[str, Exception], None]
    ) -> None:
        """`on_fault` is told where something went wrong in the background, and what."""
        self._settings = settings
        self._trouble = Trouble()
        self._ledger = _ledger(settings, masker)
        thread = StoreThread(
            self._ledger,
            self._trouble,
            on_fault=functools.partial(on_fault, "bodies"),
            prepare=_prepare(settings),
        )
        prices = load_price_table(settings)
        self._recorder = Recorder(self._ledger, prices, thread=thread, trouble=self._trouble)
        self._budgets = Budgets(settings, thread.run)
        self._ends = SessionEnds(settings, on_fault=functools.partial(on_fault, "session end"))
        self.refusals = Refusals(thread.run)

    def use(self, settings: Settings, masker: Masker) -> None:
        """Goes on with other settings; what waits for the store waits for the new one."""
        self._settings = settings
        former, self._ledger = self._ledger, _ledger(settings, masker)
        self._recorder.use(self._ledger, load_price_table(settings), _prepare(settings))
        self._budgets.use(settings)
        self._ends.use(settings)
        former.close()

    def started(self, call: Call) -> None:
        """Writes a call that is under way."""
        self._recorder.started(call)
        self._budgets.started(call)
        self._ends.started(call)

    def ended(self, call: Call, *, poll: bool, bodies: CallBodies | None) -> Call | None:
        """Prices and writes an ended call; see `Recorder.ended`."""
        written = self._recorder.ended(call, poll=poll, bodies=bodies)
        self.refusals.recorded(call.host, call.started_at)
        self._budgets.ended(written or call)
        self._ends.ended(written or call)
        return written

    def over_budget(self, call: Call, stated: Decimal | None) -> str | None:
        """Why a call that begins is refused; None where it is not. `stated` is the budget that it names."""
        return self._budgets.over(call, stated)

    def tick(self) -> bool:
        """Writes for a moment what waits; True where more can be written."""
        more = self._recorder.tick()
        self.refusals.write(self._settings.home)
        self._budgets.tick()
        self._ends.tick()
        return more

    def pulse(self) -> Pulse:
        """What the heartbeat says of it."""
        settings = self._settings
        return Pulse(
            settings.home,
            settings.ca_file,
            self._ledger.proxy_id,
            self._trouble.current,
            self.refusals.seen,
        )

    def close(self) -> None:
        """Writes what waits, as far as that can be done, and closes the store."""
        try:
            self.refusals.write(self._settings.home)
        finally:
            self._recorder.close()
            self._ledger.close()
            self._ends.close()


def _ledger(settings: Settings, masker: Masker) -> Ledger:
    return Ledger(settings.home, lock_timeout_s=_LOCK_TIMEOUT_S, masker=masker)


def _prepare(settings: Settings) -> Callable[[CallBodies], CallBodies] | None:
    return text_only if settings.capture == "text" else None
