"""`show --messages` and `show --call`."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest

from sessiontap.store import Ledger
from tests.cli.running import Run, Start
from tests.conversation.talks import TALK_ID, fill_talk

EXPECTED = Path(__file__).parent.parent / "views" / "expected"


@pytest.fixture(autouse=True)
def _talk(home: Path) -> None:
    fill_talk(home)


@pytest.mark.parametrize("width", ["80", "160"])
@pytest.mark.parametrize("full", [False, True], ids=["folded", "full"])
def test_the_messages_of_a_session(run: Run, width: str, full: bool) -> None:
    """By its id, its name or its number."""
    name = "messages-full" if full else "messages"
    result = run("show", "fix the total", "--messages", *(["--full"] if full else []), COLUMNS=width)
    assert result.stdout == (EXPECTED / f"{name}-{width}.txt").read_text("utf-8")
    assert (result.stderr, result.exit_code) == ("", 0)


@pytest.mark.parametrize("call", ["2", "2aaaaaaa", "2a", "2aaaaaaa-0000-4000-8000-000000000000"])
@pytest.mark.parametrize("width", ["80", "160"])
def test_one_call(run: Run, call: str, width: str) -> None:
    """By its number, the beginning of its id, or all of it."""
    result = run("show", TALK_ID, "--call", call, COLUMNS=width)
    assert result.stdout == (EXPECTED / f"call-{width}.txt").read_text("utf-8")


def test_the_bodies_of_a_call_as_they_are(run: Run) -> None:
    """JSON over several lines, events as they came, and nothing that a terminal would obey."""
    said = run("show", TALK_ID, "--call", "2", "--raw").stdout
    assert said.startswith("POST /v1/messages\ncontent-type: application/json\n\nRequest: application/json, ")
    assert '\n  "model": "claude-sonnet-4-5",\n' in said
    assert 'data: {"type": "message_stop"}' in said
    assert "\x1b" not in said
    assert run("show", TALK_ID, "--call", "4", "--raw").stdout == "Nothing is stored of the bodies.\n"


def test_json_of_the_messages(run: Run) -> None:
    """A list of the calls, each with what is new in it."""
    first, second, third, last = json.loads(run("show", TALK_ID, "--messages", "--json").stdout)
    assert [call["number"] for call in (first, second, third, last)] == [1, 2, 3, 4]
    assert [message["role"] for message in first["request"]] == ["system", "user"]
    assert (first["new_system"], first["new_tools"], len(first["tools"])) == (True, True, 2)
    assert second["earlier_messages"] == 2
    assert [message["role"] for message in second["request"]] == ["tool", "user"]
    assert first["replies"][0][0]["parts"][2] == {
        "type": "tool_call",
        "id": "toolu_1",
        "name": "read_file",
        "arguments": {"path": "src/app.py", "limit": 40},
    }
    assert third["replies"][0][0]["parts"][0]["kind"] == "error"
    assert last["missing"] == ["request and reply are not stored"]


def test_json_of_one_call(run: Run) -> None:
    """The record, all that was said, and on demand both bodies."""
    said = json.loads(run("show", TALK_ID, "--call", "2", "--json").stdout)
    assert said["call"]["call_id"].startswith("2aaaaaaa")
    assert [message["role"] for message in said["messages"]["request"]] == [
        "system",
        "user",
        "assistant",
        "tool",
        "user",
    ]
    raw = json.loads(run("show", TALK_ID, "--call", "2", "--raw", "--json").stdout)
    assert json.loads(raw["request"]["content"])["model"] == "claude-sonnet-4-5"
    assert raw["reply"]["content_type"] == "text/event-stream"
    assert json.loads(run("show", "b-2", "--messages", "--json").stdout)[0]["missing"]


def test_a_call_that_is_damaged_does_not_hide_the_others(run: Run, home: Path) -> None:
    """It is told on stderr; asked for alone, it is a failure."""
    (path,) = [each for each in home.glob("sessions/*/bodies.jsonl") if b"2aaaaaaa" in each.read_bytes()]
    first, second, *others = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(first + second.replace(b'"size"', b'"sise"') + b"".join(others))
    result = run("show", TALK_ID, "--messages")
    assert result.exit_code == 0
    assert "Then fix it." in result.stdout
    assert result.stderr.count("cannot be read") == 1
    assert run("show", TALK_ID, "--call", "2").exit_code == 1


@pytest.mark.parametrize(
    ("call", "why"),
    [
        ("9", "no call '9' in the session: give the beginning of its id, or 1 to 4"),
        ("0", "no call '0' in the session"),
        ("", "no call ''"),
        ("\x1b[2J", "no call "),
    ],
)
def test_a_call_that_is_not_there(run: Run, call: str, why: str) -> None:
    """One line, exit code 1."""
    result = run("show", TALK_ID, "--call", call)
    assert (result.exit_code, result.stdout) == (1, "")
    assert why in result.stderr
    assert result.stderr.strip().isprintable()


def test_a_beginning_that_several_calls_have(run: Run, home: Path) -> None:
    """The ids are named."""
    with Ledger(home) as ledger:
        for call in ledger.calls(TALK_ID):
            ledger.append(msgspec.structs.replace(call, call_id=f"zz{call.call_id}"))
    result = run("show", TALK_ID, "--call", "zz")
    assert result.exit_code == 1
    assert "4 calls begin with 'zz': zz1aaaaaaa-" in result.stderr


@pytest.mark.parametrize(
    "args", [["--full"], ["--raw"], ["--messages", "--call", "1"], ["--messages", "--raw"]]
)
def test_options_that_mean_nothing_together(run: Run, args: list[str]) -> None:
    """Wrong usage, exit code 2."""
    assert run("show", TALK_ID, *args).exit_code == 2


def test_a_terminal_of_ascii(process: Start) -> None:
    """The marks are ASCII; letters that the output cannot hold get their numbers."""
    child = process("show", TALK_ID, "--messages", PYTHONIOENCODING="ascii", COLUMNS="80")
    stdout, stderr = child.communicate(timeout=30)
    assert stderr == b""
    assert b"-- 1  /fix/look ---" in stdout
    assert b"  -> read_file" in stdout
    assert b"gr\\xf6\\xdfer" in stdout or b"gr\\xf6\xdf" in stdout
    assert stdout.count(b"\\u") + stdout.count(b"\\x") + stdout.count(b"\\U") <= 5
