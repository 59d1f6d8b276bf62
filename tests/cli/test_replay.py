from __future__ import annotations

import json
from pathlib import Path

import pytest

from sessiontap.bodies import Body, CallBodies
from sessiontap.store import Ledger
from tests.cli.running import Run
from tests.sessions.samples import TRIAGE_ID, fill, make_call

NO_KEYS = {"OPENAI_API_KEY": "", "ANTHROPIC_API_KEY": ""}


def store(home: Path, session: str, *requests: bytes | None) -> None:
    """A session of chat completions with these requests; None is a call without bodies."""
    calls = [
        make_call(number, f"/{number}", call_id=f"x{number}", session_id=session, session_name=None)
        for number in range(len(requests))
    ]
    fill(home, calls)
    with Ledger(home) as ledger:
        for call, content in zip(calls, requests, strict=True):
            if content is not None:
                request = Body(content=content, size=len(content), content_type="application/json")
                ledger.put_bodies(
                    CallBodies(
                        call_id=call.call_id,
                        session_id=session,
                        method="POST",
                        target="/v1/chat/completions",
                        headers={},
                        request=request,
                    )
                )


def test_what_cannot_be_sent_is_named(run: Run, home: Path) -> None:
    """Each such call with its number, its id and why; the others are planned."""
    store(
        home, "some", b'{"model": "gpt-5-mini"}', None, b'{"model": "m", "k": "sk-ab12' + b"c3" * 20 + b'"}'
    )
    result = run("replay", "some", "--dry-run", "--json", **NO_KEYS)
    assert result.exit_code == 0
    told = json.loads(result.stdout)
    assert [call["number"] for call in told["calls"]] == [1]
    assert [(each["number"], each["call_id"]) for each in told["skipped"]] == [(2, "x1"), (3, "x2")]
    assert "sessiontap: call 2 (x1) is skipped: its request is not stored\n" in result.stderr
    assert "sessiontap: call 3 (x2) is skipped: credentials in its request are masked\n" in result.stderr
    assert "OPENAI_API_KEY is not set: 1 call to api.openai.com\n" in result.stderr


def test_of_many_calls_that_are_skipped_some_are_named(run: Run, home: Path) -> None:
    """A terminal is not filled; JSON has them all."""
    store(home, "none", *[None] * 30)
    result = run("replay", "none", "--dry-run", "--json", **NO_KEYS)
    assert len(json.loads(result.stdout)["skipped"]) == 30
    assert len(result.stderr.splitlines()) == 21
    assert result.stderr.splitlines()[-1].startswith("sessiontap: 10 more calls are skipped")


def test_nothing_to_send(run: Run) -> None:
    """A recording without bodies cannot be replayed; no proxy is started for it."""
    result = run("replay", TRIAGE_ID, **NO_KEYS)
    assert result.exit_code == 1
    assert result.stderr.splitlines()[-1] == "sessiontap: no call is left to be sent"


def test_a_missing_key_says_what_to_do(run: Run, home: Path) -> None:
    """One line, before anything is started."""
    store(home, "some", b'{"model": "gpt-5-mini"}')
    result = run("replay", "some", **NO_KEYS)
    assert result.exit_code == 1
    assert result.stderr == (
        "sessiontap: OPENAI_API_KEY is not set: 1 call to api.openai.com. Set it, give --header, or leave"
        " those calls out (--path, --calls)\n"
    )


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["--model", "gpt-5"], "write OLD=NEW"),
        (["--set", "temperature"], "write KEY=VALUE"),
        (["--base-url", "localhost"], "is no base URL"),
        (["--header", "nothing"], "write it as 'NAME: VALUE'"),
        (["--max-cost", "0"], "is no amount"),
        (["--dryrun"], "unexpected extra argument (--dryrun)"),
    ],
)
def test_wrong_usage(run: Run, args: list[str], said: str) -> None:
    """Exit code 2, and what is allowed."""
    result = run("replay", TRIAGE_ID, *args)
    assert result.exit_code == 2
    assert said in " ".join(result.stderr.split())


def test_calls_that_are_not_there(run: Run, home: Path) -> None:
    """They are named as by `show --call`."""
    store(home, "some", b'{"model": "gpt-5-mini"}')
    result = run("replay", "some", "--calls", "9", "--dry-run")
    assert result.exit_code == 1
    assert "no call '9' in the session" in result.stderr


def test_a_session_that_is_not_there(run: Run) -> None:
    """One line."""
    result = run("replay", "nobody")
    assert (result.exit_code, result.stderr.count("\n")) == (1, 1)


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["--model", "gpt-4=x"], "--model gpt-4=x fits no call: they ask for gpt-5-mini-2025-08-07"),
        (["--model", "gpt-5*=x", "--model", "gpt-5-mini-*=y"], "--model gpt-5-mini-*=y fits no call"),
        (["--base-url", "groq=https://a.example"], "--base-url groq=… fits no call: they are of openai"),
    ],
)
def test_a_change_that_fits_no_call_is_a_slip(run: Run, home: Path, args: list[str], said: str) -> None:
    """The calls would be sent as they were, at the old price."""
    store(home, "some", b'{"model": "gpt-5-mini-2025-08-07"}')
    result = run("replay", "some", *args, OPENAI_API_KEY="k")
    assert result.exit_code == 1
    assert said in result.stderr
