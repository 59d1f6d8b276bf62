"""A fold: any order, any interruption, the same summary."""

from __future__ import annotations

from decimal import Decimal

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from sessiontap.call import Call, UsagePart
from sessiontap.sessions.fold import Fold, Folding, folded
from sessiontap.sessions.rollup import summarize, summary_of
from sessiontap.sessions.tree import build_tree
from sessiontap.usage import Usage
from tests.sessions.samples import make_call

_NAMES = st.sampled_from([None, "one", "two"])
_COSTS = st.one_of(
    st.none(), st.decimals(0, 10, places=6), st.sampled_from([Decimal("NaN"), Decimal("1E+99999999")])
)
_USAGES = st.builds(
    Usage,
    input_tokens=st.none() | st.integers(0, 1000),
    output_tokens=st.none() | st.integers(0, 1000),
    cache_read_input_tokens=st.none() | st.integers(0, 1000),
)
_PARTS = st.lists(
    st.builds(UsagePart, model=st.sampled_from(["a", "b", ""]), usage=_USAGES, cost_usd=_COSTS), max_size=3
).map(tuple)


@st.composite
def sessions(draw: st.DrawFn) -> list[Call]:
    """The calls of one session, of few kinds, some of them at the same moment."""
    return [
        make_call(
            draw(st.integers(0, 5)),
            draw(st.sampled_from(["/", "/a", "/a/b", "/c"])),
            draw(st.sampled_from([None, "gpt-5", "claude"])),
            call_id=f"c{number}",
            session_name=draw(_NAMES),
            agent=draw(_NAMES),
            user_id=draw(_NAMES),
            status=draw(st.sampled_from(["ok", "running", "error", "cancelled"])),
            usage=draw(_USAGES),
            usage_parts=draw(_PARTS),
            usage_source=draw(st.sampled_from(["reported", "estimated", "none"])),
            billing=draw(st.sampled_from(["metered", "subscription", "free"])),
            cost_usd=draw(_COSTS),
            duration_ms=draw(st.none() | st.integers(0, 5000)),
        )
        for number in range(draw(st.integers(0, 12)))
    ]


@given(calls=sessions(), data=st.data())
def test_neither_order_nor_interruption_changes_a_summary(calls: list[Call], data: st.DataObject) -> None:
    """Added in any order, written as JSON and taken up again anywhere, the fold comes to the same."""
    shuffled = data.draw(st.permutations(calls))
    stops = data.draw(st.sets(st.integers(0, len(calls))))
    folding = Folding()
    for number, call in enumerate(shuffled):
        if number in stops:
            folding = Folding(msgspec.json.decode(msgspec.json.encode(folding.fold()), type=Fold))
        folding.add(call)
    assert summary_of("s", folding.fold()) == summarize("s", calls)


@given(calls=sessions())
def test_the_summary_is_that_of_the_tree(calls: list[Call]) -> None:
    """Another way of adding the same calls up comes to the same totals."""
    totals = build_tree(calls).totals
    summary = summarize("s", calls)
    for name in totals.__struct_fields__:
        assert getattr(summary, name) == getattr(totals, name), name


def test_a_long_session_is_a_small_fold() -> None:
    """A thousand calls that are alike are one group."""
    calls = [make_call(number, "/a/b", call_id=f"c{number}") for number in range(1000)]
    assert len(folded(calls).groups) == 1
    assert len(msgspec.json.encode(folded(calls))) < 600
