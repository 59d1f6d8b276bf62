"""A command of the user's for each session that has ended."""

from __future__ import annotations

import json
import logging
import os
import select
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from sessiontap.proxy import session_end
from sessiontap.proxy.session_end import SessionEnds, run_command
from sessiontap.settings import Settings
from sessiontap.store import Ledger
from tests.sessions.samples import make_call

pytestmark = pytest.mark.skipif(os.name == "nt", reason="the commands are a POSIX shell's")


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    """The store of a proxy."""
    with Ledger(tmp_path / "home") as opened:
        yield opened


class Clock:
    """A time that goes on when it is told to."""

    now = 0.0

    def __call__(self) -> float:
        """Seconds."""
        return self.now


def made(tmp_path: Path, clock: Clock, command: str) -> SessionEnds:
    """Sessions that end after a minute."""
    settings = Settings(home=tmp_path / "home", on_session_end=command, session_idle_s=60)

    def fail(error: Exception) -> None:
        raise error

    return SessionEnds(settings, on_fault=fail, clock=clock)


def told(tmp_path: Path) -> list[dict[str, object]]:
    """What the command was given so far."""
    file = tmp_path / "told"
    return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []


def test_a_session_ends_when_it_has_been_idle(tmp_path: Path, ledger: Ledger) -> None:
    """Not before, and not while a call of it runs; its summary is that of the store."""
    clock = Clock()
    ends = made(tmp_path, clock, f"cat >> {tmp_path}/told")
    call = make_call(1, "/", session_id="s", session_name="n")
    ledger.append(call)
    ends.started(call)
    clock.now = 100
    ends.tick()
    ends.ended(call)
    clock.now = 159
    ends.tick()
    assert told(tmp_path) == []
    clock.now = 160
    ends.tick()
    ends.tick()
    ends.close()
    (summary,) = told(tmp_path)
    assert (summary["session_id"], summary["name"], summary["calls"]) == ("s", "n", 1)
    assert summary["cost_usd"] == 0.000123


def test_the_proxy_s_end_ends_all_sessions(tmp_path: Path, ledger: Ledger) -> None:
    """Each once; calls that belong to none are nobody's session."""
    ends = made(tmp_path, Clock(), f"cat >> {tmp_path}/told")
    for session_id in ("a", "b"):
        ledger.append(make_call(1, "/", session_id=session_id))
        ends.ended(make_call(1, "/", session_id=session_id))
    ends.ended(make_call(1, "/", session_id=None))
    ends.close()
    assert sorted(str(each["session_id"]) for each in told(tmp_path)) == ["a", "b"]


def test_without_a_command_nothing_is_kept(tmp_path: Path) -> None:
    """And no thread is started."""
    ends = made(tmp_path, Clock(), "")
    ends.started(make_call(1, "/", session_id="a"))
    ends.close()
    assert not (tmp_path / "home").exists()


def test_a_command_knows_where_it_is(tmp_path: Path, ledger: Ledger) -> None:
    """A session's id comes as a variable, never as a part of the command."""
    session_id = "$(touch owned); `id`"
    ledger.append(make_call(1, "/", session_id=session_id))
    run_command(
        f'printf \'%s|%s\' "$SESSIONTAP_SESSION_ID" "$SESSIONTAP_HOME" > {tmp_path}/told',
        tmp_path / "home",
        session_id,
    )
    assert (tmp_path / "told").read_text() == f"{session_id}|{tmp_path / 'home'}"
    assert not Path("owned").exists()


def test_a_command_that_fails_is_told(
    tmp_path: Path, ledger: Ledger, caplog: pytest.LogCaptureFixture
) -> None:
    """With its last words, harmless; what it prints goes nowhere."""
    ledger.append(make_call(1, "/", session_id="s"))
    program = "import sys; print('out'); sys.stderr.write('first\\nlast \\x1b[31m\\n'); sys.exit(3)"
    with caplog.at_level(logging.WARNING):
        run_command(f'{sys.executable} -c "{program}"', tmp_path / "home", "s")
    (record,) = caplog.records
    assert "sessiontap_on_session_end ended with 3 for session s: last" in record.getMessage()
    assert "\x1b" not in record.getMessage()


def test_what_a_command_leaves_running_is_not_waited_for(
    tmp_path: Path, ledger: Ledger, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It has its own stderr to hold; the next session's command begins meanwhile."""
    monkeypatch.setattr(session_end, "LONGEST_S", 20.0)
    ledger.append(make_call(1, "/", session_id="s"))
    begun = time.monotonic()
    with caplog.at_level(logging.WARNING):
        run_command(f"sleep 60 & echo $! > {tmp_path}/pid", tmp_path / "home", "s")
    os.kill(int((tmp_path / "pid").read_text()), signal.SIGKILL)
    assert time.monotonic() - begun < 15
    assert caplog.records == []


def test_a_command_that_runs_too_long_is_killed_with_all_that_it_started(
    tmp_path: Path, ledger: Ledger, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A shell alone would leave what it waits for."""
    monkeypatch.setattr(session_end, "LONGEST_S", 0.5)
    ledger.append(make_call(1, "/", session_id="s"))
    os.mkfifo(tmp_path / "pipe")
    pipe = os.open(tmp_path / "pipe", os.O_RDONLY | os.O_NONBLOCK)
    with caplog.at_level(logging.WARNING):
        run_command(f"sleep 60 4> {tmp_path}/pipe; exit 0", tmp_path / "home", "s")
    (record,) = caplog.records
    assert "ran longer than" in record.getMessage()
    # The pipe is at its end once nobody holds it any more.
    assert select.select([pipe], [], [], 20)[0]
    os.close(pipe)
