"""What sessions have cost, by what several proxies record of them."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import msgspec

from sessiontap.call import Call
from sessiontap.store import Ledger
from sessiontap.store.spending import Spending, Spent
from sessiontap.usage import Usage

NewCall = Callable[..., Call]


def ended(call: Call, usd: str | None) -> Call:
    """The call with what it cost; None is one whose price nobody knows."""
    usage = Usage(input_tokens=10, output_tokens=1)
    cost = None if usd is None else Decimal(usd)
    return msgspec.structs.replace(call, status="ok", usage=usage, cost_usd=cost)


def test_a_session_that_is_not_there_has_cost_nothing(tmp_path: Path) -> None:
    """And nothing is made by asking."""
    assert Spending(tmp_path / "home").of("s") == Spent(Decimal(0), 0)
    assert not (tmp_path / "home").exists()


def test_what_others_record_counts_as_it_comes(tmp_path: Path, new_call: NewCall) -> None:
    """Each look adds what is new; a running call costs nothing yet, one without a price is counted apart."""
    spending = Spending(tmp_path)
    with Ledger(tmp_path) as other:
        other.append(ended(new_call("a", "s"), "0.01"))
        assert spending.of("s") == Spent(Decimal("0.01"), 0, 1)
        other.append(msgspec.structs.replace(new_call("b", "s"), status="running"))
        assert spending.of("s") == Spent(Decimal("0.01"), 0, 2)
        other.append(ended(new_call("b", "s"), "0.02"))
        other.append(ended(new_call("c", "s"), None))
        other.append(ended(new_call("d", "t"), "5"))
        assert spending.of("s") == Spent(Decimal("0.03"), 1, 3)


def test_a_call_that_is_not_written_yet_counts_once(tmp_path: Path, new_call: NewCall) -> None:
    """What this proxy has recorded counts before the file has it, and not twice when it has."""
    spending, call = Spending(tmp_path), ended(new_call("a", "s"), "0.01")
    spending.of("s")
    spending.recorded(call)
    assert spending.of("s").usd == Decimal("0.01")
    with Ledger(tmp_path) as ledger:
        ledger.append(call)
    assert spending.of("s").usd == Decimal("0.01")


def test_a_file_that_was_rewritten_is_read_anew(tmp_path: Path, new_call: NewCall) -> None:
    """What is gone from it stays spent."""
    spending = Spending(tmp_path)
    with Ledger(tmp_path) as ledger:
        ledger.append(ended(new_call("a", "s"), "0.01"))
        assert spending.of("s").usd == Decimal("0.01")
        ledger.path("s").unlink()
        ledger.append(ended(new_call("b", "s"), "0.02"))
        ledger.append(ended(new_call("c", "s"), "0.04"))
        assert spending.of("s").usd == Decimal("0.07")
