from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest

from sessiontap.call import Call
from sessiontap.pricing import PriceTable

_PEAKS = """\
models:
  m:
    input: 1
    output: 2
    service: {batch: {x: 0.5}}
    schedule:
      - {days: mon-fri, hours: 01:00-04:00, x: 2}
      - {days: sat, hours: 22:00-02:00, x: {input: 3}}
      - {hours: 12:00-24:00, x: 0.5}
"""


@pytest.mark.parametrize(
    ("at", "factors"),
    [
        # 2026-11-23 is a Monday.
        ("2026-11-23T00:59:59.999Z", (1, 1)),
        ("2026-11-23T01:00:00.000Z", (2, 2)),
        ("2026-11-23T03:59:59.999Z", (2, 2)),
        ("2026-11-23T04:00:00.000Z", (1, 1)),
        ("2026-11-23T02:00:00.000+05:00", (Decimal("0.5"), Decimal("0.5"))),
        ("2026-11-27T01:00:00.000Z", (2, 2)),
        ("2026-11-28T01:00:00.000Z", (1, 1)),
        ("2026-11-28T21:59:59.999Z", (Decimal("0.5"), Decimal("0.5"))),
        ("2026-11-28T22:00:00.000Z", (3, 1)),
        ("2026-11-29T01:59:59.999Z", (3, 1)),
        ("2026-11-29T02:00:00.000Z", (1, 1)),
        ("2026-11-29T23:59:59.999Z", (Decimal("0.5"), Decimal("0.5"))),
        ("2026-11-30T00:00:00.000Z", (1, 1)),
    ],
)
@pytest.mark.parametrize("tier", [(None, Decimal(1)), ("batch", Decimal("0.5"))])
def test_hours_change_the_rates_of_the_calls_that_begin_in_them(
    table: Callable[[str], PriceTable],
    make_call: Callable[..., Call],
    at: str,
    factors: tuple[Decimal, Decimal],
    tier: tuple[str | None, Decimal],
) -> None:
    """The first window that holds counts, in UTC, to the millisecond, past midnight too, over every tier."""
    priced = table(_PEAKS).price(make_call(started_at=at, service_tier=tier[0]))
    assert priced.cost_breakdown == {
        "input": Decimal("0.001") * factors[0] * tier[1],
        "output": Decimal("0.0002") * factors[1] * tier[1],
    }


def test_an_entry_may_end_a_schedule(
    table: Callable[[str], PriceTable], make_call: Callable[..., Call]
) -> None:
    """An entry's empty list goes over the model's hours."""
    prices = table(
        """\
models:
  m:
    input: 1
    output: 1
    schedule: [{hours: 00:00-24:00, x: 2}]
    entries:
      - {}
      - {from: 2026-11-01, schedule: []}
"""
    )
    before = prices.price(make_call(started_at="2026-10-31T23:59:59.999Z"))
    after = prices.price(make_call(started_at="2026-11-01T00:00:00.000Z"))
    assert (before.cost_usd, after.cost_usd) == (Decimal("0.0022"), Decimal("0.0011"))
