"""The recorder: what the store refuses waits, and one line tells of each trouble's start and end."""

from __future__ import annotations

import itertools
import logging
import math
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from sessiontap.call import Call
from sessiontap.pricing import load_prices
from sessiontap.proxy.recorder import RETRY_S, Recorder
from sessiontap.resources import find
from sessiontap.store import Ledger


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home that is not there yet."""
    return tmp_path / "home"


def _recorder(home: Path, *, most_waiting: int = 3, clock: Iterator[float] | None = None) -> Recorder:
    """A recorder whose clock goes on by more than the pause between two tries each time it is read."""
    seconds = clock or itertools.count(0.0, 2 * RETRY_S)
    prices = load_prices(find("pricing.yaml"))
    return Recorder(
        Ledger(home), prices, most_waiting=most_waiting, piece_s=math.inf, clock=lambda: next(seconds)
    )


def _calls(number: int) -> Iterator[Call]:
    for each in range(number):
        yield Call(
            call_id=f"00000000-0000-4000-8000-{each:012}",
            session_id="s",
            provider="openai",
            api="openai.chat",
            operation="chat",
            host="api.openai.com",
            url_path="/v1/chat/completions",
            status="ok",
            started_at=f"2026-11-23T20:00:00.{each:03}Z",
        )


def test_a_store_that_comes_back_gets_what_waited(home: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Records that could not be written are written, in order, as soon as one can be."""
    recorder = _recorder(home)
    home.write_text("in the way")
    first, second, third = _calls(3)
    with caplog.at_level(logging.WARNING):
        recorder.started(first)
        recorder.started(second)
        home.unlink()
        recorder.started(third)
    assert Ledger(home).calls("s") == [first, second, third]
    assert [record.levelname for record in caplog.records] == ["WARNING", "WARNING"]
    assert "not everything can be recorded" in caplog.messages[0]
    assert str(home) in caplog.messages[0]
    assert caplog.messages[1] == "sessiontap: recording again; of what waited, 2 written, 0 lost"


def test_what_waits_is_bounded_and_the_loss_is_told(home: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Beyond the bound the oldest records are lost, and the closing line counts them."""
    recorder = _recorder(home, most_waiting=3)
    home.write_text("in the way")
    calls = list(_calls(6))
    with caplog.at_level(logging.WARNING):
        for call in calls[:5]:
            recorder.started(call)
        home.unlink()
        recorder.started(calls[5])
    assert Ledger(home).calls("s") == calls[2:]
    assert caplog.messages[-1] == "sessiontap: recording again; of what waited, 3 written, 2 lost"


def test_closing_tries_once_more(home: Path) -> None:
    """What waits when the proxy ends is written where that has become possible."""
    recorder = _recorder(home)
    home.write_text("in the way")
    (call,) = _calls(1)
    recorder.started(call)
    home.unlink()
    recorder.close()
    assert Ledger(home).calls("s") == [call]


def test_a_refusing_store_is_left_alone_for_a_while(home: Path) -> None:
    """Between two tries the store is not touched, so that trouble costs the traffic next to nothing."""
    recorder = _recorder(home, clock=itertools.repeat(5.0))
    home.write_text("in the way")
    first, second = _calls(2)
    recorder.started(first)
    home.unlink()
    recorder.started(second)
    assert not home.exists()
    recorder.close()
    assert Ledger(home).calls("s") == [first, second]


def test_a_session_that_cannot_be_written_holds_up_no_other(home: Path) -> None:
    """One broken session waits in memory; the others are on disk at once."""
    recorder = _recorder(home, most_waiting=10, clock=itertools.repeat(0.0))
    broken = Ledger(home).path("broken").parent
    broken.parent.mkdir(parents=True)
    broken.write_text("a file where a folder should be")
    first, second = _calls(2)
    recorder.started(msgspec.structs.replace(first, session_id="broken"))
    recorder.started(second)
    assert Ledger(home).calls("s") == [second]


def test_another_store_gets_what_waited_for_the_first(home: Path, tmp_path: Path) -> None:
    """Choosing another home while the first cannot be written loses nothing."""
    recorder = _recorder(home)
    home.write_text("in the way")
    first, second = _calls(2)
    recorder.started(first)
    other = Ledger(tmp_path / "other")
    recorder.use(other, load_prices(find("pricing.yaml")))
    recorder.started(second)
    assert other.calls("s") == [first, second]


def test_what_waits_is_written_without_traffic_and_in_pieces(home: Path) -> None:
    """A tick writes what can be written in a moment and says whether more waits; order and number stay."""
    now = 0.0
    recorder = Recorder(Ledger(home), load_prices(find("pricing.yaml")), piece_s=0.002, clock=lambda: now)
    home.write_text("in the way")
    calls = [
        msgspec.structs.replace(call, started_at=f"2026-11-23T20:00:{number // 1000:02}.{number % 1000:03}Z")
        for number, call in enumerate(_calls(2_000))
    ]
    for call in calls:
        recorder.started(call)
    home.unlink()
    now = RETRY_S
    longest, ticks, more = 0.0, 0, True
    while more:
        start = time.thread_time()
        more = recorder.tick()
        longest = max(longest, time.thread_time() - start)
        ticks += 1
    assert Ledger(home).calls("s") == calls
    assert ticks > 1
    # The piece, and one write more.
    assert longest < 0.05


def test_the_bounds_are_told(home: Path, caplog: pytest.LogCaptureFixture) -> None:
    """The line that begins a trouble says what happens, how much is kept, and what to do."""
    recorder = Recorder(Ledger(home), load_prices(find("pricing.yaml")))
    home.write_text("in the way")
    (call,) = _calls(1)
    recorder.started(call)
    (line,) = caplog.messages
    assert line == (
        f"sessiontap: not everything can be recorded for now: {Ledger(home).path('s')} cannot be written:"
        " Not a directory; make it accessible for this user, or set SESSIONTAP_HOME to another folder."
        " Traffic goes on; what is to be recorded waits in memory and is written as soon as that is possible"
        " (at most 10,000 records of calls and 128 MiB of requests and replies,"
        " beyond that the oldest are lost)"
    )
