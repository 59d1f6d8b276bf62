from __future__ import annotations

import json
from pathlib import Path
from typing import Any

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


def test_the_newest_of_an_empty_home(run: Run, tmp_path: Path) -> None:
    """It says how to see a session, as `list` does."""
    result = run("show", "-1", "--home", str(tmp_path / "empty"))
    assert (result.exit_code, result.stdout) == (1, "")
    assert (
        result.stderr == "sessiontap: no session -1: there is none yet; to see one: sessiontap demo --keep\n"
    )
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


@pytest.fixture
def fan_out(home: Path) -> None:
    """A session whose calls ran side by side, one of them in vain, and one an hour later."""
    early, late = "2026-11-23T20:00:0{}.000Z", "2026-11-23T21:00:0{}.000Z"
    common: dict[str, Any] = {
        "session_id": "fan",
        "session_name": "fan-out",
        "duration_ms": 2000,
        "ttft_ms": 500,
    }
    bad: dict[str, Any] = {
        "status": "error",
        "http_status": 529,
        "error_type": "overloaded_error",
        "ttft_ms": None,
    }
    calls = [
        make_call(0, "/plan", started_at=early.format(0), ended_at=early.format(2), **common),
        make_call(1, "/plan/a", started_at=early.format(2), ended_at=early.format(4), **common),
        make_call(2, "/plan/b", started_at=early.format(2), ended_at=early.format(4), **{**common, **bad}),
        make_call(3, "/plan", started_at=late.format(4), ended_at=late.format(6), **common),
    ]
    fill(home, calls)


@pytest.mark.usefixtures("fan_out")
@pytest.mark.parametrize("width", ["80", "160"])
def test_timeline_and_figures_under_the_sessions_head(run: Run, width: str) -> None:
    """What ran at once is seen, the wait for the first output, and the hour that was made short."""
    result = run("show", "fan", "--timeline", "--stats", COLUMNS=width)
    assert result.stdout == (EXPECTED / f"fan-out-{width}.txt").read_text("utf-8")
    assert (result.stderr, result.exit_code) == ("", 0)


@pytest.mark.usefixtures("fan_out")
def test_timeline_and_figures_as_json(run: Run) -> None:
    """Each where it was asked for, with the session's summary."""
    shown = json.loads(run("show", "fan", "--timeline", "--stats", "--json").stdout)
    assert list(shown) == ["session", "timeline", "stats"]
    lanes = shown["timeline"]["lanes"]
    assert [(lane["path"], len(lane["calls"])) for lane in lanes] == [
        ("/plan", 2),
        ("/plan/a", 1),
        ("/plan/b", 1),
    ]
    span = {"call_id": "c01", "status": "ok", "start_ms": 2000, "first_ms": 2500, "end_ms": 4000}
    assert lanes[1]["calls"] == [span]
    assert shown["timeline"]["pauses"] == [{"start_ms": 4000, "end_ms": 3_604_000}]
    assert shown["stats"]["latency"]["p50"] == 2000
    assert list(json.loads(run("show", "fan", "--stats", "--json").stdout)) == ["session", "stats"]
    assert list(json.loads(run("show", "fan", "--timeline", "--json").stdout)) == ["session", "timeline"]


@pytest.mark.parametrize("option", ["--timeline", "--stats"])
def test_what_was_said_is_not_mixed_with_figures(run: Run, option: str) -> None:
    """Exit code 2 and why."""
    result = run("show", TRIAGE_ID, option, "--messages")
    assert result.exit_code == 2
    assert "--timeline and --stats show figures" in result.stderr


def test_a_call_under_way_lasts_until_now(run: Run) -> None:
    """A timeline of a session that goes on ends at the look."""
    shown = json.loads(run("show", TRIAGE_ID, "--timeline", "--json").stdout)["timeline"]
    ends = {call["status"]: call["end_ms"] for lane in shown["lanes"] for call in lane["calls"]}
    assert ends["running"] == shown["length_ms"] >= 9000
