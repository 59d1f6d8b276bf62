"""What a session looks like in figures."""

from __future__ import annotations

from decimal import Decimal

import msgspec
import pytest

from sessiontap.call import Call, UsagePart
from sessiontap.sessions.spread import Spread
from sessiontap.sessions.statistics import ErrorCount, output_tokens_per_s, statistics
from sessiontap.usage import Usage
from tests.sessions.samples import make_call, triage


def calls() -> list[Call]:
    """Four calls: two models, three paths, a tool called twice in one, a failure, a retry."""
    tools = ("search", "read", "search")
    return [
        make_call(
            1,
            "/plan",
            cost_usd=Decimal("0.01"),
            usage=_usage(1000, 0, 200),
            ttft_ms=100,
            duration_ms=1100,
            tools=tools,
        ),
        make_call(
            3, "/plan", status="error", error_type="overloaded", http_status=529, usage=Usage(), cost_usd=None
        ),
        make_call(5, "/plan/go", attempt=1, cost_usd=Decimal("0.03"), usage=_usage(3000, 1500, 100)),
        make_call(
            7,
            "/",
            model="free",
            cost_usd=None,
            usage=_usage(None, None, None),
            ttft_ms=None,
            duration_ms=None,
        ),
    ]


def _usage(asked: int | None, cached: int | None, said: int | None) -> Usage:
    return Usage(input_tokens=asked, cache_read_input_tokens=cached, output_tokens=said)


def test_all_in_all() -> None:
    """Spreads are of the calls that know; a cache that was not used is a known 0."""
    found = statistics(reversed(calls()))
    assert found.calls == 4
    assert found.latency == Spread(3, 2300, 2300, 2300, 2300)
    assert found.ttft == Spread(3, 340, 340, 340, 340)
    assert found.output_tokens_per_s == Spread(2, 51.0, 200.0, 200.0, 200.0)
    assert (found.cache_read_ratio, found.cache_hits, found.retries) == (0.375, 1, 1)
    assert found.errors == (ErrorCount(status="error", error_type="overloaded", http_status=529, calls=1),)


def test_by_what() -> None:
    """The dearest first; a tool that one call used twice is one call and two times."""
    found = statistics(calls())
    assert [(each.name, each.totals.calls, each.totals.cost_usd) for each in found.models] == [
        ("gpt-5-mini-2025-08-07", 3, Decimal("0.04")),
        ("free", 1, None),
    ]
    assert [(each.name, each.totals.calls) for each in found.paths] == [
        ("/plan/go", 1),
        ("/plan", 2),
        ("/", 1),
    ]
    assert [(each.name, each.totals.calls, each.times) for each in found.tools] == [
        ("read", 1, 1),
        ("search", 1, 2),
    ]


def test_a_call_that_billed_several_models_counts_in_each() -> None:
    """With what it billed to that one; an unpriced part is said where it is."""
    parts = (
        UsagePart(model="a", usage=_usage(10, None, 1), cost_usd=Decimal("0.5")),
        UsagePart(model="b", usage=_usage(20, None, 2)),
        UsagePart(model="a", usage=_usage(30, None, 3), cost_usd=Decimal("0.25")),
    )
    call = make_call(1, "/", model="a", usage_parts=parts, cost_usd=Decimal("0.75"))
    assert [
        (
            each.name,
            each.times,
            each.totals.cost_usd,
            each.totals.unpriced_calls,
            each.totals.usage.input_tokens,
        )
        for each in statistics([call, make_call(2, "/", model="b", cost_usd=None)]).models
    ] == [("a", 1, Decimal("0.75"), 0, 40), ("b", 2, None, 2, 1254)]


def test_context_grows_in_the_order_of_the_calls() -> None:
    """Calls that do not say their input are left out."""
    assert [(each.call_id, each.input_tokens) for each in statistics(calls()).context] == [
        ("c01", 1000),
        ("c05", 3000),
    ]


def test_no_calls() -> None:
    """Nothing is known of nothing."""
    found = statistics([])
    assert (found.calls, found.latency, found.cache_read_ratio, found.models) == (0, None, None, ())


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"ttft_ms": 300, "duration_ms": 1300}, 100.0),
        ({"ttft_ms": None, "duration_ms": 2000}, 50.0),
        ({"stream": False, "ttft_ms": 1900, "duration_ms": 2000}, 50.0),
        ({"ttft_ms": 500, "duration_ms": 500}, None),
        ({"duration_ms": None}, None),
        ({"usage": Usage(output_tokens=0)}, None),
        ({"usage": Usage(output_tokens=100, reasoning_output_tokens=60), "duration_ms": 2000}, 50.0),
        ({"usage_source": "partial"}, None),
        ({"usage_source": "estimated"}, None),
        ({"usage": Usage()}, None),
    ],
)
def test_how_fast_output_came(changes: dict[str, object], expected: float | None) -> None:
    """By the time after the first output where the call streamed without reasoning.

    It is unknown where there is no time, or the provider did not report all of the output.
    """
    call = make_call(1, "/", usage=Usage(output_tokens=100))
    assert output_tokens_per_s(msgspec.structs.replace(call, **changes)) == expected


def test_they_are_json() -> None:
    """As `show --stats --json` prints them."""
    found = msgspec.json.decode(msgspec.json.encode(statistics(triage())))
    assert found["models"][0]["totals"]["calls"]
