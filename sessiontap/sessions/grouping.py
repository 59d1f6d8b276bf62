"""Grouping: what the calls of many sessions come to by day, model, user, agent, name or property.

All but a property come out of the sessions' folds, without reading a call. Every call is in one group; only
one that billed several models is in each of these with its part. A name is the session's as a whole.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

import msgspec

from sessiontap.call import Call
from sessiontap.sessions.filters import product_of
from sessiontap.sessions.fold import Fold, Group, tally_of
from sessiontap.sessions.rollup import SessionSummary, model_tallies
from sessiontap.sessions.tally import Tally, Totals

PROPERTY = "property:"
"""What a property's key stands behind."""


class Grouped(msgspec.Struct, frozen=True, kw_only=True):
    """The calls that have something in common."""

    name: str | None
    """A day as `2026-11-23` (UTC), an agent without its version. None: the calls of which it is not known."""
    sessions: int
    """How many sessions have such a call."""
    totals: Totals


_KEYS: Mapping[str, Callable[[Group], str | None]] = MappingProxyType(
    {
        "day": lambda group: group.key.day or None,
        "user": lambda group: group.key.user_id or None,
        "agent": lambda group: product_of(group.key.agent) or None,
    }
)
NAMES = ("day", "model", "user", "agent", "name")
"""By what can be grouped, beside a property."""


@dataclass(slots=True)
class Grouping:
    """Takes sessions one at a time, each once. `by` is one of `NAMES`, or `property:` and a key."""

    by: str
    _tallies: dict[str | None, Tally] = field(default_factory=dict)
    _sessions: dict[str | None, int] = field(default_factory=dict)
    _whole: Tally = field(default_factory=Tally)
    _all_sessions: int = 0

    @property
    def reads_calls(self) -> bool:
        """True where sessions have to be given by their calls: their folds do not know properties."""
        return self.by.startswith(PROPERTY)

    def add(self, name: str | None, fold: Fold) -> None:
        """Adds the calls of a fold; `name` is their session's, whatever single calls say."""
        tallies = [tally_of(group) for group in fold.groups]
        if self.by == "model":
            self._merge(model_tallies(fold).items(), tallies)
        elif self.by == "name":
            self._merge(((name or None, tally) for tally in tallies), tallies)
        else:
            key = _KEYS[self.by]
            self._merge(zip(map(key, fold.groups), tallies, strict=True), tallies)

    def add_alike(self, key: str | None, totals: SessionSummary) -> None:
        """Adds a session all of whose calls are of one group."""
        tally = Tally(
            calls=totals.calls,
            running=totals.running,
            errors=totals.errors,
            unpriced_calls=totals.unpriced_calls,
            estimated_calls=totals.estimated_calls,
            cost_usd=totals.cost_usd,
            notional_cost_usd=totals.notional_cost_usd,
            latency_ms=totals.latency_ms,
            started_at=totals.started_at,
            ended_at=totals.ended_at,
            used=totals.usage.known(),
        )
        self._merge([(key or None, tally)], [tally])

    def add_calls(self, calls: Iterable[Call]) -> None:
        """Adds a session by its calls, for a property. Its key compares without case, as in filters."""
        wanted = self.by.removeprefix(PROPERTY).casefold()
        tallies: dict[str | None, Tally] = {}
        for call in calls:
            values = (value for key, value in call.properties.items() if key.casefold() == wanted)
            tallies.setdefault(next(values, None), Tally()).add(call)
        self._merge(tallies.items(), tallies.values())

    def groups(self) -> list[Grouped]:
        """Days from the first to the last; anything else the dearest first, then by calls.

        What is not known comes last.
        """
        found = [
            Grouped(name=name, sessions=self._sessions[name], totals=tally.totals())
            for name, tally in self._tallies.items()
        ]
        found.sort(key=lambda each: each.name or "")
        if self.by != "day":
            found.sort(key=_dearest)
        return sorted(found, key=lambda each: each.name is None)

    def whole(self) -> Grouped:
        """All of it: here a session, or a call, that is in several groups counts once."""
        return Grouped(name=None, sessions=self._all_sessions, totals=self._whole.totals())

    def _merge(self, tallies: Iterable[tuple[str | None, Tally]], whole: Iterable[Tally]) -> None:
        """Adds those of one session, and what all of them come to."""
        names: set[str | None] = set()
        for name, tally in tallies:
            self._tallies.setdefault(name, Tally()).merge(tally)
            names.add(name)
        for name in names:
            self._sessions[name] = self._sessions.get(name, 0) + 1
        for tally in whole:
            self._whole.merge(tally)
        self._all_sessions += bool(names)


def _dearest(group: Grouped) -> tuple[bool, float, int]:
    cost = group.totals.cost_usd
    return (cost is None, -float(cost or 0), -group.totals.calls)
