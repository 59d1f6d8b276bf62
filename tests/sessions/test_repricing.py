from __future__ import annotations

from decimal import Decimal

import pytest

from sessiontap.sessions.gaps import Gap
from sessiontap.sessions.repricing import ModelChange, Repriced, Repricing, Sum
from sessiontap.usage import Usage
from tests.sessions.samples import SMALL, make_call


def repriced(before: str | None, after: str | None, price_id: str | None = None) -> Repriced:
    """What one call with these costs comes to."""
    repricing = Repricing()
    costs = [None if usd is None else Decimal(usd) for usd in (before, after)]
    repricing.add(
        make_call(1, "/", cost_usd=costs[0]),
        make_call(1, "/", cost_usd=costs[1], unpriced_reason="x", price_id=price_id),
    )
    return repricing.result()


@pytest.mark.parametrize(
    ("before", "after", "counts"),
    [
        (None, "1", (1, 0, 0)),
        ("1", "2", (0, 1, 0)),
        ("1", None, (0, 0, 1)),
        ("1", "1", (0, 0, 0)),
        ("1", "1.00", (0, 0, 0)),
        (None, None, (0, 0, 0)),
    ],
)
def test_a_call_is_counted_once(before: str | None, after: str | None, counts: tuple[int, int, int]) -> None:
    """As priced, changed, lost, or none of them."""
    found = repriced(before, after)
    assert (found.priced, found.changed, found.lost) == counts
    assert len(found.models) == sum(counts)


def test_another_price_at_the_same_cost_is_a_change() -> None:
    """The record says by which entry it was priced."""
    assert repriced("1", "1", price_id="p/m").changed == 1


def test_totals_are_of_all_calls_and_rows_of_those_that_changed() -> None:
    """Before and after; a total that leaves calls out says how many."""
    repricing = Repricing()
    same = make_call(1, "/", cost_usd=Decimal(5), cost_source="provider")
    unpriced = make_call(2, "/", "a", cost_usd=None, unpriced_reason="none")
    silent = make_call(3, "/", "b", usage=Usage(), cost_usd=None, http_status=None)
    repricing.add(same, same)
    repricing.add(make_call(4, "/", "a", cost_usd=None), make_call(4, "/", "a", cost_usd=Decimal(2)))
    repricing.add(unpriced, unpriced)
    repricing.add(silent, silent)
    assert repricing.calls == 4
    assert repricing.result() == Repriced(
        calls=4,
        priced=1,
        changed=0,
        lost=0,
        stated=1,
        before=Sum(cost_usd=Decimal(5), unpriced_calls=2),
        after=Sum(cost_usd=Decimal(7), unpriced_calls=1),
        models=(
            ModelChange(
                provider="openai",
                model="a",
                calls=1,
                before=Sum(unpriced_calls=1),
                after=Sum(cost_usd=Decimal(2), unpriced_calls=0),
            ),
        ),
        unpriced=(Gap(provider="openai", model="a", reason="none", calls=1, usage=SMALL),),
    )
