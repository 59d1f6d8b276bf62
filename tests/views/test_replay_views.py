from __future__ import annotations

from decimal import Decimal

from sessiontap.views.replay_plan import PlanRow, replay_plan
from sessiontap.views.replayed import ReplayedRow, progress_text, result_lines

ROW = ReplayedRow(1, "/a", "m", None, worse=False, fed=0, kept=())


def test_a_plan_says_what_it_would_cost() -> None:
    """The old and the new model, and how many calls are not in the estimate."""
    rows = [
        PlanRow(1, "POST", "https://a.example/v1/chat", "/a", "new", "old", Decimal("0.5")),
        PlanRow(12, "POST", "https://a.example/v1/chat", "/a\x1b[2J", None, None, None),
    ]
    assert [line.plain for line in replay_plan(rows, 100)] == [
        "Call  Method  URL                        Path  Model      Estimated",
        "   1  POST    https://a.example/v1/chat  /a    old → new    $0.5000",
        "  12  POST    https://a.example/v1/chat  /a    -                  -",
        (
            "2 calls, about $0.5000 if they take the tokens of the recording;"
            " nothing says what 1 of them will cost"
        ),
    ]


def test_an_empty_plan() -> None:
    """Nothing is nothing."""
    assert [line.plain for line in replay_plan([], 80)] == [
        "0 calls, about - if they take the tokens of the recording"
    ]


def test_the_progress_is_a_bar() -> None:
    """In letters that every terminal has."""
    assert progress_text(0, 30, 0) == "(--------------------) 0 of 30 calls"
    assert progress_text(15, 30, 2) == "(##########----------) 15 of 30 calls, 2 failed"
    assert progress_text(1, 1, 0) == "(####################) 1 of 1 call"


def test_failures_are_lines_and_feeding_is_summed_up() -> None:
    """By number; what had failed before says so; what a provider said is made harmless."""
    rows = [
        ROW._replace(number=3, error="HTTP 500", fed=2),
        ROW._replace(number=2, error="bad\x1b[2J\nline", worse=True, kept=("why", "why")),
        ROW._replace(number=4, kept=("why",), fed=1),
        ROW,
    ]
    assert list(result_lines(rows)) == [
        "call 2 /a m: bad line",
        "call 3 /a m: HTTP 500 (as in the recording)",
        "in 2 calls a recorded reply stayed: why",
        "3 new replies fed into 2 calls",
    ]
