from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import Result

from tests.cli.running import Run
from tests.sessions.samples import TRIAGE_ID, fill, make_call


def groups(result: Result) -> dict[str | None, tuple[int, int]]:
    """Sessions and calls of each group in a JSON list."""
    assert result.exit_code == 0, result.output
    return {each["name"]: (each["sessions"], each["totals"]["calls"]) for each in json.loads(result.stdout)}


@pytest.fixture(autouse=True)
def _over_midnight(home: Path) -> None:
    """One session more, of two days and two versions of an agent."""
    late = "2026-11-24T00:10:00.000Z"
    calls = [
        make_call(1, "/", session_id="late", session_name="late", agent="claude-cli/2.0.0"),
        make_call(2, "/", session_id="late", session_name="", agent="claude-cli/2.0.1", started_at=late),
    ]
    fill(home, calls)


@pytest.mark.parametrize(
    ("args", "expected"),
    [
        (["day"], {"2026-11-23": (3, 8), "2026-11-24": (1, 1)}),
        (["day", "--since", "2026-11-24"], {"2026-11-24": (1, 1)}),
        (["agent"], {"claude-cli": (1, 2), "demo": (1, 6), None: (1, 1)}),
        (["agent", "--agent", "claude-cli/2.0.0"], {"claude-cli": (1, 1)}),
        (["name"], {"late": (1, 2), "triage ticket 4711": (1, 6), None: (1, 1)}),
        (["user", "--path", "triage/classify"], {"ann": (1, 1)}),
        (["user", "--model", "gpt-5-mini*", "--name", "triage*"], {"ann": (1, 1), None: (1, 1)}),
        (["model", "--status", "error"], {"claude-sonnet-4-5-20250929": (1, 1)}),
        (["property:ENV", "--path", "/triage"], {"prod": (1, 1), None: (1, 5)}),
        (["day", "--user", "nobody"], {}),
    ],
)
def test_the_calls_that_meet_the_filters_are_added_up(
    run: Run, args: list[str], expected: dict[str | None, tuple[int, int]]
) -> None:
    """Each of them and no others, whatever else their sessions hold; sessions are counted in each group."""
    assert groups(run("list", "--json", "--by", *args)) == expected


def test_a_filter_that_no_call_meets_says_so(run: Run, home: Path) -> None:
    """No group is not an empty table."""
    assert (
        run("list", "--by", "day", "--user", "nobody").stdout == f"No session in {home} meets the filter.\n"
    )


@pytest.mark.parametrize("by", ["days", "property:", "property", ""])
def test_what_is_nothing_to_group_by(run: Run, by: str) -> None:
    """Exit code 2 and what is allowed."""
    result = run("list", "--by", by)
    assert result.exit_code == 2
    assert "allowed are day, model, user, agent, name and property:KEY" in result.stderr


def test_a_call_of_a_dead_proxy_is_found_as_it_is_shown(run: Run, home: Path) -> None:
    """It is interrupted, although its last record says that it runs."""
    fill(home, [make_call(3, "/", session_id="cut", status="running", ended_at=None, proxy_id=None)])
    found = run("list", "--json", "--status", "interrupted")
    assert [session["session_id"] for session in json.loads(found.stdout)] == ["cut"]
    running = run("list", "--json", "--status", "running")
    assert [session["session_id"] for session in json.loads(running.stdout)] == [TRIAGE_ID]
