"""`sessiontap watch`, in a terminal and in a pipe."""

from __future__ import annotations

import json
import os
import select
import signal
import sys
import termios
import time
from pathlib import Path

import pytest

from sessiontap.store import Ledger
from sessiontap.times import rfc3339
from tests.cli.running import Run, Start
from tests.launch.terminal import in_terminal
from tests.sessions.samples import fill, make_call

pytestmark = pytest.mark.skipif(os.name == "nt", reason="terminals are made in another way there")

WATCH = (sys.executable, "-m", "sessiontap", "watch", "--interval", "0.1")
HOSTILE = "\x1b]0;owned\x07\x1b[2Jevil\u202e"


def environ(home: Path) -> dict[str, str]:
    """A terminal's."""
    return {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(Path.cwd()),
        "SESSIONTAP_HOME": str(home),
        "TERM": "xterm-256color",
        "COLUMNS": "100",
        "LINES": "24",
    }


def now(ahead_s: float = 0) -> str:
    """A call that begins now is new to who watches."""
    return rfc3339(time.time() + ahead_s)


def test_a_call_shows_up_while_it_is_watched(home: Path) -> None:
    """It begins, it runs, it costs; `q` leaves, and the terminal is as it was."""
    with in_terminal(WATCH, environ(home)) as terminal, Ledger(home) as proxy:
        before = termios.tcgetattr(terminal.descriptor)
        terminal.wait_for("q leaves")
        call = make_call(1, "/new", session_id="fresh", session_name="a fresh run", started_at=now())
        running = make_call(
            1,
            "/new",
            session_id="fresh",
            session_name="a fresh run",
            started_at=now(),
            status="running",
            ended_at=None,
            cost_usd=None,
        )
        proxy.append(running)
        terminal.wait_for("a fresh run")
        proxy.append(call)
        terminal.wait_for("$0.000123")
        terminal.type("q")
        assert terminal.ended() == 0
        # The alternate screen is left, and the cursor is seen again.
        assert terminal.seen.rstrip().endswith(("\x1b[?1049l\x1b[?25h", "\x1b[?25h\x1b[?1049l"))
        assert termios.tcgetattr(terminal.descriptor)[3] == before[3]


def test_ctrl_c_leaves_the_terminal_as_it_was(home: Path) -> None:
    """With 130, and without a traceback."""
    with in_terminal(WATCH, environ(home)) as terminal:
        before = termios.tcgetattr(terminal.descriptor)
        terminal.wait_for("q leaves")
        terminal.type("\x03")
        assert terminal.ended() == 130
        assert "Traceback" not in terminal.seen
        assert termios.tcgetattr(terminal.descriptor)[3] == before[3]


def test_escape_sequences_of_others_never_reach_the_terminal(home: Path) -> None:
    """In a name, a path, a model, an error."""
    with in_terminal(WATCH, environ(home)) as terminal, Ledger(home) as proxy:
        terminal.wait_for("q leaves")
        bad = make_call(
            1,
            f"/{HOSTILE}",
            HOSTILE,
            session_id="bad",
            session_name=HOSTILE,
            status="error",
            error_type=HOSTILE,
            error_message=HOSTILE,
            started_at=now(),
            ended_at=now(1),
        )
        proxy.append(bad)
        terminal.wait_for("Last errors")
        terminal.wait_for("evil")
        terminal.type("q")
        assert terminal.ended() == 0
        for sequence in ("\x1b]0;", "\x07", "\x1b[2J", "\u202e"):
            assert sequence not in terminal.seen


def test_a_pipe_gets_a_line_for_each_event(process: Start, home: Path) -> None:
    """As a call begins and as it ends; Ctrl-C ends with 130."""
    child = process("watch", "--interval", "0.1", "--json")
    assert child.stdout is not None
    with Ledger(home) as proxy:
        number, seen = 0, b""
        # The first look comes at some time: what is recorded after it is told.
        while not seen:
            number += 1
            proxy.append(
                make_call(number % 50, "/", session_id="fresh", call_id=f"n{number}", started_at=now())
            )
            ready, _, _ = select.select([child.stdout], [], [], 0.3)
            seen = child.stdout.readline() if ready else b""
    told = json.loads(seen)
    assert told["event"] == "ended"
    assert told["call"]["session_id"] == "fresh"
    child.send_signal(signal.SIGINT)
    _, stderr = child.communicate(timeout=30)
    assert (child.returncode, stderr) == (130, b"\n")


def test_a_session_that_is_not_there_is_named(run: Run) -> None:
    """Before anything is watched."""
    done = run("watch", "--session", "nothing-like-it")
    assert done.exit_code == 1
    assert "no session fits" in done.stderr


def test_one_session_is_found_as_elsewhere(process: Start, home: Path) -> None:
    """By its name; what another session does is not told."""
    fill(home, [make_call(1, "/", session_id="mine", session_name="my run")])
    child = process("watch", "--interval", "0.1", "--lines", "--session", "my run")
    assert child.stdout is not None
    with Ledger(home) as proxy:
        seen, number = b"", 0
        while not seen:
            number += 1
            proxy.append(make_call(1, "/", session_id="other", call_id=f"o{number}", started_at=now()))
            proxy.append(make_call(1, "/", session_id="mine", call_id=f"m{number}", started_at=now()))
            ready, _, _ = select.select([child.stdout], [], [], 0.3)
            seen = child.stdout.readline() if ready else b""
    child.send_signal(signal.SIGINT)
    rest, _ = child.communicate(timeout=30)
    assert b"triage ticket 4711" in seen
    assert b" other" not in seen + rest
