"""The watcher: what is under way, look by look."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest

from sessiontap.call import Call
from sessiontap.catalog import CallEvent, Watched, Watcher
from sessiontap.store import Ledger, session_key
from sessiontap.times import epoch_ms, rfc3339
from tests.sessions.samples import make_call

NOW_MS = epoch_ms("2026-11-23T20:01:00.000Z")
WITHIN_MS = 5 * 60_000


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    """The store of a proxy that runs."""
    with Ledger(tmp_path / "home") as opened:
        yield opened


@pytest.fixture
def watcher(tmp_path: Path) -> Watcher:
    """Who watches its home."""
    return Watcher(tmp_path / "home", within_ms=WITHIN_MS)


def running(second: int, **fields: object) -> Call:
    """A call that has not ended."""
    call = make_call(second, "/", status="running", ended_at=None, duration_ms=None, ttft_ms=None)
    return msgspec.structs.replace(call, **fields)


def kinds(watched: Watched) -> list[tuple[str, str, str]]:
    """The events of a look: what happened, to which call, and how it stands."""
    return [(event.kind, event.call.call_id, event.call.status) for event in watched.events]


def test_an_empty_home_has_nothing_in_progress(watcher: Watcher) -> None:
    """Also where there is no home yet."""
    watched = watcher.look(NOW_MS)
    assert (watched.sessions, watched.running, watched.events) == ((), (), ())
    assert watched.today.calls == 0


def test_what_was_there_before_is_no_event(ledger: Ledger, watcher: Watcher) -> None:
    """It is in progress where it ended not long ago; its errors are shown."""
    ledger.append(make_call(1, "/", session_id="a", status="error", error_type="x"))
    ledger.append(make_call(2, "/", session_id="old", started_at="2026-11-23T10:00:00.000Z", ended_at=None))
    watched = watcher.look(NOW_MS)
    assert [summary.session_id for summary in watched.sessions] == ["a"]
    assert [call.call_id for call in watched.errors] == ["c01"]
    assert watched.events == ()
    assert watched.today.calls == 2
    assert watcher.look(NOW_MS).events == ()


def test_calls_begin_and_end(ledger: Ledger, watcher: Watcher) -> None:
    """Each once, also where both happened between two looks."""
    watcher.look(NOW_MS)
    ledger.append(running(1, session_id="a"))
    first = watcher.look(NOW_MS)
    assert kinds(first) == [("began", "c01", "running")]
    assert [call.call_id for call in first.running] == ["c01"]
    assert first.sessions[0].running == 1
    ledger.append(
        make_call(1, "/", session_id="a", started_at=rfc3339(NOW_MS / 1000 + 1), cost_usd=Decimal(2))
    )
    ledger.append(
        make_call(
            3, "/", session_id="b", started_at=rfc3339(NOW_MS / 1000 + 2), status="error", cost_usd=None
        )
    )
    second = watcher.look(NOW_MS + 3000)
    assert sorted(kinds(second)) == [("ended", "c01", "ok"), ("ended", "c03", "error")]
    assert second.running == ()
    assert [call.call_id for call in second.errors] == ["c03"]
    assert second.totals.cost_usd == Decimal(2)
    assert watcher.look(NOW_MS + 4000).events == ()


def test_a_call_that_ran_before_is_seen_to_end(ledger: Ledger, watcher: Watcher) -> None:
    """Though it began before anybody looked."""
    ledger.append(running(1, session_id="a"))
    assert [call.call_id for call in watcher.look(NOW_MS).running] == ["c01"]
    ledger.append(make_call(1, "/", session_id="a"))
    assert kinds(watcher.look(NOW_MS)) == [("ended", "c01", "ok")]


def test_a_call_of_a_proxy_that_died_ends_as_interrupted(ledger: Ledger, watcher: Watcher) -> None:
    """Nothing more is written of it."""
    ledger.append(running(1, session_id="a"))
    watcher.look(NOW_MS)
    ledger.close()
    assert kinds(watcher.look(NOW_MS)) == [("ended", "c01", "interrupted")]
    assert watcher.look(NOW_MS).events == ()


def test_a_call_that_is_priced_anew_is_no_event(ledger: Ledger, watcher: Watcher) -> None:
    """It ended before the watch began."""
    ledger.append(make_call(1, "/", session_id="a"))
    watcher.look(NOW_MS)
    ledger.append(make_call(1, "/", session_id="a", cost_usd=Decimal(9)))
    assert watcher.look(NOW_MS).events == ()


def test_one_session_alone(ledger: Ledger, tmp_path: Path) -> None:
    """With a key, the others are not looked at."""
    ledger.append(running(1, session_id="a"))
    ledger.append(running(2, session_id="b"))
    watched = Watcher(tmp_path / "home", within_ms=WITHIN_MS, key=session_key("b")).look(NOW_MS)
    assert [summary.session_id for summary in watched.sessions] == ["b"]
    assert [call.call_id for call in watched.running] == ["c02"]
    assert watched.today.calls == 1


def test_today_is_the_day_of_each_call(ledger: Ledger, watcher: Watcher) -> None:
    """A session that went over midnight is counted with its later part."""
    before = make_call(1, "/", session_id="a", started_at="2026-11-22T23:59:00.000Z", cost_usd=Decimal(5))
    ledger.append(before)
    ledger.append(make_call(2, "/", session_id="a", cost_usd=Decimal(1)))
    watched = watcher.look(NOW_MS)
    assert watched.today.cost_usd == Decimal(1)
    assert watched.totals.cost_usd == Decimal(6)
    ledger.append(make_call(3, "/", session_id="a", cost_usd=Decimal(1)))
    assert watcher.look(NOW_MS).today.cost_usd == Decimal(2)


def test_a_session_is_no_longer_in_progress_after_a_while(ledger: Ledger, watcher: Watcher) -> None:
    """Unless a call of it runs."""
    ledger.append(make_call(1, "/", session_id="a"))
    ledger.append(running(2, session_id="b"))
    later = watcher.look(NOW_MS + WITHIN_MS + 60_000)
    assert [summary.session_id for summary in later.sessions] == ["b"]


def test_events_are_of_calls() -> None:
    """What a line is printed for."""
    assert CallEvent("began", running(1)).call.status == "running"
