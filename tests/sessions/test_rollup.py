from __future__ import annotations

import json
from decimal import Decimal

from sessiontap.call import UsagePart
from sessiontap.sessions.rollup import encode_summary, summarize
from sessiontap.usage import Usage
from tests.sessions.samples import LARGE, SMALL, TRIAGE_ID, make_call, triage


def test_the_summary_of_a_session() -> None:
    """Every figure of a session with a failure, a retry, an unpriced call and a running one."""
    summary = summarize(TRIAGE_ID, triage())
    printed = json.loads(encode_summary(summary))
    printed["paths"] = printed["paths"][:1]
    assert printed == {
        "session_id": TRIAGE_ID,
        "name": "triage ticket 4711",
        "names": ["triage ticket 4711"],
        "source": "header",
        "agents": ["demo/0.1"],
        "user_ids": ["ann"],
        "started_at": "2026-11-23T20:00:00.000Z",
        "ended_at": "2026-11-23T20:00:07.300Z",
        "duration_ms": 7300,
        "latency_ms": 11500,
        "calls": 6,
        "running": 1,
        "errors": 1,
        "unpriced_calls": 1,
        "usage": {"input_tokens": 16047, "cache_read_input_tokens": 8000, "output_tokens": 945},
        "cost_usd": 0.012546,
        "notional_cost_usd": 0,
        "models": [
            {
                "model": "gpt-5-mini-2025-08-07",
                "calls": 2,
                "unpriced_calls": 0,
                "usage": {"input_tokens": 13579, "cache_read_input_tokens": 8000, "output_tokens": 833},
                "cost_usd": 0.012423,
            },
            {
                "model": "claude-sonnet-4-5-20250929",
                "calls": 2,
                "unpriced_calls": 0,
                "usage": {"input_tokens": 1234, "output_tokens": 56},
                "cost_usd": 0.000123,
            },
            {
                "model": "gpt-experimental-unlisted",
                "calls": 1,
                "unpriced_calls": 1,
                "usage": {"input_tokens": 1234, "output_tokens": 56},
            },
            {"model": "gemini-2.5-pro", "calls": 1, "unpriced_calls": 0, "usage": {}},
        ],
        "paths": [
            {
                "path": "/triage",
                "calls": 6,
                "running": 1,
                "errors": 1,
                "unpriced_calls": 1,
                "usage": {"input_tokens": 16047, "cache_read_input_tokens": 8000, "output_tokens": 945},
                "cost_usd": 0.012546,
                "duration_ms": 7300,
                "latency_ms": 11500,
            },
        ],
    }
    assert [
        (row.path, row.calls, row.running, row.errors, row.unpriced_calls, row.cost_usd, row.duration_ms)
        for row in summary.paths[1:]
    ] == [
        ("/triage/classify", 1, 0, 0, 0, Decimal("0.0123"), 2300),
        ("/triage/research", 3, 0, 1, 1, Decimal("0.000123"), 5300),
        ("/triage/research/search", 2, 0, 1, 0, Decimal("0.000123"), 4300),
        ("/triage/research/summarize", 1, 0, 0, 1, None, 2300),
        ("/triage/respond", 1, 1, 0, 0, None, None),
    ]


def test_the_newest_name_is_shown_and_the_others_are_kept() -> None:
    """One id with several names is one session; an empty name does not displace one."""
    names = ["first", "second", None, "first", None]
    calls = [make_call(second, "/", session_name=name) for second, name in enumerate(names)]
    summary = summarize(TRIAGE_ID, reversed(calls))
    assert summary.name == "first"
    assert summary.names == ("first", "second")


def test_a_cost_that_nobody_knows_is_not_zero() -> None:
    """Without a single price the cost is unknown, and the count says for how many calls."""
    summary = summarize(TRIAGE_ID, [make_call(1, "/", cost_usd=None), make_call(2, "/", cost_usd=None)])
    assert summary.cost_usd is None
    assert summary.notional_cost_usd is None
    assert summary.unpriced_calls == 2
    assert b"cost_usd" not in encode_summary(summary)


def test_a_free_call_costs_zero_and_not_nothing() -> None:
    """A local model's 0 is a known cost."""
    summary = summarize(TRIAGE_ID, [make_call(1, "/", cost_usd=Decimal(0), billing="free")])
    assert summary.cost_usd == 0
    assert summary.unpriced_calls == 0


def test_costs_add_up_exactly() -> None:
    """A tenth of a cent added up a thousand times is a dollar."""
    calls = [make_call(1, f"/{number}", cost_usd=Decimal("0.001")) for number in range(1000)]
    assert summarize(TRIAGE_ID, calls).cost_usd == Decimal("1.000")


def test_the_part_that_a_subscription_pays_is_told() -> None:
    """The cost covers both kinds of billing; the notional part is of the subscription's calls only."""
    calls = [
        make_call(1, "/", cost_usd=Decimal("0.25"), billing="subscription"),
        make_call(2, "/", cost_usd=Decimal("0.50")),
    ]
    summary = summarize(TRIAGE_ID, calls)
    assert (summary.cost_usd, summary.notional_cost_usd) == (Decimal("0.75"), Decimal("0.25"))


def test_a_cost_that_is_no_amount_is_not_counted() -> None:
    """NaN, infinity and what no sum can hold do not spoil the sum, in a damaged record."""
    calls = [
        make_call(n, "/", cost_usd=Decimal(text))
        for n, text in enumerate(["NaN", "1E+99999999", "Infinity", "1.5"])
    ]
    assert summarize(TRIAGE_ID, calls).cost_usd == Decimal("1.5")


def test_a_call_with_parts_bills_each_parts_model() -> None:
    """The models' figures come out of the parts; the session's out of the call."""
    parts = (
        UsagePart(model="main", usage=LARGE, cost_usd=Decimal("0.3")),
        UsagePart(model="helper", usage=SMALL, cost_usd=Decimal("0.1")),
        UsagePart(model="helper", usage=SMALL),
    )
    call = make_call(1, "/", "main", usage=LARGE + SMALL + SMALL, usage_parts=parts, cost_usd=Decimal("0.4"))
    summary = summarize(TRIAGE_ID, [call, make_call(2, "/", "helper", cost_usd=Decimal("0.2"))])
    assert [(m.model, m.calls, m.unpriced_calls, m.cost_usd, m.usage) for m in summary.models] == [
        ("main", 1, 0, Decimal("0.3"), LARGE),
        ("helper", 2, 1, Decimal("0.3"), SMALL + SMALL + SMALL),
    ]
    assert (summary.calls, summary.cost_usd) == (2, Decimal("0.6"))


def test_calls_without_a_model_have_a_row_of_their_own() -> None:
    """A model that is not known is None, not a name."""
    assert [row.model for row in summarize(None, [make_call(1, "/", None)]).models] == [None]


def test_the_root_is_a_path_where_it_holds_calls() -> None:
    """`/` is listed only where calls have that very path."""
    assert [row.path for row in summarize(None, [make_call(1, "/"), make_call(2, "/a")]).paths] == ["/", "/a"]
    assert [row.path for row in summarize(None, [make_call(2, "/a")]).paths] == ["/a"]


def test_a_damaged_time_leaves_the_duration_unknown() -> None:
    """A text that is no time is no fault of the summary."""
    assert summarize(None, [make_call(1, "/", ended_at="~soon")]).duration_ms is None


def test_a_session_without_calls_is_empty() -> None:
    """No calls: no times, no cost, nothing counted."""
    summary = summarize("x", [])
    assert (summary.calls, summary.cost_usd, summary.started_at, summary.usage) == (0, None, None, Usage())


def test_a_deep_path_does_not_make_the_summary_huge() -> None:
    """Folders deeper than 64 are listed only where calls stand in them."""
    summary = summarize(None, [make_call(1, "/d" * 10_000)])
    assert len(summary.paths) == 65
    assert summary.paths[-1].path == "/d" * 10_000


def test_estimated_calls_are_counted() -> None:
    """A sum says how many of its calls are estimates."""
    calls = [make_call(1, "/"), make_call(2, "/a", usage_source="estimated")]
    assert summarize(TRIAGE_ID, calls).estimated_calls == 1
