"""Operators and quantiles, held against plain definitions."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sessiontap.web.helicone.metrics import BARS, histogram, quantile
from sessiontap.web.helicone.operators import number_test, text_test

_signs = st.text(st.sampled_from("ab%_\\*?[]!^-\n"), max_size=8)


@given(_signs, _signs)
def test_like_is_that_of_sql(pattern: str, text: str) -> None:
    """`%` is any text, `_` one sign, and a backslash takes a sign as it is; nothing else has a meaning."""
    parts = re.findall(r"(?s)\\.|.", pattern)
    plain = "".join({"%": ".*", "_": "."}.get(part) or re.escape(part[-1]) for part in parts)
    expected = re.fullmatch(plain, text, re.DOTALL) is not None
    assert text_test("like", pattern, "")([text]) is expected
    assert text_test("ilike", pattern.upper(), "")([text]) is expected


def test_a_pattern_of_many_wildcards_takes_no_time() -> None:
    """Whoever sends it has the token, and still the server stays up."""
    begun = time.perf_counter()
    assert not text_test("like", "%a" * 400 + "b", "")(["a" * 1000])
    assert time.perf_counter() - begun < 1


@pytest.mark.parametrize("number", [0, 3, 0.1])
def test_what_is_not_known_compares_with_nothing(number: float) -> None:
    """It is neither equal nor unequal."""
    for operator in ("equals", "not-equals", "gte", "lte", "lt", "gt"):
        assert number_test(operator, number, "")(None) is False


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=50), st.floats(0, 1))
def test_a_histogram_counts_each_amount_once(amounts: list[float], high: float) -> None:
    """Those up to the quantile, in bars that do not overlap."""
    limit = quantile(sorted(amounts), high)
    bars = histogram(amounts, 0, high)
    assert sum(bar.value for bar in bars) == sum(amount <= limit for amount in amounts)
    assert len(bars) <= BARS
    edges = [edge for bar in bars for edge in (float(bar.range_start), float(bar.range_end))]
    assert edges == sorted(edges)


def test_a_quantile_is_in_proportion() -> None:
    """Between the two amounts beside it."""
    assert [quantile([1.0, 2.0, 5.0], share) for share in (0, 0.25, 0.5, 0.75, 1)] == [1, 1.5, 2, 3.5, 5]
