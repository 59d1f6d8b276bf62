from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from sessiontap.store import Ledger
from sessiontap.store.appender import locked
from tests.cli.running import Run
from tests.sessions.samples import TRIAGE_ID, fill, make_call, plain, triage

EXPECTED = Path(__file__).parent.parent / "views" / "expected"


def journals(home: Path) -> dict[str, bytes]:
    """The files of calls by their folder's first letters."""
    return {path.parent.name[:3]: path.read_bytes() for path in home.rglob("calls.jsonl")}


@pytest.fixture
def twice(home: Path) -> Path:
    """The home, with each call of the one session written twice more."""
    fill(home, triage(), triage())
    return home


@pytest.mark.parametrize("width", ["80", "200"])
def test_what_is_printed(run: Run, twice: Path, width: str) -> None:
    """Each session that became smaller, and the totals of all."""
    del twice
    result = run("compact", COLUMNS=width)
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout == (EXPECTED / f"compact-{width}.txt").read_text("utf-8")


def test_the_calls_are_those_of_before(run: Run, twice: Path) -> None:
    """Each once, and a second run finds nothing to do."""
    before = journals(twice)
    with Ledger(twice) as ledger:
        calls = ledger.calls(TRIAGE_ID)
    run("compact")
    after = journals(twice)
    with Ledger(twice) as ledger:
        assert ledger.calls(TRIAGE_ID) == calls
    assert after["471"].count(b"\n") == 6
    assert after["b-2"] == before["b-2"]
    said = json.loads(run("compact", "--json").stdout)
    assert journals(twice) == after
    assert said["bytes_before"] == said["bytes_after"] == sum(map(len, after.values()))


@pytest.mark.parametrize(("chosen", "changed"), [("471", True), ("triage ticket 4711", True), ("-1", False)])
def test_sessions_can_be_chosen(run: Run, twice: Path, chosen: str, changed: bool) -> None:
    """As `show` takes them."""
    before = journals(twice)
    assert run("compact", chosen).exit_code == 0
    assert (journals(twice)["471"] != before["471"]) == changed


def test_what_is_skipped_is_told(run: Run, twice: Path) -> None:
    """With the reason; nothing is lost by it, so the exit code is 0."""
    path = next(twice.rglob("b-2*/calls.jsonl"))
    with path.open("ab") as file:
        file.write(b"oops\n")
    result = run("compact")
    assert result.exit_code == 0
    assert result.stderr == (
        f"sessiontap: {path}: 1 damaged line(s); `sessiontap verify --repair` sets them aside\n"
    )


def test_what_fails_is_exit_code_1(run: Run, twice: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The others are compacted all the same."""
    monkeypatch.setattr("sessiontap.store.compaction.LOCK_TIMEOUT_S", 0.01)
    path = next(twice.rglob("471*/calls.jsonl"))
    Path(f"{path}.lock").unlink()
    Path(f"{path}.lock").symlink_to(twice / "elsewhere")
    said = run("compact", "--json")
    assert said.exit_code == 1
    assert said.stderr.endswith("sessiontap: 1 file could not be compacted\n")
    (failed,) = [each for each in json.loads(said.stdout)["files"] if each["failed"]]
    assert failed["path"] == str(path)


def test_an_empty_home(run: Run, tmp_path: Path) -> None:
    """Nothing is made there."""
    result = run("compact", "--home", str(tmp_path / "none"))
    assert (result.exit_code, result.stdout) == (0, f"No sessions in {tmp_path / 'none'} yet.\n")
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize(("args", "code"), [(["nobody"], 1), (["--frob"], 2), ([""], 2)])
def test_what_cannot_be_meant_is_told(run: Run, args: list[str], code: int) -> None:
    """As everywhere."""
    result = run("compact", *args)
    assert (result.exit_code, result.stdout) == (code, "")


@pytest.mark.skipif(os.name == "nt", reason="signals are sent in another way there")
def test_ctrl_c_leaves_every_journal_whole(home: Path) -> None:
    """Exit code 130, no file of ours left over, and every call is there."""
    folder = fill_many(home)
    command = [sys.executable, "-m", "sessiontap", "compact", "--home", str(home)]
    outer, inner = pytest.importorskip("pty").openpty()
    # It waits for this lock when the signal comes.
    with locked(folder / "calls.jsonl"):
        child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=inner)
        os.close(inner)
        seen = b""
        while b"looked at" not in seen:
            seen += os.read(outer, 1000)
        child.send_signal(signal.SIGINT)
        assert child.wait(60) == 130
    while b"stopped after" not in seen:
        seen += os.read(outer, 1000)
    os.close(outer)
    assert b"Traceback" not in seen
    assert not list(home.rglob("*.tmp"))
    with Ledger(home) as ledger:
        assert len(ledger.calls("a-many")) == 50
        assert ledger.calls("b-2") == plain()
        assert ledger.problems == ()


def fill_many(home: Path) -> Path:
    """A session whose journal has something to gain, and comes first; its folder."""
    calls = [make_call(1, "/", session_id="a-many", call_id=f"m{number}") for number in range(50)]
    fill(home, calls, calls)
    return next(home.rglob("a-many*"))
