"""Percentiles by nearest rank."""

from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from sessiontap.sessions.spread import Spread, spread


def test_known_amounts() -> None:
    """Each is one of the amounts; what is not known is left out."""
    assert spread(range(1, 101)) == Spread(100, 50, 95, 99, 100)
    assert spread([30, None, 10, 20]) == Spread(3, 20, 30, 30, 30)
    assert spread([7]) == Spread(1, 7, 7, 7, 7)
    assert spread([None]) is None


@given(st.lists(st.integers(0, 10**6), min_size=1))
def test_a_percentile_is_the_smallest_that_covers_so_many(amounts: list[int]) -> None:
    """As the definition has it: at least P percent are not above it, and fewer are below it."""
    found = spread(amounts)
    assert found is not None
    for percent, amount in ((50, found.p50), (95, found.p95), (99, found.p99)):
        assert amount in amounts
        assert sum(each <= amount for each in amounts) >= percent / 100 * len(amounts)
        assert sum(each < amount for each in amounts) < math.ceil(percent / 100 * len(amounts))
