"""Budgets of sessions, days, users and names, and the number of calls."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest

from sessiontap.call import Call
from sessiontap.proxy.budget import KIND, Budgets
from sessiontap.settings import Settings
from sessiontap.store import Ledger
from sessiontap.store.notes import Notes
from sessiontap.times import epoch_ms
from tests.sessions.samples import make_call

NOW_S = epoch_ms("2026-11-23T21:00:00.000Z") / 1000


def made(home: Path, **settings: object) -> Budgets:
    """Budgets whose background work is done at once."""
    chosen = replace(Settings(home=home), **settings)  # type: ignore[arg-type]  # each test's own
    return Budgets(chosen, lambda job: job(), clock=lambda: NOW_S)


def call(number: int = 1, **fields: object) -> Call:
    """A call of a dollar."""
    one = make_call(number, "/", call_id=f"n{number}", session_id="s", cost_usd=Decimal(1))
    return msgspec.structs.replace(one, **fields)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"budget": Decimal(2)}, "session s has cost $2.0000 of its budget of $2; this call was not sent."),
        ({"budget_day": Decimal(2)}, "this day (UTC) has cost $2.0000 of its budget of $2"),
        ({"budget_user": Decimal(2)}, "user ann on this day (UTC) has cost $2.0000"),
        ({"budget_name": Decimal(2)}, "name nightly on this day (UTC) has cost $2.0000"),
        ({"max_calls": 2}, "session s has had 2 calls and may have 2; this call was not sent."),
    ],
)
def test_each_kind_refuses_once_it_is_reached(tmp_path: Path, settings: dict[str, object], said: str) -> None:
    """Not before; and what another proxy of the home has recorded counts."""
    budgets = made(tmp_path, **settings)
    named = {"user_id": "ann", "session_name": "nightly"}
    assert budgets.over(call(3, **named), None) is None
    with Ledger(tmp_path) as other:
        other.append(call(1, **named))
    budgets.tick()
    assert budgets.over(call(3, **named), None) is None
    budgets.started(call(2, **named))
    budgets.ended(call(2, **named))
    refused = budgets.over(call(3, **named), None)
    assert refused is not None
    assert refused.startswith(f"sessiontap: {said}")


@pytest.mark.parametrize("settings", [{"budget_user": Decimal(1)}, {"budget_name": Decimal(1)}])
def test_others_are_not_refused(tmp_path: Path, settings: dict[str, object]) -> None:
    """Another user, another name, and calls that have none."""
    budgets = made(tmp_path, **settings)
    budgets.ended(call(1, user_id="ann", session_name="nightly"))
    assert budgets.over(call(2, user_id="bob", session_name="weekly"), None) is None
    assert budgets.over(call(2, user_id=None, session_name=None), None) is None


def test_calls_without_a_price_count_as_they_are_told_to(tmp_path: Path) -> None:
    """Nothing where nothing is said."""
    unpriced = call(1, cost_usd=None)
    for price, refused in ((None, False), (Decimal("0.5"), True)):
        budgets = made(tmp_path / str(price), budget=Decimal("0.5"), unpriced_cost=price)
        assert budgets.over(unpriced, None) is None
        budgets.ended(unpriced)
        assert (budgets.over(call(2), None) is not None) == refused


def test_calls_that_were_refused_do_not_count(tmp_path: Path) -> None:
    """A session that may have one call more has it, however often it was refused before."""
    budgets = made(tmp_path, max_calls=2)
    budgets.over(call(1), None)
    budgets.started(call(1))
    refused = call(9, status="error", error_type=KIND, cost_usd=None, http_status=402)
    budgets.ended(refused)
    assert budgets.over(call(2), None) is None


def test_the_log_says_how_far_it_is_once_a_step(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """At 50, 80 and 100 %, for each of the budgets."""
    budgets = made(tmp_path, budget_day=Decimal(4))
    with caplog.at_level(logging.WARNING):
        for number in range(1, 6):
            budgets.over(call(9), None)
            budgets.ended(call(number))
            budgets.over(call(9), None)
    told = [record.getMessage() for record in caplog.records]
    assert [line.split(" % ")[0].rsplit(" ", 1)[1] for line in told] == ["50", "100"]
    assert told[0].startswith("sessiontap: this day (UTC) has cost $2.0000, 50 % of its budget of $4")


def test_without_a_budget_nothing_is_looked_at(tmp_path: Path) -> None:
    """Not even in the background."""
    jobs: list[Callable[[], None]] = []
    budgets = Budgets(Settings(home=tmp_path), jobs.append)
    budgets.tick()
    budgets.started(call())
    budgets.ended(call())
    assert jobs == []
    assert budgets.over(call(), None) is None


def test_a_warning_is_kept_with_the_session(tmp_path: Path) -> None:
    """As soon as a call has brought it about, with what was spent then; below the half there is none."""
    budgets = made(tmp_path, budget_day=Decimal(10))
    with Ledger(tmp_path) as ledger:
        for number, spent in ((1, 4), (2, 1), (3, 3)):
            one = call(number, cost_usd=Decimal(spent))
            assert budgets.over(one, Decimal(100)) is None
            ledger.append(one)
            budgets.ended(one)
            kept = Notes(tmp_path).get("s").budgets
            said = [(each.whose, each.spent_usd, each.budget_usd) for each in kept]
            assert (
                said
                == {
                    1: [],
                    2: [("this day (UTC)", Decimal(5), Decimal(10))],
                    3: [("this day (UTC)", Decimal(8), Decimal(10))],
                }[number]
            )


def test_the_budget_that_a_call_states_is_warned_of_at_its_end(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Also where no further call comes; once."""
    caplog.set_level(logging.WARNING)
    budgets = made(tmp_path)
    with Ledger(tmp_path) as ledger:
        one = call(1)
        assert budgets.over(one, Decimal("1.2")) is None
        ledger.append(one)
        budgets.ended(one)
    assert budgets.over(call(2), Decimal("1.2")) is None
    (record,) = caplog.records
    assert "session s has cost $1.0000, 83 % of its budget of $1.2" in record.getMessage()
    assert [each.percent for each in Notes(tmp_path).get("s").budgets] == [83]


def test_each_day_is_warned_of_anew(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A proxy that runs for weeks says each day how far that day is."""
    now_s = NOW_S
    budgets = Budgets(Settings(home=tmp_path, budget_day=Decimal(1)), lambda job: job(), clock=lambda: now_s)
    with caplog.at_level(logging.WARNING):
        for day in (23, 24):
            budgets.tick()
            budgets.ended(call(day, started_at=f"2026-11-{day}T21:00:00.000Z"))
            now_s += 24 * 3600
    assert len(caplog.records) == 2


def test_a_budget_that_was_raised_is_warned_of_anew(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """At the steps of what it is now."""
    budgets = made(tmp_path, budget=Decimal(1))
    with caplog.at_level(logging.WARNING):
        budgets.over(call(1), None)
        budgets.ended(call(1))
        budgets.use(Settings(home=tmp_path, budget=Decimal(2)))
        budgets.ended(call(2))
    said = [record.getMessage().split(" of its budget of ")[1] for record in caplog.records]
    assert said == [f"${budget}, further calls are refused" for budget in (1, 2)]
