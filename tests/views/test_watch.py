"""The screen of `watch`, and its lines."""

from __future__ import annotations

import msgspec
import pytest

from sessiontap.call import Call
from sessiontap.catalog import CallEvent, Watched
from sessiontap.sessions.rollup import added_up, summarize
from sessiontap.times import epoch_ms
from sessiontap.views.watch import event_line, watch_screen
from tests.sessions.samples import make_call, plain, triage
from tests.views.test_session_views import expected, hostile, printed

NOW_MS = epoch_ms("2026-11-23T20:00:12.000Z")
HEIGHT = 20


def watched(*sessions: list[Call]) -> Watched:
    """A look at some sessions."""
    summaries = [summarize(calls[0].session_id, calls) for calls in sessions]
    calls = [call for session in sessions for call in session]
    return Watched(
        now_ms=NOW_MS,
        sessions=tuple(summaries),
        running=tuple(call for call in calls if call.status == "running"),
        errors=tuple(call for call in calls if call.status == "error"),
        events=(),
        totals=added_up(summaries),
        today=added_up(summaries),
    )


@pytest.mark.parametrize("width", [80, 160])
def test_the_screen(width: int) -> None:
    """Sessions, calls that run, the last errors, and how to leave."""
    lines = watch_screen(watched(triage(), plain()), width, HEIGHT)
    assert printed(lines, width) == expected(f"watch-{width}")


@pytest.mark.parametrize("width", [20, 40, 80, 200])
@pytest.mark.parametrize("height", [5, 10, 24, 60])
def test_the_screen_fits(width: int, height: int) -> None:
    """Whatever its size: no line is too long, and there are as many as there is room for."""
    many = [[make_call(1, "/", session_id=f"s{number}")] for number in range(50)]
    lines = watch_screen(watched(triage(), *many), width, height)
    assert len(lines) == height
    assert max(line.cell_len for line in lines) <= width
    assert lines[-1].plain == "q leaves"


def test_nothing_in_progress() -> None:
    """It says what to expect."""
    assert "as soon as its first call begins" in printed(watch_screen(watched(), 80, HEIGHT), 80)


def test_lines() -> None:
    """A line as a call begins, and one as it ends."""
    first = triage()[0]
    failed = next(call for call in triage() if call.status == "error")
    events = (CallEvent("began", first), CallEvent("ended", first), CallEvent("ended", failed))
    shown = [event_line(event).plain for event in events]
    assert "\n".join(shown) + "\n" == expected("watch-lines")


def test_they_are_harmless() -> None:
    """What others chose is shown without what a terminal would obey."""
    calls = hostile()
    bad = [msgspec.structs.replace(call, status="running") for call in calls] + calls
    text = printed(watch_screen(watched(bad), 120, HEIGHT), 120)
    text += "".join(event_line(CallEvent("ended", call)).plain for call in calls)
    assert set(text) & set("\x1b\x07\x9b\u202e\r") == set()
