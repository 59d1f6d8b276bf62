from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path

import pytest

from sessiontap.demo.script import SESSION_NAME, story
from sessiontap.store import Ledger

STEPS = [step for group in story() for step in group]
CREDENTIAL = b"demo-key-of-nobody"
LONGEST_S = 60  # the promise is 15 s on a machine that does nothing else


def _demo(temporary: Path, *options: str) -> subprocess.Popen[str]:
    """A running `sessiontap demo` whose temporary folders are made below `temporary`."""
    temporary.mkdir(exist_ok=True)
    return subprocess.Popen(
        [sys.executable, "-m", "sessiontap", "demo", *options],
        env={
            **os.environ,
            "TMPDIR": str(temporary),
            "COLUMNS": "120",
            "SESSIONTAP_HOME": str(temporary / "no"),
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def _processes_that_name(folder: Path) -> Sequence[str]:
    """Command lines of this machine that hold a path below the folder; none where there is no /proc."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            command = entry.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue  # it ended meanwhile
        if str(folder) in command:
            found.append(command)
    return found


def test_shows_and_keeps_the_session(tmp_path: Path) -> None:
    """The whole run: progress on stderr, the session as a tree on stdout, all of it in the given home."""
    home = tmp_path / "kept records"
    with _demo(tmp_path / "temporary", "--home", str(home)) as process:
        shown, progress = process.communicate(timeout=LONGEST_S)

    assert process.returncode == 0, progress
    [session] = Ledger(home).sessions()
    calls = session.calls
    assert len(calls) == len(STEPS) + 1
    assert [call.http_status for call in calls if call.status != "ok"] == [429]
    assert [call.attempt for call in calls if call.attempt] == [1]
    assert [call.request_model for call in calls if call.unpriced] == ["gpt-experimental-unlisted"]
    assert {call.session_path for call in calls} == {step.path for step in STEPS}
    assert {call.session_source for call in calls} == {"header"}
    assert {call.session_name for call in calls} == {SESSION_NAME}
    assert sum((call.cost_usd or Decimal(0) for call in calls), Decimal(0)) > Decimal("0.01")

    for expected in (SESSION_NAME, "classify", "summarize", "claude-sonnet-4-6", "+1 unpriced", "429"):
        assert expected in shown
    assert f"sessiontap show {session.session_id} --home '{home}'" in shown
    assert len([line for line in progress.splitlines() if line.startswith("✓")]) == len(STEPS)
    assert not [path for path in home.rglob("*") if path.is_file() and CREDENTIAL in path.read_bytes()]


def test_json_and_the_temporary_home(tmp_path: Path) -> None:
    """With `--json` stdout is one JSON document, and without `--keep` nothing stays on disk."""
    with _demo(tmp_path / "temporary", "--json") as process:
        printed, progress = process.communicate(timeout=LONGEST_S)

    assert process.returncode == 0, progress
    assert json.loads(printed)["session"]["calls"] == len(STEPS) + 1
    assert list((tmp_path / "temporary").iterdir()) == []


@pytest.mark.skipif(sys.platform == "win32", reason="Windows delivers no such signals")
@pytest.mark.parametrize(
    ("number", "status"),
    [(signal.SIGINT, 130), (signal.SIGTERM, 143)],
    ids=["Ctrl-C", "SIGTERM"],
)
@pytest.mark.parametrize("moment", ["Starting", "✓"], ids=["while mitmdump starts", "while the agent runs"])
def test_ends_cleanly_when_stopped(tmp_path: Path, number: int, status: int, moment: str) -> None:
    """Stopped at any moment, it leaves neither process nor file nor traceback."""
    temporary = tmp_path / "temporary"
    with _demo(temporary) as process:
        assert process.stderr is not None
        for line in process.stderr:
            if line.startswith(moment):
                break
        process.send_signal(number)
        shown, rest = process.communicate(timeout=LONGEST_S)

    assert (process.returncode, shown) == (status, "")
    assert "Traceback" not in rest
    assert list(temporary.iterdir()) == []
    assert _processes_that_name(temporary) == []


def test_a_home_that_cannot_be_is_one_line(tmp_path: Path) -> None:
    """A home below a file is refused before anything starts."""
    (tmp_path / "file").touch()
    with _demo(tmp_path / "temporary", "--home", str(tmp_path / "file" / "home")) as process:
        shown, said = process.communicate(timeout=LONGEST_S)
    assert (process.returncode, shown) == (1, "")
    assert said.splitlines()[-1].startswith("sessiontap: ")
    assert str(tmp_path / "file") in said.splitlines()[-1]
    assert len(said.splitlines()) == 1
