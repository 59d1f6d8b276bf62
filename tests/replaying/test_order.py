from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from sessiontap.call import Call
from sessiontap.replaying.order import Order
from tests.sessions.samples import make_call


def call(start: int, end: int | None) -> Call:
    """A call from one second of a minute to another."""
    ended = None if end is None else f"2026-11-23T20:00:{end:02}.000Z"
    return make_call(start, "/", ended_at=ended)


def test_one_after_the_other() -> None:
    """Each call begins when the one before it has ended, whatever overlapped."""
    order = Order([call(0, 5), call(1, 2), call(3, 4)], parallel=False)
    assert order.ready() == [0]
    assert order.ready() == []
    order.over(0)
    assert order.ready() == [1]
    order.over(1)
    assert order.ready() == [2]


def test_calls_that_overlapped_begin_together() -> None:
    """And the one that began after the first's end waits for that one alone."""
    order = Order([call(0, 3), call(1, 9), call(3, 4), call(9, 10)], parallel=True)
    assert order.ready() == [0, 1]
    order.over(0)
    assert order.ready() == [2]
    order.over(2)
    assert order.ready() == []
    order.over(1)
    assert order.ready() == [3]


def test_nothing_waits_for_a_call_without_an_end() -> None:
    """Nobody knows when it ended."""
    assert Order([call(0, None), call(5, 6)], parallel=True).ready() == [0, 1]


_SPANS = st.lists(st.tuples(st.integers(0, 9), st.one_of(st.none(), st.integers(0, 9))), max_size=12)


@given(_SPANS, st.booleans(), st.randoms(use_true_random=False))
def test_every_call_begins_once_and_after_those_that_had_ended(
    spans: list[tuple[int, int | None]], parallel: bool, chance: object
) -> None:
    """Whatever the order in which they end now; also calls within one moment never wait for each other."""
    calls = [
        call(start, None if length is None else start + length) for start, length in sorted(spans, key=str)
    ]
    calls.sort(key=lambda each: each.started_at)
    order = Order(calls, parallel=parallel)
    over: list[int] = []
    under_way = order.ready()
    begun = list(under_way)
    while under_way:
        place = chance.choice(under_way)  # type: ignore[attr-defined]
        under_way.remove(place)
        over.append(place)
        order.over(place)
        fresh = order.ready()
        for each in fresh:
            before = [
                other
                for other in range(each)
                if not parallel or (calls[other].ended_at or "9") <= calls[each].started_at
            ]
            assert set(before) <= set(over)
        under_way += fresh
        begun += fresh
    assert begun == list(range(len(calls)))
