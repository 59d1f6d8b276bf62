"""The timeline: to scale, what ran at once side by side, long pauses made short."""

from __future__ import annotations

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from sessiontap.call import Call
from sessiontap.sessions.timeline import Pause, Timeline, timeline
from sessiontap.times import rfc3339
from tests.sessions.samples import make_call

_BEGIN_S = 1_795_000_000


def ran(start_ms: int, length_ms: int | None, path: str = "/", **fields: object) -> Call:
    """A call that starts so long after the beginning; without a length it runs."""
    end = None if length_ms is None else rfc3339(_BEGIN_S + (start_ms + length_ms) / 1000)
    call = make_call(
        0,
        path,
        call_id=f"{path}{start_ms}-{length_ms}",
        started_at=rfc3339(_BEGIN_S + start_ms / 1000),
        ended_at=end,
        duration_ms=length_ms,
        ttft_ms=None,
        status="running" if length_ms is None else "ok",
    )
    return msgspec.structs.replace(call, **fields)


def drawn(calls: list[Call], *, lane_a_call: bool = False) -> Timeline:
    """The timeline of some calls."""
    found = timeline(calls, lane_a_call=lane_a_call)
    assert found is not None
    return found


def test_calls_that_overlap_have_lanes_of_their_own() -> None:
    """One that starts when another ends does not overlap it; paths keep the order in which they came."""
    found = drawn([ran(0, 100, "/b"), ran(50, 100, "/b"), ran(100, 10, "/b"), ran(20, 10, "/a")])
    assert [(lane.path, [span.start for span in lane.spans]) for lane in found.lanes] == [
        ("/b", [0, 100]),
        ("/b", [50]),
        ("/a", [20]),
    ]
    apart = drawn([ran(0, 100), ran(200, 100)], lane_a_call=True)
    assert [len(lane.spans) for lane in apart.lanes] == [1, 1]


def test_where_the_first_output_came() -> None:
    """It counts from the request's last byte, which is the duration before the end."""
    (lane,) = drawn([ran(0, 1000, duration_ms=800, ttft_ms=300)]).lanes
    assert (lane.spans[0].start, lane.spans[0].first, lane.spans[0].end) == (0, 500, 1000)


def test_a_call_under_way_lasts_until_the_look() -> None:
    """Or until the last thing that is known."""
    calls = [ran(0, None), ran(100, 400)]
    assert max(span.end for lane in drawn(calls).lanes for span in lane.spans) == 500
    found = timeline(calls, now_ms=_BEGIN_S * 1000 + 900)
    assert found is not None
    assert found.axis.length == 900


def test_a_call_whose_end_is_not_known_is_not_drawn_on() -> None:
    """It was cut short: it lasts as long as it is known to have, not until the session's end."""
    cut = ran(0, None, "/cut", status="interrupted")
    partly = ran(10, None, "/partly", status="interrupted", ttft_ms=30)
    lanes = {lane.path: lane.spans[0] for lane in drawn([cut, partly, ran(500, 400)]).lanes}
    assert (lanes["/cut"].end, lanes["/partly"].first, lanes["/partly"].end) == (0, 40, 40)


def test_what_is_no_time_has_no_place() -> None:
    """Whatever a file may say; the other calls are drawn."""
    odd = [ran(0, 10, started_at="soon"), ran(0, 10, started_at="+09999-01-01T00:00:00Z")]
    (lane,) = drawn([*odd, ran(0, 100, ended_at="later")]).lanes
    assert (len(lane.spans), lane.spans[0].end) == (1, 100)
    assert timeline(odd) is None


def test_thousands_of_calls_at_once() -> None:
    """Each has a lane; those that follow take the first that is free."""
    calls = [ran(0, 1000 + number, call_id=f"a{number}") for number in range(3000)]
    lanes = drawn([*calls, ran(1001, 5, call_id="b"), ran(1001, 5, call_id="c")]).lanes
    assert len(lanes) == 3000
    assert [len(lane.spans) for lane in lanes[:3]] == [2, 2, 1]


def test_without_pauses_the_axis_is_straight() -> None:
    """A moment stands where its share of the time is."""
    axis = drawn([ran(0, 400), ran(500, 500)]).axis
    assert axis.pauses == ()
    assert [axis.at(moment) for moment in (-5, 0, 250, 500, 1000, 2000)] == [0, 0, 0.25, 0.5, 1, 1]


def test_a_long_pause_is_short_and_told() -> None:
    """An hour between two turns leaves the room to the turns, which stay to scale with each other."""
    axis = drawn([ran(0, 10_000), ran(3_600_000, 10_000)]).axis
    assert axis.pauses == (Pause(10_000, 3_600_000),)
    first, second = axis.at(10_000) - axis.at(0), axis.at(3_610_000) - axis.at(3_600_000)
    assert abs(first - second) < 1e-9
    assert 0.02 < axis.at(3_600_000) - axis.at(10_000) < 0.06


def test_ticks_are_round_moments() -> None:
    """About as many as there is room for, the first at 0."""
    assert list(drawn([ran(0, 9_000)]).axis.ticks(9)) == [number * 1000 for number in range(10)]
    assert list(drawn([ran(0, 9_000)]).axis.ticks(3)) == [0, 5000]
    assert list(drawn([ran(0, 40 * 86_400_000)]).axis.ticks(4)) == [
        0,
        *(n * 864_000_000 for n in range(1, 5)),
    ]
    assert list(drawn([ran(0, 0)]).axis.ticks(0)) == [0]


def test_ticks_pass_over_a_pause() -> None:
    """Both stretches have some, as near as what is drawn asks for, and the pause has none."""
    axis = drawn([ran(0, 10_000), ran(3_600_000, 10_000)]).axis
    ticks = list(axis.ticks(10))
    assert ticks == [0, 2000, 4000, 6000, 8000, 10_000, *range(3_602_000, 3_610_001, 2000)]
    many = [ran(number * 86_400_000, 1000) for number in range(500)]
    assert len(list(drawn(many).axis.ticks(20))) <= 26


def test_calls_that_take_no_time() -> None:
    """A single call of 0 ms still has an axis."""
    axis = drawn([ran(0, 0)]).axis
    assert (axis.at(0), axis.at(1)) == (0, 1)
    assert timeline([]) is None


@given(st.lists(st.tuples(st.integers(0, 10**8), st.none() | st.integers(0, 10**6), st.sampled_from("abc"))))
def test_no_call_is_lost_and_no_lane_overlaps(made: list[tuple[int, int | None, str]]) -> None:
    """Whatever ran when; the axis never goes back."""
    calls = [ran(start, length, f"/{path}", call_id=str(n)) for n, (start, length, path) in enumerate(made)]
    found = timeline(calls)
    if found is None:
        assert not calls
        return
    spans = [span for lane in found.lanes for span in lane.spans]
    assert sorted(span.call.call_id for span in spans) == sorted(call.call_id for call in calls)
    for lane in found.lanes:
        assert all(one.end <= other.start for one, other in zip(lane.spans, lane.spans[1:], strict=False))
        assert {span.call.session_path for span in lane.spans} == {lane.path}
    moments = sorted({moment for span in spans for moment in (span.start, span.end)})
    places = list(map(found.axis.at, moments))
    assert places == sorted(places)
    assert places[0] == 0
    assert places[-1] <= 1
