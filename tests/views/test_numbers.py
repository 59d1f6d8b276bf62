from __future__ import annotations

from decimal import Decimal

import pytest

from sessiontap.views import numbers


@pytest.mark.parametrize(
    ("usd", "shown"),
    [
        (None, "-"),
        ("0", "$0.00"),
        ("0.000123", "$0.000123"),
        ("0.0000004", "<$0.000001"),
        ("0.00999", "$0.009990"),
        ("0.0123456", "$0.0123"),
        ("0.5", "$0.5000"),
        ("1", "$1.00"),
        ("1234.5", "$1,234.50"),
        ("-0.25", "-$0.2500"),
        ("1E+400", "$1.00E+400"),
        ("NaN", "-"),
        ("Infinity", "-"),
    ],
)
def test_money(usd: str | None, shown: str) -> None:
    """A cost below a cent keeps its digits, an unknown one is no zero, a monstrous one stays short."""
    assert numbers.money(None if usd is None else Decimal(usd)) == shown


@pytest.mark.parametrize(
    ("usd", "unpriced", "shown"),
    [
        (Decimal("0.0123"), 0, "$0.0123"),
        (Decimal("0.0123"), 1, "$0.0123 +1 unpriced"),
        (None, 2, "2 unpriced"),
        (None, 0, "-"),
    ],
)
def test_a_cost_says_what_it_leaves_out(usd: Decimal | None, unpriced: int, shown: str) -> None:
    """Unpriced calls stand beside the sum, or in its place."""
    assert numbers.cost(usd, unpriced) == shown


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        (None, "-"),
        (0, "0"),
        (12345, "12,345"),
        (999_999, "999,999"),
        (1_000_000, "1.0M"),
        (1_234_567, "1.2M"),
        (999_949_999, "999.9M"),
        (999_950_000, "1.0B"),
        (12_345_678_901, "12.3B"),
        (999_950_000_000, "1.0T"),
        (2**53, "9,007.2T"),
    ],
)
def test_tokens(number: int | None, shown: str) -> None:
    """Exact up to a million, then short."""
    assert numbers.tokens(number) == shown


@pytest.mark.parametrize(
    ("ms", "shown"),
    [
        (None, "-"),
        (0, "0 ms"),
        (340, "340 ms"),
        (999, "999 ms"),
        (2300, "2.3 s"),
        (59_949, "59.9 s"),
        (59_950, "1m 00s"),
        (65_000, "1m 05s"),
        (3_599_499, "59m 59s"),
        (3_599_500, "1h 00m"),
        (7_380_000, "2h 03m"),
        (93_600_000, "1d 02h"),
    ],
)
def test_duration(ms: int | None, shown: str) -> None:
    """Two units at most, and no 60 of the smaller one."""
    assert numbers.duration(ms) == shown


@pytest.mark.parametrize(
    ("stamp", "shown"),
    [
        ("2026-11-23T20:00:00.999Z", "2026-11-23 20:00:00"),
        ("2026-11-23T20:00:00.000+02:00", "2026-11-23 18:00:00"),
        (None, "-"),
        ("soon", "-"),
    ],
)
def test_moment(stamp: str | None, shown: str) -> None:
    """Times are shown in UTC; what is no time is not known."""
    assert numbers.moment(stamp) == shown


def test_counted() -> None:
    """One is singular, everything else plural."""
    assert [numbers.counted(n, "call") for n in (0, 1, 1200)] == ["0 calls", "1 call", "1,200 calls"]
