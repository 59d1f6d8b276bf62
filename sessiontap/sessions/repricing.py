"""Repricing: what pricing calls again changes about their cost, call by call and in total."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal

import msgspec

from sessiontap.call import Call
from sessiontap.sessions.gaps import Gap, Gaps
from sessiontap.sessions.tally import Tally


class Sum(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The cost of some calls; None where none of them has one."""

    cost_usd: Decimal | None = None
    unpriced_calls: int


class ModelChange(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The calls of a model whose cost is another one now."""

    provider: str
    model: str | None = None
    calls: int
    before: Sum
    after: Sum


class Repriced(msgspec.Struct, frozen=True, kw_only=True):
    """What came of it."""

    calls: int
    """All that were looked at; `before` and `after` are their sums."""
    priced: int
    """Calls that had no cost and have one now."""
    changed: int
    """Calls whose cost or price is another one now."""
    lost: int
    """Calls that had a cost and have none now."""
    stated: int
    """Calls that keep the cost that their provider stated."""
    before: Sum
    after: Sum
    models: tuple[ModelChange, ...]
    unpriced: tuple[Gap, ...]
    """What stays without a price, and why."""


@dataclass(slots=True)
class _Pair:
    before: Tally = field(default_factory=Tally)
    after: Tally = field(default_factory=Tally)

    def add(self, before: Call, after: Call) -> None:
        self.before.add(before)
        self.after.add(after)


@dataclass(slots=True)
class Repricing:
    """Takes calls one at a time, each as it was and as it is now (the same where nothing was done)."""

    _all: _Pair = field(default_factory=_Pair)
    _models: dict[tuple[str, str | None], _Pair] = field(default_factory=dict)
    _gaps: Gaps = field(default_factory=Gaps)
    _priced: int = 0
    _changed: int = 0
    _lost: int = 0
    _stated: int = 0

    @property
    def calls(self) -> int:
        """How many it has taken."""
        return self._all.before.calls

    def add(self, before: Call, after: Call) -> None:
        """Counts one call."""
        self._all.add(before, after)
        self._stated += before.cost_source == "provider"
        if after.unpriced:
            self._gaps.add(after)
        if before.cost_usd is None and after.cost_usd is not None:
            self._priced += 1
        elif before.cost_usd is not None and after.cost_usd is None:
            self._lost += 1
        elif _price(before) != _price(after):
            self._changed += 1
        else:
            return
        self._models.setdefault((after.provider, after.model), _Pair()).add(before, after)

    def result(self) -> Repriced:
        """What came of the calls so far; models with the most changed calls first."""
        rows = [
            ModelChange(
                provider=provider,
                model=model,
                calls=pair.before.calls,
                before=_sum(pair.before),
                after=_sum(pair.after),
            )
            for (provider, model), pair in self._models.items()
        ]
        return Repriced(
            calls=self.calls,
            priced=self._priced,
            changed=self._changed,
            lost=self._lost,
            stated=self._stated,
            before=_sum(self._all.before),
            after=_sum(self._all.after),
            models=tuple(sorted(rows, key=lambda row: (-row.calls, row.provider, row.model or ""))),
            unpriced=tuple(self._gaps.found()),
        )


def _price(call: Call) -> object:
    return call.cost_usd, call.cost_breakdown, call.price_id


def _sum(tally: Tally) -> Sum:
    return Sum(cost_usd=tally.cost_usd, unpriced_calls=tally.unpriced_calls)
