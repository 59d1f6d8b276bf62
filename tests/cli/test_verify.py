from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from sessiontap.call import encode
from sessiontap.store import Ledger
from tests.cli.running import Run
from tests.sessions.samples import TRIAGE_ID, plain

EXPECTED = Path(__file__).parent.parent / "views" / "expected"


@pytest.fixture
def damaged(home: Path) -> Path:
    """The newer session's journal, with a foreign line, a record behind a torn line, and a torn end."""
    path = next(home.rglob("b-2*/calls.jsonl"))
    late = encode(plain()[0]).replace(b'"p1"', b'"p2"')
    with path.open("ab") as file:
        file.write(b'oops\n{"calls":{"p9":{"sch' + b'{"calls":{"p2":%b}}\n' % late + b'{"calls":{"p3":')
    return path


def test_a_good_store_is_exit_code_0(run: Run) -> None:
    """What was read is counted."""
    result = run("verify")
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.startswith("2 files · 7 lines · 7 calls · ")
    assert result.stdout.endswith(" · no damage\n")


def test_damage_is_exit_code_1(run: Run, home: Path, damaged: Path) -> None:
    """Each with file, line, offset and reason; nothing is written."""
    before = {path: path.read_bytes() for path in home.rglob("*") if path.is_file()}
    result = run("verify")
    assert result.exit_code == 1
    lines = result.stdout.splitlines()
    place = f"{damaged}, line "
    assert [line.split(place)[0].split() for line in lines[:3]] == [
        ["damage", "unreadable"],
        ["damage", "unreadable"],
        ["damage", "torn"],
    ]
    assert lines[1].endswith("; 1 document(s) in it can be recovered")
    assert lines[2].endswith(": cut short by a write that did not end")
    assert lines[3].startswith("2 files · 10 lines · 7 calls · ")
    assert lines[3].endswith(" · 3 damaged")
    assert result.stderr == (
        "sessiontap: 3 damaged places found; --repair takes damaged lines out and keeps them aside\n"
    )
    assert {path: path.read_bytes() for path in home.rglob("*") if path.is_file()} == before


def test_repair(run: Run, home: Path, damaged: Path) -> None:
    """What can be read stays, what is whole is recovered, the rest is aside; the next run finds no damage."""
    result = run("verify", "--repair")
    assert result.exit_code == 1
    assert result.stderr == "sessiontap: 3 damaged places found; 3 lines set aside, 1 document recovered\n"
    (aside,) = damaged.parent.glob("*.damaged-*")
    assert result.stdout.endswith(f"Set aside: {aside}\n")
    with Ledger(home) as ledger:
        assert [call.call_id for call in ledger.calls("b-2")] == ["p1", "p2"]
        assert len(ledger.calls(TRIAGE_ID)) == 6
        assert ledger.problems == ()
    again = run("verify")
    assert (again.exit_code, again.stderr) == (0, "")


def test_json(run: Run, damaged: Path) -> None:
    """Totals, findings and repairs, for programs."""
    found = json.loads(run("verify", "--json").stdout)
    assert (found["files"], found["lines"], found["calls"], found["damaged"]) == (2, 10, 7, 3)
    assert [each["line"] for each in found["findings"]] == [2, 3, 4]
    assert found["findings"][0] == {
        "severity": "damage",
        "kind": "unreadable",
        "path": str(damaged),
        "reason": "not a line of a store (JSON is malformed: invalid character (byte 0))",
        "line": 2,
        "offset": found["findings"][0]["offset"],
        "bytes": 4,
    }
    assert found["repaired"] == []
    done = json.loads(run("verify", "--repair", "--json").stdout)
    (repaired,) = done["repaired"]
    assert (repaired["path"], repaired["lines"], repaired["recovered"]) == (str(damaged), 3, 1)
    assert Path(repaired["aside"]).exists()
    assert done["failed"] == []


@pytest.mark.parametrize(("chosen", "code"), [("471", 0), ("b-2", 1), ("-1", 1)])
def test_sessions_can_be_chosen(run: Run, damaged: Path, chosen: str, code: int) -> None:
    """As `show` takes them."""
    del damaged
    assert run("verify", chosen).exit_code == code


def test_a_session_of_which_nothing_can_be_read_is_found(run: Run, damaged: Path) -> None:
    """By its whole id, and by its folder."""
    damaged.write_bytes(b"oops\n")
    for text in ("b-2", damaged.parent.name):
        assert "1 damaged place found" in run("verify", text).stderr
    assert run("verify", "nobody").exit_code == 1


def test_what_no_repair_can_help_is_told(run: Run, damaged: Path) -> None:
    """A folder that is another session's stays as it is."""
    damaged.parent.rename(damaged.parent.with_name("moved"))
    result = run("verify", "--repair")
    assert result.stderr.endswith("; 3 lines set aside, 1 document recovered; 1 that no repair can help\n")
    assert run("verify").stderr == "sessiontap: 1 damaged place found\n"


def test_a_repair_that_fails_is_told(run: Run, damaged: Path) -> None:
    """And leaves everything as it was."""
    Path(f"{damaged}.lock").unlink()
    Path(f"{damaged}.lock").symlink_to(damaged.parent / "elsewhere")
    before = damaged.read_bytes()
    result = run("verify", "--repair")
    assert result.exit_code == 1
    assert (
        f"sessiontap: {damaged}: cannot be repaired: its lock is a link, and links are not followed\n"
        in result.stderr
    )
    assert damaged.read_bytes() == before


def test_a_warning_is_exit_code_0(run: Run, home: Path) -> None:
    """Others may look into a file: everything can be read."""
    if os.name == "nt":
        pytest.skip("modes are POSIX's")
    next(home.rglob("calls.jsonl")).chmod(0o644)
    result = run("verify")
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.startswith("warning  permissions ")
    assert result.stdout.endswith(" · no damage · 1 warning\n")


def test_an_empty_home(run: Run, tmp_path: Path) -> None:
    """Nothing is there, nothing is damaged, nothing is made."""
    result = run("verify", "--home", str(tmp_path / "none"))
    assert (result.exit_code, result.stdout) == (0, "0 files · 0 lines · 0 calls · 0 B · no damage\n")
    assert not (tmp_path / "none").exists()


def test_progress_on_a_terminal(home: Path) -> None:
    """How far it has come, on stderr."""
    pty = pytest.importorskip("pty")
    outer, inner = pty.openpty()
    command = [sys.executable, "-m", "sessiontap", "verify", "--home", str(home)]
    child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=inner)
    os.close(inner)
    seen = b""
    while b"read, " not in seen:
        seen += os.read(outer, 1000)
    stdout, _ = child.communicate(timeout=60)
    os.close(outer)
    assert child.returncode == 0
    assert stdout.startswith(b"2 files")
