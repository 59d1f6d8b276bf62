from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import Result

from sessiontap.cli.list import TABLE_ROWS
from sessiontap.store import session_key
from tests.cli.running import Run
from tests.sessions.samples import TRIAGE_ID, fill, make_call

EXPECTED = Path(__file__).parent.parent / "views" / "expected"


@pytest.mark.parametrize("width", ["80", "200"])
def test_the_sessions_newest_first(run: Run, width: str) -> None:
    """The table fits the terminal, and nothing else is printed."""
    result = run("list", COLUMNS=width)
    assert result.stdout == (EXPECTED / f"list-{width}.txt").read_text("utf-8")
    assert result.stderr == ""
    assert result.exit_code == 0


def ids(result: Result) -> list[str]:
    """The sessions in a JSON list."""
    assert result.exit_code == 0, result.output
    return [session["session_id"] for session in json.loads(result.stdout)]


@pytest.mark.parametrize(
    ("args", "expected"),
    [
        ([], ["b-2", TRIAGE_ID]),
        (["--sort", "cost"], [TRIAGE_ID, "b-2"]),
        (["--sort", "tokens"], [TRIAGE_ID, "b-2"]),
        (["--sort", "ended"], ["b-2", TRIAGE_ID]),
        (["--limit", "1"], ["b-2"]),
        (["--sort", "errors", "-n", "1"], [TRIAGE_ID]),
        (["--since", "2026-11-23T20:00:30Z"], ["b-2"]),
        (["--until", "2026-11-23T20:00:30Z"], [TRIAGE_ID]),
        (["--since", "2026-11-24"], []),
        (["--model", "claude-*"], [TRIAGE_ID]),
        (["--name", "triage*"], [TRIAGE_ID]),
        (["--user", "ann", "--user", "bob"], [TRIAGE_ID]),
        (["--property", "ENV=prod"], [TRIAGE_ID]),
        (["--property", "env=test"], []),
    ],
)
def test_filters_order_and_limit(run: Run, args: list[str], expected: list[str]) -> None:
    """Each option keeps and orders what it says."""
    assert ids(run("list", "--json", *args)) == expected


def test_a_filter_keeps_the_whole_sessions_figures(run: Run) -> None:
    """One call that meets the filter brings the session in, not a part of it."""
    (session,) = json.loads(run("list", "--json", "--model", "claude-*").stdout)
    assert session["calls"] == 6


def test_an_empty_home_says_how_to_see_a_session(run: Run, tmp_path: Path) -> None:
    """Nothing is created, and the line names the folder."""
    empty = tmp_path / "empty"
    result = run("list", "--home", str(empty))
    assert result.stdout == f"No sessions in {empty} yet. To see one: sessiontap demo --keep\n"
    assert result.exit_code == 0
    assert not empty.exists()


def test_a_filter_that_nothing_meets_says_so(run: Run, home: Path) -> None:
    """No session is not the same as no store."""
    result = run("list", "--model", "none-such")
    assert result.stdout == f"No session in {home} meets the filter.\n"


def test_torn_records_are_told_on_stderr(run: Run, home: Path) -> None:
    """What can be read is listed, and each problem is one line."""
    (path,) = home.glob("sessions/b-2-*/calls.jsonl")
    with path.open("ab") as stream:
        stream.write(b'{"calls":{"torn')
    result = run("list", "--json")
    assert ids(result) == ["b-2", TRIAGE_ID]
    assert result.stderr.startswith(f"sessiontap: {path}, line 2: ")
    assert result.stderr.count("\n") == 1


def test_calls_without_a_session_are_listed_and_shown(run: Run, home: Path) -> None:
    """The name in the list is the name that `show` takes."""
    fill(home, [make_call(55, "/", "o3", session_id=None, session_name=None)])
    assert run("list", COLUMNS="80").stdout.splitlines()[1].startswith("unassigned ")
    shown = run("show", "unassigned")
    assert shown.exit_code == 0
    assert shown.stdout.startswith("unassigned\n")


@pytest.fixture
def many(home: Path) -> Path:
    """A store with 62 sessions."""
    fill(home, [make_call(0, "/", session_id=f"s{number:02}") for number in range(TABLE_ROWS + 10)])
    return home


def test_a_table_shows_fifty_sessions_and_counts_them_all(run: Run, many: Path) -> None:
    """Totals are of all sessions, and the last line says how to see the others."""
    lines = run("list", COLUMNS="200").stdout.splitlines()
    assert len([line for line in lines if "triage" in line]) + 1 == TABLE_ROWS
    assert lines[-2].startswith("62 sessions · 67 calls ")
    assert lines[-1] == "12 more not shown; --all or --limit N shows them"
    assert many.exists()


@pytest.mark.usefixtures("many")
@pytest.mark.parametrize(("args", "more"), [(["--all"], None), (["-n", "60"], 2), (["-n", "62"], None)])
def test_all_and_limit_say_how_many_a_table_shows(run: Run, args: list[str], more: int | None) -> None:
    """Nothing is said of others where there are none."""
    stdout = run("list", *args).stdout
    assert "62 sessions · 67 calls " in stdout
    assert ("more not shown" in stdout) is (more is not None)
    assert more is None or f"{more} more not shown" in stdout


@pytest.mark.usefixtures("many")
def test_json_has_all_sessions(run: Run) -> None:
    """Whatever reads it is not to miss one: only a limit that is asked for counts."""
    assert len(ids(run("list", "--json"))) == 62
    assert len(ids(run("list", "--json", "--all"))) == 62
    assert len(ids(run("list", "--json", "-n", "3"))) == 3


def test_all_and_a_limit_exclude_each_other(run: Run) -> None:
    """One line says so, exit code 2."""
    result = run("list", "--all", "-n", "3")
    assert result.exit_code == 2
    assert "--all and --limit exclude each other" in result.stderr


def test_a_list_imports_neither_locks_nor_tinydb(home: Path) -> None:
    """They cost more than a warm catalogue does; rich comes for a table only."""
    program = (
        "import sys\n"
        "from sessiontap.cli.main import cli\n"
        f"cli(['list', '--json', '--home', {str(home)!r}], standalone_mode=False)\n"
        "slow = {'filelock', 'tinydb', 'rich', 'multiprocessing'} & set(sys.modules)\n"
        "assert not slow, slow\n"
    )
    # For a call under way it would have to ask whether its proxy is alive, which takes a lock.
    (home / "sessions" / session_key(TRIAGE_ID) / "calls.jsonl").unlink()
    for _ in range(2):
        done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        assert "b-2" in done.stdout
