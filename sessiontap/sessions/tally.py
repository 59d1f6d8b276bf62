"""Tally: a running sum over calls, and Totals, what it came to.

Nothing unknown is counted as 0: a cost, a latency or a token class that no call knows stays
None, and `unpriced_calls` says how many calls are missing from `cost_usd`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal

import msgspec

from sessiontap.call import Call, is_amount
from sessiontap.times import epoch_ms
from sessiontap.usage import Usage


class Totals(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a set of calls comes to. Durations are milliseconds; None is *not known*."""

    calls: int
    running: int
    errors: int
    unpriced_calls: int
    estimated_calls: int = 0
    """Calls whose usage is an estimate: `usage` and `cost_usd` hold it."""
    usage: Usage = Usage()
    cost_usd: Decimal | None = None
    """The sum of the costs that are known; None where no call has one."""
    notional_cost_usd: Decimal | None = None
    """The part of `cost_usd` that a subscription pays for."""
    started_at: str | None = None
    ended_at: str | None = None
    """The latest end, whichever call started last."""
    duration_ms: int | None = None
    """Wall time: the latest end minus the earliest start."""
    latency_ms: int | None = None
    """The sum of the calls' own durations."""


@dataclass(slots=True)
class Tally:
    """Adds calls up one at a time; two tallies of different calls can be merged."""

    calls: int = 0
    running: int = 0
    errors: int = 0
    unpriced_calls: int = 0
    estimated_calls: int = 0
    cost_usd: Decimal | None = None
    notional_cost_usd: Decimal | None = None
    latency_ms: int | None = None
    started_at: str | None = None
    ended_at: str | None = None
    used: dict[str, int] = field(default_factory=dict)
    """Tokens by class, as far as they are known."""

    def add(self, call: Call) -> None:
        """Counts one call; a failure that was retried is an error like any other."""
        self.calls += 1
        self.running += call.status == "running"
        self.errors += call.status == "error"
        self.unpriced_calls += call.unpriced
        self.estimated_calls += call.usage_source == "estimated"
        self.add_usage(call.usage)
        self.add_cost(call.cost_usd, notional=call.billing == "subscription")
        if call.duration_ms is not None:
            self.latency_ms = (self.latency_ms or 0) + call.duration_ms
        self._cover(call.started_at, call.ended_at)

    def add_usage(self, usage: Usage) -> None:
        """Adds the classes that are known."""
        for name, value in usage.known().items():
            self.used[name] = self.used.get(name, 0) + value

    def add_cost(self, cost: Decimal | None, *, notional: bool) -> None:
        """Adds a known cost in USD; what is no amount, such as NaN, is not known."""
        if cost is None or not is_amount(cost):
            return
        self.cost_usd = cost if self.cost_usd is None else self.cost_usd + cost
        paid_by_plan = cost if notional else Decimal(0)
        self.notional_cost_usd = (self.notional_cost_usd or Decimal(0)) + paid_by_plan

    def merge(self, other: Tally) -> None:
        """Adds what another tally counted; the two must not share a call."""
        self.calls += other.calls
        self.running += other.running
        self.errors += other.errors
        self.unpriced_calls += other.unpriced_calls
        self.estimated_calls += other.estimated_calls
        for name, value in other.used.items():
            self.used[name] = self.used.get(name, 0) + value
        if other.cost_usd is not None:
            self.cost_usd = (self.cost_usd or Decimal(0)) + other.cost_usd
            self.notional_cost_usd = (self.notional_cost_usd or Decimal(0)) + (
                other.notional_cost_usd or Decimal(0)
            )
        if other.latency_ms is not None:
            self.latency_ms = (self.latency_ms or 0) + other.latency_ms
        if other.started_at is not None:
            self._cover(other.started_at, other.ended_at)

    def usage(self) -> Usage:
        """The tokens so far."""
        return Usage(**self.used)

    def totals(self) -> Totals:
        """What has been counted so far, frozen."""
        return Totals(
            calls=self.calls,
            running=self.running,
            errors=self.errors,
            unpriced_calls=self.unpriced_calls,
            estimated_calls=self.estimated_calls,
            usage=self.usage(),
            cost_usd=self.cost_usd,
            notional_cost_usd=self.notional_cost_usd,
            started_at=self.started_at,
            ended_at=self.ended_at,
            duration_ms=_between(self.started_at, self.ended_at),
            latency_ms=self.latency_ms,
        )

    def _cover(self, started_at: str, ended_at: str | None) -> None:
        # The record's times sort as text, which spares parsing two of them for every call.
        if self.started_at is None or started_at < self.started_at:
            self.started_at = started_at
        if ended_at is not None and (self.ended_at is None or ended_at > self.ended_at):
            self.ended_at = ended_at


def _between(started_at: str | None, ended_at: str | None) -> int | None:
    """Milliseconds from start to end, >= 0; None where one is missing or no time."""
    if started_at is None or ended_at is None:
        return None
    try:
        return max(0, epoch_ms(ended_at) - epoch_ms(started_at))
    except (ValueError, OverflowError):
        return None
