"""Budgets: refuses calls where those before them have cost what they may, or are as many as there may be.

Promises: a call that has begun goes on to its end, so a session costs no more than its budget and the calls
that were under way as it was reached; what other proxies of the same home record counts as well, for the
budgets of a day within about a second; without a budget nothing is looked at.
"""

from __future__ import annotations

import contextlib
import functools
import logging
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal

from sessiontap.call import Call
from sessiontap.errors import StoreError
from sessiontap.recent import Recent
from sessiontap.settings import Settings
from sessiontap.store.day_spending import DaySpending, Of
from sessiontap.store.journal import printable
from sessiontap.store.notes import BudgetNote, Notes, percent
from sessiontap.store.spending import REFUSED, Spending, Spent
from sessiontap.times import rfc3339

logger = logging.getLogger(__name__)

KIND = REFUSED
"""The `error_type` of a call that was refused."""

_DAY = len("2026-11-23")
_MOST_TOLD = 10_000
_PERCENT = 100
# Of the budget; each is told once.
_STEPS = (100, 80, 50)


@dataclass(frozen=True, slots=True)
class _Limit:
    """One budget, and what is spent of it."""

    of: str
    """In a word: `session`, `day`, `user` or `name`."""
    whose: str
    """For people: `session abc`, `today`, `user ann today`."""
    spent: Spent
    budget: Decimal
    advice: str
    day: str = ""
    """On which it holds, `2026-11-23`; empty where it holds for good."""


class Budgets:
    """What the sessions of one home may cost. `settings` may change while it is in use."""

    def __init__(
        self,
        settings: Settings,
        run: Callable[[Callable[[], None]], None],
        *,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """`run` does a job in another thread; `clock` is seconds since the epoch."""
        self._settings = settings
        self._run = run
        self._clock = clock
        self._spending = Spending(settings.home)
        self._days = DaySpending(settings.home)
        self._looking = False
        self._told: Recent[tuple[str, str, Decimal], int] = Recent(_MOST_TOLD)
        self._stated: Recent[str, Decimal] = Recent(_MOST_TOLD)
        # The calls at whose beginning there was something to tell: it is noted when they are recorded.
        self._to_note: Recent[str, None] = Recent(_MOST_TOLD)
        self.tick()

    def use(self, settings: Settings) -> None:
        """Goes on with other settings."""
        if settings.home != self._settings.home:
            self._spending, self._days = Spending(settings.home), DaySpending(settings.home)
        self._settings = settings
        self.tick()

    def tick(self) -> None:
        """Has what others record of this day looked at, where a budget of a day asks for it."""
        if self._by_day and not self._looking:
            self._looking = True
            self._run(self._look)

    def started(self, call: Call) -> None:
        """Takes a call as it begins."""
        if self._settings.max_calls is not None:
            self._spending.started(call)

    def ended(self, call: Call) -> None:
        """Takes a call as it was recorded."""
        self._spending.recorded(call)
        if self._by_day:
            self._days.recorded(call)
        due = call.call_id in self._to_note
        self._to_note.take(call.call_id)
        for limit in self._limits(call, self._stated.get(call.session_id or "")):
            spent = self._usd(limit.spent)
            if self._tell(limit, spent) or (due and _step(limit, spent)):
                self._note(call, limit, spent)

    def over(self, call: Call, stated: Decimal | None) -> str | None:
        """Why a call that begins is refused; None where it is not. `stated` is the budget that it names."""
        if stated is not None and call.session_id is not None:
            self._stated.put(call.session_id, stated)
        for limit in self._limits(call, stated):
            spent = self._usd(limit.spent)
            if self._tell(limit, spent):
                self._to_note.put(call.call_id, None)
            if spent >= limit.budget:
                return (
                    f"sessiontap: {limit.whose} has cost ${spent:.4f} of its budget of ${limit.budget:f};"
                    f" this call was not sent. {limit.advice}"
                )
        most = self._settings.max_calls
        if most is not None and call.session_id is not None:
            count = self._spending.of(call.session_id).calls
            if count >= most:
                session = printable(call.session_id, 80)
                return (
                    f"sessiontap: session {session} has had {count:,} calls and may have {most:,}; this call"
                    " was not sent. Raise sessiontap_max_calls, or go on in another session."
                )
        return None

    @property
    def _by_day(self) -> bool:
        settings = self._settings
        return not (settings.budget_day is settings.budget_user is settings.budget_name is None)

    def _limits(self, call: Call, stated: Decimal | None) -> Iterator[_Limit]:
        settings = self._settings
        budget = stated if stated is not None else settings.budget
        if budget is not None and call.session_id is not None:
            yield _Limit(
                "session",
                f"session {printable(call.session_id, 80)}",
                self._spending.of(call.session_id),
                budget,
                "Raise the budget, or go on in another session.",
            )
        day = rfc3339(self._clock())[:_DAY]
        by_day: tuple[tuple[Of, str, Decimal | None, str], ...] = (
            (("day", ""), "this day (UTC)", settings.budget_day, "sessiontap_budget_day"),
            (
                ("user", call.user_id or ""),
                f"user {printable(call.user_id or '', 80)} on this day (UTC)",
                settings.budget_user if call.user_id else None,
                "sessiontap_budget_user",
            ),
            (
                ("name", call.session_name or ""),
                f"name {printable(call.session_name or '', 80)} on this day (UTC)",
                settings.budget_name if call.session_name else None,
                "sessiontap_budget_name",
            ),
        )
        for whose, said, budget_of, option in by_day:
            if budget_of is not None:
                spent = self._days.of(day, whose)
                yield _Limit(whose[0], said, spent, budget_of, f"Raise {option}, or go on tomorrow.", day)

    def _look(self) -> None:
        try:
            self._days.look(rfc3339(self._clock())[:_DAY])
        finally:
            self._looking = False

    def _usd(self, spent: Spent) -> Decimal:
        """What counts: calls without a price as the option says."""
        return spent.usd + spent.unpriced * (self._settings.unpriced_cost or Decimal(0))

    def _note(self, call: Call, limit: _Limit, spent: Decimal) -> None:
        """Keeps a warning with the session whose call brought it about, for receipt and page."""
        note = BudgetNote(
            whose=limit.whose, spent_usd=spent, budget_usd=limit.budget, at=rfc3339(self._clock())
        )
        self._run(functools.partial(_write, Notes(self._settings.home), call.session_id, limit.of, note))

    def _tell(self, limit: _Limit, spent: Decimal) -> bool:
        """Warns once of each step; False where there is nothing new to tell."""
        reached, step = percent(spent, limit.budget), _step(limit, spent)
        # Another day, or a budget that was raised, begins anew.
        key = limit.whose, limit.day, limit.budget
        if step <= (self._told.get(key) or 0):
            return False
        self._told.put(key, step)
        further = ", further calls are refused" if step == _PERCENT else ""
        missing = ""
        if limit.spent.unpriced and self._settings.unpriced_cost is None:
            missing = f"; {limit.spent.unpriced} calls without a price are not in it"
        logger.warning(
            "sessiontap: %s has cost $%.4f, %d %% of its budget of $%s%s%s",
            limit.whose,
            spent,
            reached,
            f"{limit.budget:f}",
            further,
            missing,
        )
        return True


def _step(limit: _Limit, spent: Decimal) -> int:
    """The last of the steps that is reached; 0 where none is."""
    reached = percent(spent, limit.budget)
    return next((step for step in _STEPS if reached >= step), 0)


def _write(notes: Notes, session_id: str | None, of: str, note: BudgetNote) -> None:
    # The trouble with the home is told where calls are written.
    with contextlib.suppress(StoreError):
        notes.warn(session_id, of, note)
