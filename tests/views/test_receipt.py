from __future__ import annotations

import json
from decimal import Decimal

import pytest

from sessiontap.call import ANSWERED_BY, FOUND_BY, UNRECORDED, Call
from sessiontap.sessions.rollup import summarize
from sessiontap.store.notes import BudgetNote
from sessiontap.usage import Usage
from sessiontap.views.receipt import Receipt, played_back, receipt_json, receipt_text
from tests.sessions.samples import make_call

ID = "run-20261125-130400-ab12cd"
CACHED = Usage(
    input_tokens=35_738,
    cache_read_input_tokens=12_747,
    cache_creation_input_tokens=900,
    output_tokens=1_603,
    reasoning_output_tokens=420,
)


def receipt(*calls: Call, **changes: object) -> Receipt:
    """The receipt of a run with these calls."""
    fields: dict[str, object] = {"wall_ms": 12_340, "exit_code": 0, **changes}
    return Receipt(summary=summarize(ID, calls), **fields)  # type: ignore[arg-type]


def test_one_call() -> None:
    """What is not there is not spoken of."""
    usage = Usage(input_tokens=1234, output_tokens=56)
    assert receipt_text(receipt(make_call(0, "/", usage=usage))) == (
        "calls    1\n"
        "time     12.3 s, 2.3 s in calls\n"
        "input    1,234\n"
        "output   56\n"
        "cost     $0.000123\n"
        f"session  {ID}\n"
        f"next     sessiontap show {ID}\n"
    )


def test_all_that_may_be_said() -> None:
    """Errors, calls that have not ended, estimates, caches, reasoning, unpriced models, another home."""
    calls = [
        make_call(0, "/", usage=CACHED, cost_usd=Decimal("0.0591")),
        make_call(1, "/", "new-model", usage=Usage(output_tokens=1), cost_usd=None),
        make_call(2, "/", status="error", http_status=429, usage=Usage(), cost_usd=None),
        make_call(3, "/", status="running", http_status=None, usage=Usage(), cost_usd=None, duration_ms=None),
        make_call(4, "/", usage=Usage(output_tokens=2), usage_source="estimated", cost_usd=Decimal(0)),
    ]
    assert receipt_text(receipt(*calls, home_option=" --home '/my records'")) == (
        "calls    5, 1 error, 1 not ended, 1 estimated\n"
        "time     12.3 s, 9.2 s in calls\n"
        "input    35,738, 12,747 cached (35.7 %), 900 written to a cache\n"
        "output   1,606, 420 reasoning\n"
        "cost     $0.0591 +1 unpriced: new-model\n"
        f"session  {ID}\n"
        f"next     sessiontap show {ID} --home '/my records'\n"
    )


@pytest.mark.parametrize(
    ("subscribed", "text"),
    [
        (2, "$0.0200 (notional: a subscription pays)"),
        (1, "$0.0200 ($0.0100 of it notional: a subscription pays)"),
    ],
)
def test_who_pays(subscribed: int, text: str) -> None:
    """A cost that a plan covers is not shown as one that is billed."""
    calls = [
        make_call(
            number,
            "/",
            cost_usd=Decimal("0.01"),
            billing="subscription" if number < subscribed else "metered",
        )
        for number in range(2)
    ]
    assert f"cost     {text}\n" in receipt_text(receipt(*calls))


def test_many_unpriced_models() -> None:
    """Three are named, and the others counted."""
    calls = [make_call(number, "/", f"new-{number}", cost_usd=None) for number in range(5)]
    assert "cost     5 unpriced: new-0, new-1, new-2 and 2 more\n" in receipt_text(receipt(*calls))


def test_no_call() -> None:
    """Likely causes stand in the place of figures, and the next command is another."""
    assert receipt_text(receipt(causes=("one \x1b[2Jcause", "another"), exit_code=1)) == (
        "calls    none was recorded\n"
        "time     12.3 s\n"
        "why      one cause\n"
        "why      another\n"
        "next     sessiontap doctor\n"
    )


def test_hostile_names() -> None:
    """What a model or a user calls itself commands neither the terminal nor the shell."""
    summary = summarize("a\x1b]0;x\x07 $(rm -rf ~)", [make_call(0, "/", "\x1b[31mred", cost_usd=None)])
    text = receipt_text(Receipt(summary=summary, wall_ms=1, exit_code=0))
    assert "\x1b" not in text
    assert "unpriced: red\n" in text
    assert "next     sessiontap show 'a $(rm -rf ~)'\n" in text


def test_json() -> None:
    """One object: exit code, wall time, the share of cached input, and the session as export has it."""
    made = json.loads(
        receipt_json(receipt(make_call(0, "/", usage=CACHED), exit_code=3)), parse_float=Decimal
    )
    assert made["exit_code"] == 3
    assert made["wall_ms"] == 12_340
    assert made["cache_read_ratio"] == Decimal("0.3567")
    assert made["session"]["usage"]["reasoning_output_tokens"] == 420
    assert made["session"]["cost_usd"] == Decimal("0.000123")
    assert made["causes"] == []
    nothing = json.loads(receipt_json(receipt(causes=("a cause",))))
    assert (nothing["session"]["calls"], nothing["cache_read_ratio"]) == (0, None)
    assert nothing["causes"] == ["a cause"]


def test_budgets_that_are_near_their_end() -> None:
    """A line each; what is spent to the cent and in percent."""
    notes = [
        BudgetNote(whose="session run-1", spent_usd=Decimal("0.041"), budget_usd=Decimal("0.05"), at="x"),
        BudgetNote(whose="this day (UTC)", spent_usd=Decimal("2.5"), budget_usd=Decimal(2), at="x"),
    ]
    made = receipt(make_call(0, "/"), budgets=notes)
    assert (
        "budget   session run-1: $0.0410 of $0.0500 (82 %)\n"
        "budget   this day (UTC): $2.50 of $2.00 (125 %, further calls are refused)\n"
    ) in receipt_text(made)
    assert json.loads(receipt_json(made))["budgets"][0]["spent_usd"] == 0.041


def test_a_run_that_was_played_back() -> None:
    """Who answered, how many by their order only, what was refused; next is what differs."""
    calls = [
        make_call(0, "/", properties={ANSWERED_BY: "n1", FOUND_BY: "request"}),
        make_call(1, "/", properties={ANSWERED_BY: "n2", FOUND_BY: "order"}),
        make_call(2, "/", status="error", error_type=UNRECORDED, http_status=404),
    ]
    text = receipt_text(receipt(*calls, playback=played_back("old one", calls)))
    assert (
        "playback 2 calls answered by old one, 1 by order only, 1 refused, for it has none like them\n"
        in text
    )
    assert text.endswith(f"next     sessiontap diff 'old one' {ID}\n")
