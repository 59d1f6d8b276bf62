"""Spread: the middle and the upper end of some amounts, by nearest rank: each is one of the amounts.

https://en.wikipedia.org/wiki/Percentile#The_nearest-rank_method
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Generic, TypeVar

import msgspec

N = TypeVar("N", int, float, Decimal)


class Spread(msgspec.Struct, Generic[N], frozen=True):
    """So many percent of the amounts are not above each of these."""

    count: int
    p50: N
    p95: N
    p99: N
    most: N


def spread(amounts: Iterable[N | None]) -> Spread[N] | None:
    """The spread of the amounts that are known; None where none is."""
    ordered = sorted(amount for amount in amounts if amount is not None)
    if not ordered:
        return None
    return Spread(len(ordered), _rank(ordered, 50), _rank(ordered, 95), _rank(ordered, 99), ordered[-1])


def _rank(ordered: Sequence[N], percent: int) -> N:
    """The smallest amount that is not below so many percent of all."""
    return ordered[max(0, -(-len(ordered) * percent // 100) - 1)]
