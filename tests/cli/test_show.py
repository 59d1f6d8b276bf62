from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.running import Run
from tests.sessions.samples import TRIAGE_ID, fill, make_call

EXPECTED = Path(__file__).parent.parent / "views" / "expected"


@pytest.mark.parametrize("width", ["80", "200"])
@pytest.mark.parametrize("name", [TRIAGE_ID, "4711", "triage ticket 4711", "-2"])
def test_a_session_as_a_tree(run: Run, name: str, width: str) -> None:
    """A session is found by id, by the beginning of it, by name and counted from the newest."""
    result = run("show", name, COLUMNS=width)
    assert result.stdout == (EXPECTED / f"tree-{width}.txt").read_text("utf-8")
    assert result.stderr == ""
    assert result.exit_code == 0


def test_the_newest_session(run: Run) -> None:
    """`-1` is the session that started last."""
    assert json.loads(run("show", "-1", "--json").stdout)["session"]["session_id"] == "b-2"


def test_json_has_summary_and_tree(run: Run) -> None:
    """Both parts are of the same session."""
    shown = json.loads(run("show", TRIAGE_ID, "--json").stdout)
    assert shown["session"]["calls"] == shown["tree"]["totals"]["calls"] == 6


@pytest.mark.parametrize(
    ("args", "start"),
    [
        (["-3"], "sessiontap: no session -3: there are 2; "),
        (["none-such"], "sessiontap: no session fits 'none-such' in "),
        (["\x1b[2Jevil"], "sessiontap: no session fits "),
    ],
)
def test_a_session_that_is_not_there(run: Run, args: list[str], start: str) -> None:
    """One line on stderr, exit code 1."""
    result = run("show", *args)
    assert result.exit_code == 1
    assert result.stdout == ""
    assert result.stderr.startswith(start)
    assert result.stderr.count("\n") == 1
    assert result.stderr.strip().isprintable()


def test_an_ambiguous_name_lists_the_choices(run: Run, home: Path) -> None:
    """The user can copy the id that was meant."""
    fill(home, [make_call(1, "/", session_id="4711-other", session_name="triage ticket 4711")])
    result = run("show", "triage ticket 4711")
    assert result.exit_code == 1
    assert "4711-other" in result.stderr
    assert TRIAGE_ID in result.stderr


@pytest.mark.parametrize("args", [[], [""], ["--jsn"], ["-x", "--json"], ["a", "b"]])
def test_wrong_usage(run: Run, args: list[str]) -> None:
    """Exit code 2 and a hint, although `-1` is no option."""
    result = run("show", *args)
    assert result.exit_code == 2
    assert "Usage: sessiontap show" in result.stderr
