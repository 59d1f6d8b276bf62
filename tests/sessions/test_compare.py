"""Two sessions side by side."""

from __future__ import annotations

import time
from decimal import Decimal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sessiontap.call import Call
from sessiontap.sessions.compare import Comparison, compare, difference, differs
from tests.sessions.samples import make_call, triage


def asked(call: Call) -> bytes | None:
    """What a call was asked, as the tests write it: a property."""
    text = call.properties.get("asked")
    return None if text is None else text.encode()


def call(name: str, path: str = "/", ask: str | None = None, model: str = "m", **fields: object) -> Call:
    """A call of a dollar; its name says its order."""
    one = make_call(int(name[1:]), path, model, call_id=name, cost_usd=Decimal(1))
    properties = {} if ask is None else {"asked": ask}
    return msgspec.structs.replace(one, properties=properties, **fields)


def matched(found: Comparison) -> list[tuple[str | None, str | None, bool | None]]:
    """The pairs by the names of their calls."""
    return [
        (
            pair.before.call_id if pair.before else None,
            pair.after.call_id if pair.after else None,
            pair.same_request,
        )
        for pair in found.pairs
    ]


def test_calls_at_once_are_matched_by_what_they_were_asked() -> None:
    """Whichever came first, and whichever the model."""
    before = [call("a1", ask="x"), call("a2", ask="y"), call("a3", ask="z")]
    after = [call("b1", ask="z", model="n"), call("b2", ask="x", model="n"), call("b3", ask="y", model="n")]
    assert matched(compare(before, after, asked)) == [
        ("a1", "b2", True),
        ("a2", "b3", True),
        ("a3", "b1", True),
    ]


def test_of_calls_that_were_asked_the_same_the_model_decides_and_then_the_order() -> None:
    """As where two models are asked one question."""
    before = [call("a1", ask="x", model="m"), call("a2", ask="x", model="n"), call("a3", ask="x", model="n")]
    after = [call("b1", ask="x", model="n"), call("b2", ask="x", model="m"), call("b3", ask="x", model="n")]
    assert [pair[:2] for pair in matched(compare(before, after, asked))] == [
        ("a1", "b2"),
        ("a2", "b1"),
        ("a3", "b3"),
    ]


def test_what_is_left_is_matched_by_model_and_order() -> None:
    """And what one session alone has stands alone."""
    before = [call("a1", ask="x"), call("a2", model="n"), call("a3", "/p")]
    after = [call("b1", model="n"), call("b2", ask="other"), call("b3", ask="more"), call("b4", "/q")]
    assert matched(compare(before, after, asked)) == [
        ("a1", "b2", False),
        ("a2", "b1", None),
        (None, "b3", None),
        ("a3", None, None),
        (None, "b4", None),
    ]


def test_paths_and_totals() -> None:
    """Each path with its own calls, in the order in which they came up."""
    found = compare([call("a1"), call("a2", "/p")], [call("b1", "/q"), call("b2"), call("b3", cost_usd=None)])
    assert [(each.path, each.before.calls, each.after.calls) for each in found.paths] == [
        ("/", 1, 2),
        ("/p", 1, 0),
        ("/q", 0, 1),
    ]
    assert (found.before.cost_usd, found.after.cost_usd) == (Decimal(2), Decimal(2))
    assert found.after.unpriced_calls == 1
    assert (found.models_before, found.models_after) == (("m",), ("m",))


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (Decimal("0.1"), Decimal("0.3"), Decimal("0.2")),
        (3, 1, Decimal(-2)),
        (None, 1, None),
        (1, None, None),
        (None, None, None),
    ],
)
def test_a_difference_of_the_unknown_is_unknown(
    before: Decimal | int | None, after: Decimal | int | None, expected: Decimal | None
) -> None:
    """Exact where both are known."""
    assert difference(before, after) == expected


def test_how_calls_ended_counts_and_how_long_they_took_does_not() -> None:
    """Time and tokens differ from run to run."""
    slower = call("b1", duration_ms=99_999)
    assert not differs(compare([call("a1")], [slower]).pairs[0])
    for changes in (
        {"status": "error"},
        {"response_model": "n"},
        {"tools": ("x",)},
        {"finish_reasons": ("y",)},
    ):
        other = msgspec.structs.replace(call("b1"), **changes)
        assert differs(compare([call("a1")], [other]).pairs[0])


@given(
    st.lists(
        st.tuples(st.sampled_from("xyz"), st.sampled_from("mn"), st.sampled_from(["/", "/p"])), max_size=12
    ),
    st.lists(
        st.tuples(st.sampled_from("xyz"), st.sampled_from("mn"), st.sampled_from(["/", "/p"])), max_size=12
    ),
)
def test_every_call_is_in_one_pair(
    first: list[tuple[str, str, str]], second: list[tuple[str, str, str]]
) -> None:
    """None is lost, none is there twice, and no pair is of two paths."""
    before = [call(f"a{n}", path, ask, model) for n, (ask, model, path) in enumerate(first)]
    after = [call(f"b{n}", path, ask, model) for n, (ask, model, path) in enumerate(second)]
    found = compare(before, after, asked)
    names = [name for pair in matched(found) for name in pair[:2] if name is not None]
    assert sorted(names) == sorted(each.call_id for each in (*before, *after))
    for pair in found.pairs:
        assert {each.session_path for each in (pair.before, pair.after) if each} == {pair.path}


def test_a_session_is_like_itself() -> None:
    """Nothing differs."""
    found = compare(triage(), triage())
    assert not any(map(differs, found.pairs))
    assert found.before == found.after


def test_sessions_of_many_paths_are_compared_at_once() -> None:
    """Each call is looked at a few times, however many paths there are."""
    calls = [call(f"n{number % 60}", f"/{number}") for number in range(20_000)]
    begun = time.process_time()
    assert len(compare(calls, calls).pairs) == len(calls)
    assert time.process_time() - begun < 10
