"""What the calls of a day have cost in a whole home: in all, by user and by name."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import msgspec

from sessiontap.call import Call
from sessiontap.store import Ledger
from sessiontap.store.day_spending import DaySpending, Of
from sessiontap.store.spending import Spent
from sessiontap.usage import Usage

NewCall = Callable[..., Call]
DAY = "2026-11-23"
WHOLE: Of = ("day", "")


def ended(call: Call, usd: str | None, day: str = DAY, **fields: object) -> Call:
    """The call with what it cost; None is one whose price nobody knows."""
    return msgspec.structs.replace(
        call,
        status="ok",
        usage=Usage(input_tokens=10, output_tokens=1),
        cost_usd=None if usd is None else Decimal(usd),
        started_at=f"{day}T10:00:00.000Z",
        ended_at=f"{day}T10:00:01.000Z",
        **fields,
    )


def test_an_empty_home_has_spent_nothing(tmp_path: Path) -> None:
    """And looking makes nothing."""
    days = DaySpending(tmp_path / "home")
    days.look(DAY)
    assert days.of(DAY, WHOLE) == Spent(Decimal(0), 0)
    assert not (tmp_path / "home").exists()


def test_all_sessions_count_by_day_user_and_name(tmp_path: Path, new_call: NewCall) -> None:
    """Calls of another day do not; one without a price is counted apart."""
    days = DaySpending(tmp_path)
    with Ledger(tmp_path) as other:
        other.append(ended(new_call("a", "s"), "1", user_id="ann", session_name="n"))
        other.append(ended(new_call("b", "t"), "2", user_id="ann"))
        other.append(ended(new_call("c", "t"), None, user_id="bob"))
        other.append(ended(new_call("d", "t"), "9", day="2026-11-22", user_id="ann"))
        days.look(DAY)
        assert days.of(DAY, WHOLE) == Spent(Decimal(3), 1)
        assert days.of(DAY, ("user", "ann")) == Spent(Decimal(3), 0)
        assert days.of(DAY, ("user", "bob")) == Spent(Decimal(0), 1)
        assert days.of(DAY, ("name", "n")) == Spent(Decimal(1), 0)
        other.append(ended(new_call("e", "s"), "4", session_name="n"))
        days.look(DAY)
        assert days.of(DAY, ("name", "n")) == Spent(Decimal(5), 0)


def test_a_call_counts_once_wherever_it_comes_from(tmp_path: Path, new_call: NewCall) -> None:
    """At once where it is the proxy's own; a later version takes the place of the one before."""
    days, call = DaySpending(tmp_path), ended(new_call("a", "s"), "1")
    days.look(DAY)
    days.recorded(call)
    assert days.of(DAY, WHOLE).usd == Decimal(1)
    with Ledger(tmp_path) as ledger:
        ledger.append(call)
        days.look(DAY)
        assert days.of(DAY, WHOLE).usd == Decimal(1)
        ledger.append(msgspec.structs.replace(call, cost_usd=Decimal(3)))
        days.look(DAY)
    assert days.of(DAY, WHOLE).usd == Decimal(3)


def test_another_day_begins_at_nothing(tmp_path: Path, new_call: NewCall) -> None:
    """Whoever notices it first: who looks, or who records."""
    days, tomorrow = DaySpending(tmp_path), "2026-11-24"
    days.look(DAY)
    days.recorded(ended(new_call("a", "s"), "1"))
    days.recorded(ended(new_call("b", "s"), "2", day=tomorrow))
    assert days.of(DAY, WHOLE).usd == 0
    assert days.of(tomorrow, WHOLE).usd == Decimal(2)
    days.look(tomorrow)
    assert days.of(tomorrow, WHOLE).usd == Decimal(2)
    days.look("2026-11-25")
    assert days.of(tomorrow, WHOLE).usd == 0


def test_a_call_of_a_day_to_come_takes_nothing_away(tmp_path: Path, new_call: NewCall) -> None:
    """Another machine's clock, or an imported capture, may be years ahead; today's sums stay."""
    days = DaySpending(tmp_path)
    with Ledger(tmp_path) as other:
        other.append(ended(new_call("a", "s"), "1"))
        other.append(ended(new_call("b", "t"), "2", day="2031-01-01"))
        for _ in range(2):
            days.look(DAY)
            assert days.of(DAY, WHOLE) == Spent(Decimal(1), 0)


def test_after_midnight_all_of_the_new_day_counts(tmp_path: Path, new_call: NewCall) -> None:
    """Also what others recorded of it before the first look, and the proxy's own call of before that."""
    days, later = DaySpending(tmp_path), "2026-11-24"
    with Ledger(tmp_path) as other:
        other.append(ended(new_call("a", "s"), "1"))
        other.append(ended(new_call("b", "s"), "2", day=later))
        days.look(DAY)
        days.recorded(ended(new_call("c", "t"), "4", day=later))
        assert days.of(later, WHOLE).usd == Decimal(4)
        days.look(later)
        assert days.of(later, WHOLE).usd == Decimal(6)
