"""SessionState: what is kept of a session between two readings of its journal.

The sums of the calls that have ended, those under way whole, and of each ended call a fingerprint of its id:
a later version of it changes sums that cannot be taken apart again, so the session has to be read as a whole.
Two ids with one fingerprint only cost such a reading.
"""

from __future__ import annotations

import zlib
from array import array
from collections.abc import Callable, Iterable
from typing import Literal

import msgspec

from sessiontap.call import Call
from sessiontap.sessions.fold import Fold, Folding
from sessiontap.sessions.rollup import SessionSummary, summary_of, totals_of

Settle = Callable[[Call], Call]
"""Gives a call under way as it is to be shown."""

_Newest = tuple[str, str, str | None]
"""Start and id of a call, and its session's id."""

# An unsigned int, 32 bits.
_PACKED: Literal["I"] = "I"


class SessionState(msgspec.Struct, frozen=True, array_like=True):
    """As JSON by msgspec it can be read back on a machine with the same byte order."""

    fold: Fold = msgspec.field(default_factory=Fold)
    """Of the calls that have ended."""
    under_way: tuple[Call, ...] = ()
    ended_ids: bytes = b""
    """Four bytes each."""
    newest_ended: _Newest | None = None

    def with_calls(self, calls: Iterable[Call]) -> SessionState | None:
        """The state with new calls and new versions, one of each id; None where one had ended before."""
        under_way = {call.call_id: call for call in self.under_way}
        known = frozenset(memoryview(self.ended_ids).cast(_PACKED))
        folding, fresh, newest = Folding(self.fold), array(_PACKED), self.newest_ended
        for call in calls:
            mark = _fingerprint(call.call_id)
            if mark in known:
                return None
            if call.status == "running":
                under_way[call.call_id] = call
                continue
            under_way.pop(call.call_id, None)
            fresh.append(mark)
            folding.add(call)
            if newest is None or (call.started_at, call.call_id) > newest[:2]:
                newest = (call.started_at, call.call_id, call.session_id)
        return SessionState(
            folding.fold(), tuple(under_way.values()), self.ended_ids + fresh.tobytes(), newest
        )

    def __bool__(self) -> bool:
        """True where there is a call."""
        return bool(self.fold.groups or self.under_way)

    @property
    def session_id(self) -> str | None:
        """The session's id, as its newest call says it."""
        places = [(call.started_at, call.call_id, call.session_id) for call in self.under_way]
        if self.newest_ended is not None:
            places.append(self.newest_ended)
        return max(places, key=lambda place: place[:2])[2] if places else None

    def whole(self, settle: Settle) -> Fold:
        """The fold of all calls. Those under way are settled, here and nowhere else."""
        if not self.under_way:
            return self.fold
        folding = Folding(self.fold)
        for call in self.under_way:
            folding.add(settle(call))
        return folding.fold()

    def summary(self, settle: Settle) -> SessionSummary:
        """What the session comes to."""
        return summary_of(self.session_id, self.whole(settle))

    def totals(self, settle: Settle) -> SessionSummary:
        """The same without models and paths, for a tenth of the work."""
        return totals_of(self.session_id, self.whole(settle))


def _fingerprint(call_id: str) -> int:
    return zlib.crc32(call_id.encode("utf-8", "surrogatepass"))
