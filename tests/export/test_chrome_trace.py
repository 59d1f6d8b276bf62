"""Trace Event Format: what Perfetto and chrome://tracing ask of a file, and what it says of calls."""

from __future__ import annotations

import json
from collections import defaultdict
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from sessiontap.call import Call
from sessiontap.export.chrome_trace import chrome_trace
from sessiontap.export.document import WholeSession
from sessiontap.times import epoch_ms, rfc3339
from tests.sessions.samples import make_call, plain, triage

Event = dict[str, Any]


def events(*sessions: list[Call]) -> list[Event]:
    """The events of a trace; the file is JSON as it stands."""
    whole = (WholeSession(calls[0].session_id, calls) for calls in sessions)
    trace = json.loads(b"".join(chrome_trace(whole)))
    assert trace["displayTimeUnit"] == "ms"
    found: list[Event] = trace["traceEvents"]
    return found


def check(found: list[Event]) -> None:
    """Every event has what its kind needs, and those of one thread nest."""
    threads: dict[tuple[int, int], list[Event]] = defaultdict(list)
    for event in found:
        assert event["ph"] in {"M", "X"}
        assert isinstance(event["name"], str)
        assert isinstance(event["pid"], int)
        assert isinstance(event["tid"], int)
        if event["ph"] == "X":
            assert isinstance(event["ts"], int)
            assert isinstance(event["dur"], int)
            assert event["ts"] >= 0
            assert event["dur"] >= 0
            threads[event["pid"], event["tid"]].append(event)
    for of_thread in threads.values():
        open_until: list[int] = []
        for event in sorted(of_thread, key=lambda each: (each["ts"], -each["dur"])):
            while open_until and open_until[-1] <= event["ts"]:
                open_until.pop()
            end = event["ts"] + event["dur"]
            assert not open_until or end <= open_until[-1]
            open_until.append(end)


def test_a_session_is_a_process_and_a_path_a_thread() -> None:
    """With their names, in the tree's order."""
    found = events(triage(), plain())
    check(found)
    named = {
        (event["name"], event["pid"], event["tid"]): event["args"]["name"]
        for event in found
        if event["ph"] == "M" and "name" in event["args"]
    }
    assert named["process_name", 1, 0] == "triage ticket 4711"
    assert named["process_name", 2, 0] == "b-2"
    threads = [name for (kind, pid, _), name in named.items() if (kind, pid) == ("thread_name", 1)]
    assert threads[:2] == ["/triage", "/triage/classify"]
    # Perfetto takes a thread with the number of a process for its main thread.
    numbers = [tid for kind, _, tid in named if kind == "thread_name"]
    assert len(set(numbers)) == len(numbers)
    assert not set(numbers) & {1, 2}


def test_a_call_says_what_it_came_to() -> None:
    """Its time in microseconds, and its figures; nothing that was said in it."""
    found = events(triage())
    call = next(event for event in found if event.get("args", {}).get("call_id") == "c01")
    assert (call["name"], call["cat"], call["dur"]) == ("gpt-5-mini-2025-08-07", "call,ok", 2_300_000)
    assert call["args"]["input_tokens"] == 12345
    assert call["args"]["path"] == "/triage/classify"
    assert "error_message" not in {key for event in found for key in event.get("args", {})}
    wait = next(event for event in found if event.get("cat") == "wait")
    assert wait["dur"] == 340_000


def test_calls_that_failed_stand_out() -> None:
    """By a colour that the viewers have, and a category to search for."""
    failed = [event for event in events(triage()) if "call,error" in event.get("cat", "")]
    assert {event["cname"] for event in failed} == {"terrible"}


@given(
    st.lists(
        st.tuples(
            st.integers(0, 5000),
            st.none() | st.integers(0, 3000),
            st.integers(0, 3000),
            st.sampled_from("ab"),
        ),
        min_size=1,
    )
)
def test_calls_at_once_never_share_a_thread(made: list[tuple[int, int | None, int, str]]) -> None:
    """Whatever ran when."""
    calls = [
        make_call(
            0,
            f"/{path}",
            call_id=str(number),
            started_at=rfc3339(1_795_000_000 + start / 1000),
            ended_at=None if length is None else rfc3339(1_795_000_000 + (start + length) / 1000),
            duration_ms=length,
            ttft_ms=first,
            status="running" if length is None else "ok",
        )
        for number, (start, length, first, path) in enumerate(made)
    ]
    check(events(calls))


def test_a_call_under_way_lasts_until_now() -> None:
    """Where it is said when that is."""
    call = make_call(0, "/", status="running", ended_at=None, duration_ms=None, ttft_ms=None)
    session = WholeSession("s", [call])
    now_ms = epoch_ms(call.started_at) + 5_000
    trace = json.loads(b"".join(chrome_trace(iter([session]), now_ms=now_ms)))
    assert [event["dur"] for event in trace["traceEvents"] if event["ph"] == "X"] == [5_000_000]


def test_a_start_that_is_no_time_has_no_place() -> None:
    """The other calls are there, and so is a session that has none other."""
    broken = [make_call(3, "/", started_at="soon")]
    found = events([*triage(), *broken], broken)
    check(found)
    calls = [event["args"]["call_id"] for event in found if event["ph"] == "X" and "args" in event]
    assert set(calls) == {call.call_id for call in triage()}
    assert {event["pid"] for event in found} == {1, 2}
