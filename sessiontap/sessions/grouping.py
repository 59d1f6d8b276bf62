"""Grouping: what the calls of many sessions come to by day, model, user, agent, name or property.

All but a property come out of the sessions' folds, without reading a call. Every call is in one group; only
one that billed several models is in each of these with its part.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from types import MappingProxyType

import msgspec

from sessiontap.call import Call
from sessiontap.sessions.fold import Fold, Group, tally_of
from sessiontap.sessions.rollup import model_tallies, totals_of
from sessiontap.sessions.tally import Tally, Totals

PROPERTY = "property:"
"""What a property's key stands behind."""


class Grouped(msgspec.Struct, frozen=True, kw_only=True):
    """The calls that have something in common."""

    name: str | None
    """None: the calls of which it is not known."""
    sessions: int
    """How many sessions have such a call."""
    totals: Totals


_KEYS: Mapping[str, Callable[[Group], str | None]] = MappingProxyType(
    {
        "day": lambda group: group.key.day,
        "user": lambda group: group.key.user_id or None,
        "agent": lambda group: group.key.agent,
    }
)
NAMES = ("day", "model", "user", "agent", "name")
"""By what can be grouped, beside a property."""


@dataclass(slots=True)
class Grouping:
    """Takes sessions one at a time. `by` is one of `NAMES`, or `property:` and a key."""

    by: str
    _tallies: dict[str | None, Tally] = field(default_factory=dict)
    _sessions: dict[str | None, int] = field(default_factory=dict)

    @property
    def reads_calls(self) -> bool:
        """True where sessions have to be given by their calls: their folds do not know properties."""
        return self.by.startswith(PROPERTY)

    def add(self, fold: Fold) -> None:
        """Adds a session by its fold."""
        if self.by == "model":
            self._merge(model_tallies(fold).items())
        elif self.by == "name":
            name = totals_of(None, fold).name
            self._merge((name, tally_of(group)) for group in fold.groups)
        else:
            key = _KEYS[self.by]
            self._merge((key(group), tally_of(group)) for group in fold.groups)

    def add_calls(self, calls: Iterable[Call]) -> None:
        """Adds a session by its calls, for a property. Its key compares without case, as in filters."""
        wanted = self.by.removeprefix(PROPERTY).casefold()
        tallies: dict[str | None, Tally] = {}
        for call in calls:
            values = (value for key, value in call.properties.items() if key.casefold() == wanted)
            tallies.setdefault(next(values, None), Tally()).add(call)
        self._merge(tallies.items())

    def groups(self) -> list[Grouped]:
        """Days from the first to the last; anything else the dearest first, then by calls."""
        found = [
            Grouped(name=name, sessions=self._sessions[name], totals=tally.totals())
            for name, tally in self._tallies.items()
        ]
        if self.by == "day":
            return sorted(found, key=lambda each: each.name or "")
        return sorted(
            found, key=lambda each: (-(each.totals.cost_usd or 0), -each.totals.calls, each.name or "")
        )

    def _merge(self, tallies: Iterable[tuple[str | None, Tally]]) -> None:
        names: set[str | None] = set()
        for name, tally in tallies:
            self._tallies.setdefault(name, Tally()).merge(tally)
            names.add(name)
        for name in names:
            self._sessions[name] = self._sessions.get(name, 0) + 1


def _dearest(group: Grouped) -> tuple[Decimal, int, str]:
    return (-(group.totals.cost_usd or Decimal(0)), -group.totals.calls, group.name or "")
