"""Spending: what sessions have cost so far, by what every proxy of a home has recorded of them."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path

from sessiontap.call import UNRECORDED, Call, is_amount
from sessiontap.recent import Recent
from sessiontap.store.folders import CALLS_FILE, folder_key
from sessiontap.store.records import START, Position, read_from

REFUSED = "budget"
"""The `error_type` of a call that was refused because of what calls before it cost, or how many they were."""

_MOST_SESSIONS = 1_000


@dataclass(frozen=True, slots=True)
class Spent:
    """The sum over a session's calls."""

    usd: Decimal
    unpriced: int
    """How many calls are not in it, because nothing says their price."""
    calls: int = 0
    """How many calls there are, those under way too; those that were refused, and those that were
    played back, do not count: they were not sent."""


@dataclass(slots=True)
class _Session:
    read_to: Position = START
    calls: dict[str, Decimal | None] = field(default_factory=dict)
    """What each of them cost; None where that is not known."""
    spent: Spent = Spent(Decimal(0), 0)
    """Their sum, kept as they come: it is asked for before each call."""
    begun: set[str] = field(default_factory=set)
    """The ids of all calls, those under way too."""

    def put(self, call: Call) -> None:
        """Takes a call that has ended, or a later version of one."""
        former, cost = self.calls.get(call.call_id, Decimal(0)), known_cost(call)
        self.calls[call.call_id] = cost
        if call.error_type in {REFUSED, UNRECORDED} or call.cost_source == "playback":
            self.begun.discard(call.call_id)
        else:
            self.begun.add(call.call_id)
        self.spent = Spent(
            usd=self.spent.usd - (former or 0) + (cost or 0),
            unpriced=self.spent.unpriced - (former is None) + (cost is None),
            calls=len(self.begun),
        )

    def start(self, call: Call) -> None:
        """Takes a call that begins."""
        self.begun.add(call.call_id)
        self.spent = replace(self.spent, calls=len(self.begun))


class Spending:
    """The spending in one home. The first look at a session reads it whole, later ones only what is new.

    Keeps the last 1,000 sessions that were asked for. For use by one thread.
    """

    def __init__(self, home: Path) -> None:
        self._home = home
        self._sessions: Recent[str, _Session] = Recent(_MOST_SESSIONS)

    def started(self, call: Call) -> None:
        """Takes a call that begins, which the store may not have yet."""
        session = self._sessions.get(call.session_id or "")
        if session is not None:
            session.start(call)

    def recorded(self, call: Call) -> None:
        """Takes a call that has ended, which the store may not have yet."""
        session = self._sessions.get(call.session_id or "")
        if session is not None:
            session.put(call)

    def of(self, session_id: str) -> Spent:
        """What a session has cost. What cannot be read is what this proxy knows of it."""
        session = self._sessions.get(session_id) or _Session()
        self._sessions.put(session_id, session)
        # Not there yet, or in trouble, of which the recorder tells.
        with suppress(OSError):
            self._read_on(session, self._home / "sessions" / folder_key(session_id) / CALLS_FILE)
        return session.spent

    def _read_on(self, session: _Session, path: Path) -> None:
        reading = read_from(path, session.read_to, patient=False)
        if reading is None:
            # Rewritten or made anew. What was spent before stays spent.
            reading = read_from(path, patient=False)
        if reading is None:
            return
        for call in reading.calls.values():
            if call.status != "running":
                session.put(call)
            elif call.call_id not in session.calls:
                session.start(call)
        if reading.end is not None:
            session.read_to = reading.end


def known_cost(call: Call) -> Decimal | None:
    """What a call that has ended cost; None where nothing says its price."""
    if call.unpriced:
        return None
    return call.cost_usd if call.cost_usd is not None and is_amount(call.cost_usd) else Decimal(0)
