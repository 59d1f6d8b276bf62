from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import msgspec
import pytest

from sessiontap.bodies import Body, CallBodies
from sessiontap.store import Ledger
from sessiontap.times import rfc3339
from tests.cli.running import Run
from tests.sessions.samples import TRIAGE_ID, fill, make_call

EXPECTED = Path(__file__).parent.parent / "views" / "expected"


def files(home: Path) -> dict[str, bytes]:
    """What is on the disk, byte by byte."""
    return {str(path.relative_to(home)): path.read_bytes() for path in home.rglob("*") if path.is_file()}


def there(home: Path) -> set[str | None]:
    """The sessions that are stored."""
    with Ledger(home) as ledger:
        return {session.session_id for session in ledger.sessions()}


def put_bodies(home: Path, session_id: str) -> None:
    """Stores a request of the session's call."""
    with Ledger(home) as ledger:
        body = Body(content=b"hello" * 99, size=495)
        ledger.put_bodies(CallBodies(call_id="c00", session_id=session_id, headers={}, request=body))


@pytest.mark.parametrize("width", ["80", "200"])
def test_what_is_printed(run: Run, width: str) -> None:
    """What is to go, newest first, with its size, and the totals."""
    result = run("prune", "--keep", "0", "--dry-run", COLUMNS=width)
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout == (EXPECTED / f"prune-{width}.txt").read_text("utf-8")


@pytest.mark.parametrize(
    ("args", "left"),
    [
        (["--keep", "1"], {"b-2"}),
        (["--keep", "0", "--name", "triage*"], {"b-2"}),
        (["--keep", "1", "--name", "triage*"], {"b-2", TRIAGE_ID}),
        (["--older-than", "2026-11-23T20:00:30Z"], {"b-2"}),
        (["--older-than", "2026-11-24"], set()),
        (["--older-than", "2026-11-24", "--keep", "1"], {"b-2"}),
        (["--older-than", "2026-11-01"], {"b-2", TRIAGE_ID}),
        (["--older-than", "0s", "--user", "ann"], {"b-2"}),
    ],
)
def test_what_goes(run: Run, home: Path, args: list[str], left: set[str]) -> None:
    """By age, by number, by both, narrowed by filters."""
    gone = 2 - len(left)
    result = run("prune", *args, "--yes")
    assert (result.exit_code, result.stderr) == (0, "")
    assert there(home) == left
    assert len(list((home / "sessions").iterdir())) == len(left)
    if gone:
        assert f"Removed {gone} session{'s' * (gone > 1)}, " in result.stdout
    else:
        assert result.stdout == f"Nothing in {home} is to go.\n"


def test_a_dry_run_writes_nothing(run: Run, home: Path) -> None:
    """Not a byte, and it needs nobody to ask."""
    before = files(home)
    result = run("prune", "--keep", "0", "--dry-run")
    assert result.stdout.endswith("\nNothing was removed: --dry-run.\n")
    assert files(home) == before


@pytest.mark.parametrize(
    ("args", "code", "stderr"),
    [
        ([], 2, "Error: say what is to go: --older-than TIME, --keep N, or both"),
        (["--bodies-only", "--name", "x"], 2, "Error: say what is to go: "),
        (["--older-than", "soon"], 2, "'soon' is no time; allowed is"),
        (["--keep", "-1"], 2, "-1 is not in the range"),
        (
            ["--keep", "0"],
            1,
            "sessiontap: stdin is no terminal, so nobody can be asked; --yes removes without asking,",
        ),
    ],
)
def test_what_cannot_be_meant_removes_nothing(
    run: Run, home: Path, args: list[str], code: int, stderr: str
) -> None:
    """Without a condition, or without somebody to ask."""
    before = files(home)
    result = run("prune", *args)
    assert (result.exit_code, result.stdout) == (code, "")
    assert stderr in result.stderr
    assert files(home) == before


def test_only_bodies_go(run: Run, home: Path) -> None:
    """The calls and what they cost stay; a session without bodies is not listed."""
    put_bodies(home, TRIAGE_ID)
    calls = {name: data for name, data in files(home).items() if "calls.jsonl" in name}
    result = run("prune", "--keep", "0", "--bodies-only", "--yes")
    assert (result.exit_code, result.stderr) == (0, "")
    assert "Removed the bodies of 1 session, " in result.stdout
    assert {name: data for name, data in files(home).items() if "sessions" in name} == calls


def test_a_call_under_way_keeps_its_session(run: Run, home: Path) -> None:
    """It is told, and the exit code is 0."""
    with Ledger(home) as ledger:
        # The ledger is its proxy, and alive.
        ledger.append(
            make_call(
                1, "/", session_id="now", status="running", ended_at=None, started_at=rfc3339(time.time())
            )
        )
        result = run("prune", "--keep", "0", "--yes")
        assert there(home) == {"now"}
    assert result.exit_code == 0
    assert result.stderr.endswith(": has a call under way; left as it is\n")


def test_json(run: Run, home: Path) -> None:
    """What was found and what became of it."""
    (home / "sessions" / "stray").mkdir()
    tried = json.loads(run("prune", "--keep", "1", "--dry-run", "--json").stdout)
    done = json.loads(run("prune", "--keep", "1", "--yes", "--json").stdout)
    assert (tried.pop("dry_run"), done.pop("dry_run")) == (True, False)
    (session,) = done["sessions"]
    assert session["session_id"] == TRIAGE_ID
    assert (session["name"], session["calls"]) == ("triage ticket 4711", 6)
    assert session["last_activity"] == "2026-11-23T20:00:09.000Z"
    assert (tried["sessions"][0].pop("removed"), session.pop("removed")) == (False, True)
    assert done["bytes_removed"] == done["bytes"] == session["bytes"] > 0
    assert tried.pop("bytes_removed") == 0
    del done["bytes_removed"]
    assert (
        tried == done == {"bodies_only": False, "sessions": [session], "bytes": session["bytes"], "left": []}
    )


def test_foreign_files_are_left_and_told(run: Run, home: Path) -> None:
    """One line each on stderr; hostile names do no harm."""
    folder = next(path for path in (home / "sessions").iterdir() if path.name.startswith("b-2"))
    (folder / "a\x1b[2Jb.txt").write_text("mine")
    result = run("prune", "--keep", "0", "--yes")
    assert result.exit_code == 0
    assert result.stderr == f"sessiontap: {folder}/ab.txt: is not sessiontap's; left, with its folder\n"
    assert [path.name for path in folder.iterdir()] == ["a\x1b[2Jb.txt"]


def test_what_could_not_be_removed_is_exit_code_1(run: Run, home: Path) -> None:
    """The others are removed all the same."""
    folder = next(path for path in (home / "sessions").iterdir() if path.name.startswith("b-2"))
    (folder / "calls.jsonl.lock").unlink()
    (folder / "calls.jsonl.lock").symlink_to(home / "elsewhere")
    result = run("prune", "--keep", "0", "--yes")
    assert result.exit_code == 1
    assert result.stderr.endswith("sessiontap: 1 session could not be removed\n")
    assert there(home) == {"b-2"}


@pytest.mark.parametrize(("answer", "left"), [(b"y\n", set()), (b"n\n", {"b-2", TRIAGE_ID}), (b"\n", None)])
def test_it_asks_on_a_terminal(home: Path, answer: bytes, left: set[str] | None) -> None:
    """After it has shown what would go; no answer is no."""
    pty = pytest.importorskip("pty")
    outer, inner = pty.openpty()
    command = [sys.executable, "-m", "sessiontap", "prune", "--keep", "0", "--home", str(home)]
    child = subprocess.Popen(command, stdin=inner, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    os.close(inner)
    os.write(outer, answer)
    stdout, stderr = child.communicate(timeout=60)
    os.close(outer)
    assert child.returncode == 0
    assert stderr == b"Remove 2 sessions? [y/N]: "
    assert b"triage ticket 4711" in stdout
    assert there(home) == ({"b-2", TRIAGE_ID} if left is None else left)
    assert (b"Nothing was removed.\n" in stdout) == (answer != b"y\n")


def test_ctrl_c_at_the_question_removes_nothing(home: Path) -> None:
    """Exit code 130."""
    pty = pytest.importorskip("pty")
    outer, inner = pty.openpty()
    command = [sys.executable, "-m", "sessiontap", "prune", "--keep", "0", "--home", str(home)]
    child = subprocess.Popen(command, stdin=inner, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    os.close(inner)
    assert child.stderr is not None
    seen = b""
    while not seen.endswith(b"[y/N]: "):
        seen += os.read(child.stderr.fileno(), 100)
    code = None
    while code is None:
        # Again where it came in the very moment before the read: Python notices it only after that.
        child.send_signal(signal.SIGINT)
        with contextlib.suppress(subprocess.TimeoutExpired):
            code = child.wait(2)
    rest = child.stderr.read()
    child.stderr.close()
    assert code == 130
    assert b"Traceback" not in rest
    os.close(outer)
    assert there(home) == {"b-2", TRIAGE_ID}


def test_nothing_is_made_where_nothing_is(run: Run, tmp_path: Path) -> None:
    """An empty home stays one."""
    result = run("prune", "--keep", "0", "--yes", "--home", str(tmp_path / "none"))
    assert (result.exit_code, result.stdout) == (0, f"Nothing in {tmp_path / 'none'} is to go.\n")
    assert not (tmp_path / "none").exists()


def test_names_are_safe_and_may_be_missing(run: Run, home: Path) -> None:
    """Escape sequences in names and ids are not obeyed."""
    hostile = make_call(3, "/", session_id="\x1b[31mid", session_name="\x1b]0;x\x07name")
    fill(home, [hostile], [msgspec.structs.replace(hostile, session_id=None, session_name=None)])
    result = run("prune", "--keep", "0", "--dry-run", COLUMNS="200")
    assert "\x1b" not in result.stdout
    assert "unassigned" in result.stdout
