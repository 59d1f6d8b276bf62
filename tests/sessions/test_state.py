"""What is kept of a session between two readings: any batches, any order of versions, the same summary."""

from __future__ import annotations

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from sessiontap.call import Call
from sessiontap.sessions.answers import extent_of, may_meet, meets, narrowed
from sessiontap.sessions.filters import CallFilter
from sessiontap.sessions.rollup import summarize, summary_of
from sessiontap.sessions.state import SessionState
from tests.sessions.samples import make_call
from tests.sessions.test_fold import sessions


def as_it_is(call: Call) -> Call:
    """Settles nothing."""
    return call


def interrupted(call: Call) -> Call:
    """Settles a call under way as one of a dead proxy."""
    return msgspec.structs.replace(call, status="interrupted")


def started(call: Call) -> Call:
    """The call when it was under way."""
    return msgspec.structs.replace(call, status="running", ended_at=None, cost_usd=None, response_model=None)


def kept(state: SessionState) -> SessionState:
    """The state after it was written down and read."""
    return msgspec.msgpack.decode(msgspec.msgpack.encode(state), type=SessionState)


@given(calls=sessions(), data=st.data())
def test_batches_and_versions_do_not_change_the_summary(calls: list[Call], data: st.DataObject) -> None:
    """Calls seen to start and to end, in any order and any batches: the sum is of the latest versions."""
    first = [call for call in calls if call.status != "running" and data.draw(st.booleans())]
    lines = [started(call) for call in first] + data.draw(st.permutations(calls))
    state: SessionState | None = SessionState()
    while lines:
        size = data.draw(st.integers(1, len(lines)))
        batch, lines = lines[:size], lines[size:]
        assert state is not None
        state = kept(state).with_calls({call.call_id: call for call in batch}.values())
    assert state is not None
    assert state.session_id == (calls[0].session_id if calls else None)
    assert state.summary(as_it_is) == summarize(state.session_id, calls)
    totals = state.totals(as_it_is)
    assert totals == msgspec.structs.replace(summarize(state.session_id, calls), models=(), paths=())


@given(calls=sessions())
def test_calls_under_way_are_settled_when_they_are_looked_at(calls: list[Call]) -> None:
    """What becomes of a call of a dead proxy is no part of what is kept."""
    state = SessionState().with_calls(calls)
    assert state is not None
    before = msgspec.msgpack.encode(state)
    settled = [interrupted(call) if call.status == "running" else call for call in calls]
    assert state.summary(interrupted) == summarize(state.session_id, settled)
    assert msgspec.msgpack.encode(state) == before


def test_a_new_version_of_an_ended_call_is_noticed() -> None:
    """Its sums cannot be taken apart: the session has to be read again."""
    state = SessionState().with_calls([make_call(1, "/"), make_call(2, "/")])
    assert state is not None
    assert state.with_calls([make_call(2, "/", cost_usd=None)]) is None
    assert state.with_calls([started(make_call(1, "/"))]) is None
    assert state.with_calls([make_call(3, "/")]) is not None


def test_the_newest_call_says_the_sessions_id() -> None:
    """Ended or under way: the one that started last."""
    state = SessionState().with_calls(
        [make_call(5, "/", session_id="new"), make_call(1, "/", session_id="old")]
    )
    assert state is not None
    assert state.session_id == "new"
    state = state.with_calls([started(make_call(9, "/", session_id="newer"))])
    assert state is not None
    assert state.session_id == "newer"
    assert SessionState().session_id is None


def test_a_long_session_is_a_small_state() -> None:
    """Four bytes a call, and a handful of sums."""
    state = SessionState().with_calls(make_call(1, "/a", call_id=f"c{number}") for number in range(10_000))
    assert len(msgspec.msgpack.encode(state)) < 41_000


_STARTS = st.integers(0, 7).map(lambda second: f"2026-11-23T20:00:{second:02}.000Z")
_FILTERS = st.builds(
    CallFilter,
    since=st.none() | _STARTS,
    until=st.none() | _STARTS,
    names=st.lists(st.sampled_from(["one", "t*", "x"]), max_size=2).map(tuple),
    users=st.lists(st.sampled_from(["one", "two", "", "x"]), max_size=2).map(tuple),
    models=st.lists(st.sampled_from(["gpt-*", "claude", "x"]), max_size=2).map(tuple),
    properties=st.just(()) | st.just((("a", "b"),)),
    agents=st.lists(st.sampled_from(["one", "t*", "x", ""]), max_size=2).map(tuple),
    paths=st.lists(st.sampled_from(["/", "a", "/a/*", "x"]), max_size=2).map(tuple),
    statuses=st.lists(st.sampled_from(["ok", "running", "error", "interrupted"]), max_size=2).map(tuple),
)


@given(calls=sessions(), wanted=_FILTERS, data=st.data())
def test_what_the_sums_say_to_a_filter_is_true(
    calls: list[Call], wanted: CallFilter, data: st.DataObject
) -> None:
    """A yes and a no of the sums are what the calls say; where they cannot tell they do not."""
    calls = [
        msgspec.structs.replace(call, properties=data.draw(st.sampled_from([{}, {"A": "b"}])))
        for call in calls
    ]
    state = SessionState().with_calls(calls)
    assert state is not None
    if not state:
        return
    for settle in (as_it_is, interrupted):
        settled = [settle(call) if call.status == "running" else call for call in calls]
        meeting = wanted.matching(settled)
        truth = bool(meeting)
        assert meets(state, wanted, settle) in {truth, None}
        assert may_meet(state.totals(settle), extent_of(state), wanted) or not truth
        part = narrowed(state.whole(settle), wanted)
        assert part is None or summary_of("s", part) == summarize("s", meeting)


def test_the_sums_answer_the_usual_filters() -> None:
    """Names, users, models, and times outside of the session or around it need no call."""
    state = SessionState().with_calls([make_call(1, "/", user_id="ann"), make_call(5, "/", "o3")])
    assert state is not None
    day, later = "2026-11-23", "2026-11-24"
    for wanted, answer in [
        (CallFilter(since=day, until=later, models=("gpt*",), users=("ann",)), True),
        (CallFilter(models=("o3",), users=("ann",)), False),
        (CallFilter(since=later), False),
        (CallFilter(until=day), False),
        (CallFilter(since="2026-11-23T20:00:02.000Z", models=("gpt*",)), False),
        (CallFilter(names=("triage*",), since=day), True),
        (CallFilter(properties=(("a", "b"),)), None),
        (CallFilter(agents=("demo",), paths=("/",), statuses=("ok",)), True),
        (CallFilter(agents=("demo/0.2",)), False),
        (CallFilter(paths=("/a",)), False),
        (CallFilter(statuses=("error", "running")), False),
    ]:
        assert meets(state, wanted, as_it_is) is answer, wanted
