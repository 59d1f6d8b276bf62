"""Backlog: the records that wait for a store that refused them, in order within each session.

It is written in rounds. A session that is refused in a round is not tried again before the next, so that it
costs one try and holds up no other; a round may be done in pieces, so that many records hold up no traffic.
"""

from __future__ import annotations

import time
from collections import Counter, deque
from collections.abc import Callable

from sessiontap.call import Call


class Backlog:
    """At most so many records; beyond that the oldest are lost."""

    def __init__(self, most: int) -> None:
        self._most = most
        # Of a session, those that were tried in the round under way are older than those that were not.
        self._tried: deque[Call] = deque()
        self._untried: deque[Call] = deque()
        self._refused: set[str | None] = set()
        self._of_session: Counter[str | None] = Counter()
        self.written = 0
        self.lost = 0

    def __len__(self) -> int:
        return len(self._tried) + len(self._untried)

    def holds(self, session_id: str | None) -> bool:
        """True where something of the session waits: what is new of it has to wait, too."""
        return session_id in self._of_session

    def refused(self, call: Call) -> None:
        """Takes a call that the store has just refused: its session waits for the next round."""
        self._refused.add(call.session_id)
        self.add(call)

    def add(self, call: Call) -> None:
        """Takes a call, behind all that waits of its session."""
        (self._untried or self._tried).append(call)
        self._of_session[call.session_id] += 1
        while len(self) > self._most:
            self._gone((self._tried or self._untried).popleft())
            self.lost += 1

    def write(self, write: Callable[[Call], bool], *, until: float) -> bool:
        """Tries what waits, each session until it is refused; False where the time was up before the end.

        Then the next `write` goes on from there. `until` is a moment of `time.monotonic`; one call is
        tried in any case.
        """
        if not self._untried:
            self.begin_round()
        while self._untried:
            call = self._untried.popleft()
            if call.session_id not in self._refused and write(call):
                self._gone(call)
                self.written += 1
            else:
                self._refused.add(call.session_id)
                self._tried.append(call)
            if self._untried and time.monotonic() >= until:
                return False
        return True

    def begin_round(self) -> None:
        """Has everything tried again."""
        self._tried.extend(self._untried)
        self._tried, self._untried = deque(), self._tried
        self._refused.clear()

    def settled(self) -> tuple[int, int]:
        """How many records were written and how many lost since this was asked last."""
        counts = self.written, self.lost
        self.written = self.lost = 0
        return counts

    def _gone(self, call: Call) -> None:
        self._of_session[call.session_id] -= 1
        if not self._of_session[call.session_id]:
            del self._of_session[call.session_id]
