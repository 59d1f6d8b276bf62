from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pytest

from sessiontap.sessions.order import ORDERS, ordered
from sessiontap.sessions.rollup import SessionSummary, summarize
from sessiontap.usage import Usage
from tests.sessions.samples import make_call


@dataclass(frozen=True)
class Session:
    """As the catalogue has it."""

    key: str
    totals: SessionSummary


def sessions() -> list[Session]:
    """Three sessions, of which `none` knows neither cost nor tokens nor when it ended."""
    unknown: dict[str, Any] = {"usage": Usage(), "cost_usd": None, "ended_at": None, "duration_ms": None}
    zero: dict[str, Any] = {"usage": Usage(output_tokens=0), "cost_usd": Decimal(0), "status": "error"}
    return [
        Session("none", summarize("none", [make_call(1, "/", **unknown)])),
        Session("zero", summarize("zero", [make_call(2, "/", **zero)])),
        Session("big", summarize("big", [make_call(0, "/"), make_call(1, "/", call_id="other")])),
    ]


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        ("start", ["zero", "none", "big"]),
        ("end", ["zero", "big", "none"]),
        ("cost", ["big", "zero", "none"]),
        ("tokens", ["big", "zero", "none"]),
        ("calls", ["big", "none", "zero"]),
        ("duration", ["big", "zero", "none"]),
        ("errors", ["zero", "big", "none"]),
    ],
)
def test_the_most_comes_first(order: str, expected: list[str]) -> None:
    """What is not known ranks below a known nothing; equals always stand in the same order."""
    for given in (sessions(), sessions()[::-1]):
        assert [session.key for session in ordered(given, order)] == expected


def test_every_order_is_tested() -> None:
    """The parameters above name each."""
    assert set(ORDERS) == {"start", "end", "cost", "tokens", "calls", "duration", "errors"}
