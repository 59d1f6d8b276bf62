"""`search`: the calls whose messages hold a text."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sessiontap.bodies import CallBodies
from sessiontap.store import Ledger
from tests.cli.running import Run, Start
from tests.conversation.samples import body, call
from tests.conversation.talks import TALK_ID, fill_talk

AT_80 = """\
fix the total · call 2 (2aaaaaaa) · /fix/look · claude-sonnet-4-5-20250929
2026-11-23 20:00:02 UTC
  tool, tool result    …ue_11 = 11 12 »value_12« = 12 13 value_13 = 13 14 value…
"""
AT_160 = """\
fix the total · call 1 (1aaaaaaa) · /fix/look · claude-sonnet-4-5-20250929 · 2026-11-23 20:00:01 UTC
  assistant, thinking  The loop may stop one short. I »should look at« the file first.
"""


@pytest.fixture(autouse=True)
def _talk(home: Path) -> None:
    fill_talk(home)


def found(run: Run, *args: str) -> list[tuple[str, str, str]]:
    """The calls' ids, with what of each first message the text stands in, and what it is."""
    result = run("search", "--json", *args)
    assert (result.exit_code, result.stderr) == (0, "")
    return [
        (hit["call_id"][:2], hit["found"][0]["role"], hit["found"][0]["match"])
        for hit in json.loads(result.stdout)
    ]


def test_where_a_text_stands(run: Run) -> None:
    """The session, the call, its path, who says it in what, and the words around it."""
    result = run("search", "VALUE_12", COLUMNS="80")
    assert (result.stdout, result.exit_code) == (AT_80, 0)
    assert run("search", "should LOOK at", COLUMNS="160").stdout == AT_160


@pytest.mark.parametrize(
    ("text", "hits"),
    [
        ("careful engineer", [("1a", "system", "careful engineer")]),
        ("größer 日本 👍", [("1a", "user", "größer 日本 👍")]),
        ("src/app.py", [("1a", "assistant", "src/app.py")]),
        ("I will read the file", [("1a", "assistant", "I will read the file")]),
        ("one short. I should", [("1a", "assistant", "one short. I should")]),
        ("off by one: the range", [("2a", "assistant", "off by one: the range")]),
        ("alert", [("2a", "user", "alert")]),
        ("fix it", [("3a", "user", "fix it")]),
        ("overloaded", [("3a", "assistant", "overloaded")]),
        ("wrong?\n\n  - see", [("1a", "user", "wrong?\n\n  - see")]),
        ("no such words", []),
    ],
)
def test_a_text_is_found_in_the_call_that_brought_it(
    run: Run, text: str, hits: list[tuple[str, str, str]]
) -> None:
    """Once, in whatever part of a message, however its JSON was written and its stream cut."""
    assert found(run, text) == hits


def test_newest_first(run: Run) -> None:
    """The calls of a session, and the sessions by their newest call."""
    assert [call_id for call_id, _, _ in found(run, "the")] == ["3a", "2a", "1a"]
    assert [call_id for call_id, _, _ in found(run, "the", "--limit", "1")] == ["3a"]


def test_case_regex_and_filters(run: Run) -> None:
    """What narrows a search."""
    assert found(run, "LINE 12", "--case") == []
    assert found(run, "Line 12", "--case") == [("2a", "assistant", "Line 12")]
    assert found(run, r"value_3\d\b", "--regex") == [("2a", "tool", "value_30")]
    assert found(run, "fix it", "--model", "gpt*") == []
    assert found(run, "fix it", "--name", "fix*") == [("3a", "user", "fix it")]
    assert found(run, "careful", "--since", "2026-11-23T20:00:02Z") == []


def test_a_text_that_is_nowhere(run: Run) -> None:
    """It is said, and is no fault."""
    result = run("search", "no such words")
    assert (result.stdout, result.exit_code) == ("No message holds that.\n", 0)
    assert run("search", "x", "--json", "--name", "none").stdout == "[]\n"


@pytest.mark.parametrize("args", [[""], ["(", "--regex"], ["a", "--all", "--limit", "1"], []])
def test_wrong_usage(run: Run, args: list[str]) -> None:
    """Exit code 2."""
    assert run("search", *args).exit_code == 2


def test_the_first_of_many(run: Run, home: Path) -> None:
    """The table stops after fifty calls and says so; JSON has all."""
    with Ledger(home) as ledger:
        for number in range(60):
            record = call(number=number % 60, call_id=f"m{number}", session_id="many")
            ledger.append(record)
            request = body({"messages": [{"role": "user", "content": f"needle {number}"}]})
            ledger.put_bodies(
                CallBodies(call_id=record.call_id, session_id="many", headers={}, request=request)
            )
    assert run("search", "needle").stdout.endswith(
        "The first 50 calls; --all shows all of them, --limit more.\n"
    )
    assert len(found(run, "needle")) == 60
    assert "The first" not in run("search", "needle", "--all").stdout


def test_a_session_that_cannot_be_read_is_told(run: Run, home: Path) -> None:
    """The others are looked through all the same."""
    with Ledger(home) as ledger:
        record = call(number=1, session_id="broken")
        ledger.append(record)
        request = body({"messages": [{"role": "user", "content": "needle"}]})
        ledger.put_bodies(
            CallBodies(call_id=record.call_id, session_id="broken", headers={}, request=request)
        )
    (path,) = [each for each in home.glob("sessions/*/bodies.jsonl") if b"needle" in each.read_bytes()]
    path.write_bytes(path.read_bytes().replace(b'"size"', b'"sise"'))
    result = run("search", "fix it", "--json")
    assert len(json.loads(result.stdout)) == 1
    result = run("search", "needle")
    assert "cannot be read" in result.stderr
    assert result.exit_code == 0


def test_a_hit_on_a_terminal_of_ascii(process: Start) -> None:
    """The marks around it are ASCII."""
    child = process("search", "alert", PYTHONIOENCODING="ascii", COLUMNS="80")
    stdout, _ = child.communicate(timeout=30)
    assert b">>alert<<" in stdout
    assert TALK_ID
