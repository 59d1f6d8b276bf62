"""DaySpending: what all calls of a day have cost, and those of each user and name, in a whole home.

Read in the background, by what every proxy of the home has recorded: sessions whose file was written to on
that day, each once and then only what is new. A proxy's own calls count at once.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Literal, TypeAlias

from sessiontap.call import Call
from sessiontap.errors import StoreError
from sessiontap.store.folders import CALLS_FILE
from sessiontap.store.records import START, Position, Stamp, read_from
from sessiontap.store.spending import Spent, known_cost
from sessiontap.store.stamps import session_stamps
from sessiontap.times import epoch_ms

Of: TypeAlias = tuple[Literal["day", "user", "name"], str]
"""Whose spending: the whole day's (with an empty text), a user's, a name's."""

_DAY = len("2026-11-23")
_NOTHING = Spent(Decimal(0), 0)


@dataclass(slots=True)
class _Day:
    day: str = ""
    costs: dict[str, Decimal | None] = field(default_factory=dict)
    """Of each call of the day that has ended."""
    sums: dict[Of, Spent] = field(default_factory=dict)


class DaySpending:
    """The spending of the present day (UTC) in one home. For use by several threads."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._lock = threading.Lock()
        self._today = _Day()
        # Of the thread that looks: what it has read for which day.
        self._read_for = ""
        self._read: dict[str, tuple[Stamp, Position]] = {}

    def of(self, day: str, whose: Of) -> Spent:
        """What has been spent on a day, as far as it is known by now."""
        with self._lock:
            return self._today.sums.get(whose, _NOTHING) if self._today.day == day else _NOTHING

    def recorded(self, call: Call) -> None:
        """Takes a call that has ended, which the store may not have yet."""
        with self._lock:
            # The clock that goes over to the next day here is the proxy's own.
            if call.started_at[:_DAY] > self._today.day:
                self._begin(call.started_at[:_DAY])
            self._put(call)

    def look(self, day: str) -> None:
        """Reads what was recorded of a day since the last look. Takes as long as the disk does.

        What cannot be read is passed over: the recorder tells of it.
        """
        with self._lock:
            self._begin(day)
        if self._read_for != day:
            self._read_for = day
            self._read.clear()
        try:
            stamps = session_stamps(self._home)
        except StoreError:
            return
        begun_ns = epoch_ms(f"{day}T00:00:00.000Z") * 1_000_000
        for key, stamp in stamps.items():
            if isinstance(stamp, OSError) or stamp.mtime_ns < begun_ns:
                continue
            known, start = self._read.get(key, (None, START))
            if known != stamp:
                with suppress(OSError):
                    self._read_on(key, stamp, start)

    def _read_on(self, key: str, stamp: Stamp, start: Position) -> None:
        path = self._home / "sessions" / key / CALLS_FILE
        reading = read_from(path, start, patient=False) or read_from(path, patient=False)
        if reading is None:
            return
        with self._lock:
            for call in reading.calls.values():
                if call.status != "running":
                    self._put(call)
        if reading.end is not None:
            self._read[key] = stamp, reading.end

    def _begin(self, day: str) -> None:
        """Forgets another day."""
        if self._today.day != day:
            self._today = _Day(day)

    def _put(self, call: Call) -> None:
        # A call of a later day has somebody else's clock, which may be years ahead.
        if call.started_at[:_DAY] != self._today.day:
            return
        former, cost = self._today.costs.get(call.call_id, Decimal(0)), known_cost(call)
        self._today.costs[call.call_id] = cost
        for whose in _whose(call):
            spent = self._today.sums.get(whose, _NOTHING)
            self._today.sums[whose] = Spent(
                usd=spent.usd - (former or 0) + (cost or 0),
                unpriced=spent.unpriced - (former is None) + (cost is None),
            )


def _whose(call: Call) -> Iterator[Of]:
    yield "day", ""
    if call.user_id:
        yield "user", call.user_id
    if call.session_name:
        yield "name", call.session_name
