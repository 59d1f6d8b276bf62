"""Figures: what those calls of a session that are asked for come to, out of the sums of the catalogue."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TypeVar

from sessiontap.sessions.fold import Group
from sessiontap.times import epoch_ms

N = TypeVar("N", int, Decimal)


@dataclass(slots=True)
class Figures:
    """A running sum; None is not known."""

    session_id: str
    name: str
    """The session's newest; empty where it has none."""
    calls: int = 0
    running: int = 0
    unpriced_calls: int = 0
    cost_usd: Decimal | None = None
    input_tokens: int | None = None
    output_tokens: int | None = None
    latency_ms: int | None = None
    """The sum of the durations of `timed` calls."""
    timed: int = 0
    first: str = ""
    """When the first of the calls started."""
    last: str = ""
    """When the last of them did."""
    ended_at: str | None = None
    users: dict[str, None] = field(default_factory=dict)
    """In the order in which they came up."""

    def add(self, groups: Iterable[Group]) -> Figures:
        """Adds calls that are alike."""
        for group in sorted(groups, key=lambda group: group.first):
            first, last, used = group.first[0], group.last[0], group.used
            self.calls += group.calls
            self.running += group.running
            self.unpriced_calls += group.unpriced_calls
            self.timed += group.timed
            self.cost_usd = _sum(self.cost_usd, group.cost_usd)
            self.latency_ms = _sum(self.latency_ms, group.latency_ms)
            self.input_tokens = _sum(self.input_tokens, used.get("input_tokens"))
            self.output_tokens = _sum(self.output_tokens, used.get("output_tokens"))
            self.first = min(self.first or first, first)
            self.last = max(self.last, last)
            self.ended_at = max(filter(None, (self.ended_at, group.ended_at)), default=None)
            if group.key.user_id:
                self.users[group.key.user_id] = None
        return self

    @property
    def total_tokens(self) -> int | None:
        """Input and output."""
        return _sum(self.input_tokens, self.output_tokens)

    @property
    def average_latency_ms(self) -> float | None:
        """Of the calls whose duration is known."""
        return self.latency_ms / self.timed if self.latency_ms is not None and self.timed else None

    @property
    def seconds(self) -> float | None:
        """From the start of the first call to the end of the last to end; None while one is under way."""
        if self.running or self.ended_at is None:
            return None
        return max(0, epoch_ms(self.ended_at) - epoch_ms(self.first)) / 1000

    @property
    def billed(self) -> bool:
        """Whether something was, or may yet be, billed whose cost or size is not known."""
        return bool(self.unpriced_calls or self.running)


def _sum(one: N | None, other: N | None) -> N | None:
    return other if one is None else one if other is None else one + other
