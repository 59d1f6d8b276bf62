"""`sessiontap diff`: exact text, JSON, exit codes."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest

from sessiontap.bodies import CallBodies
from sessiontap.store import Ledger, session_key
from tests.browser.sessions import bodies_of
from tests.cli.running import Run
from tests.sessions.samples import make_call
from tests.views.test_session_views import expected

SAID = ("It is on its way.\nIt comes on Friday.", "It is on its way.\nIt comes on Monday.\x1b[31m")


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Two sessions: the second with another model, another reply, a call more, and one without a price."""
    with Ledger(tmp_path / "home") as ledger:
        for number, (name, model, said) in enumerate(
            zip(("first", "second"), ("gpt-5-mini", "gpt-5"), SAID, strict=True)
        ):
            calls = [
                make_call(1, "/ask", model, cost_usd=Decimal("0.01") * (number + 1), call_id=f"{name}-1"),
                make_call(5, "/check", "o3", call_id=f"{name}-2"),
            ]
            if number:
                calls.append(make_call(9, "/check", "free", call_id=f"{name}-3", cost_usd=None))
            for call in calls:
                stored = msgspec.structs.replace(call, session_id=name, session_name=f"{name} run")
                ledger.append(stored)
                ledger.put_bodies(_bodies(stored, said if stored.session_path == "/ask" else "Fine."))
    return tmp_path / "home"


def _bodies(call: msgspec.Struct, said: str) -> CallBodies:
    return bodies_of(call, "Where is it?", said)  # type: ignore[arg-type]


@pytest.mark.parametrize("width", ["80", "160"])
def test_two_sessions(run: Run, width: str) -> None:
    """Figures, paths, and what ended otherwise."""
    done = run("diff", "first", "second", COLUMNS=width)
    assert done.exit_code == 0
    assert done.stdout == expected(f"diff-{width}")
    assert "\x1b" not in done.stdout


def test_json(run: Run) -> None:
    """Exact, unknown is null, and the replies' difference line by line."""
    told = json.loads(run("diff", "first", "second", "--json").stdout, parse_float=Decimal)
    assert told["sessions"] == {"before": "first", "after": "second"}
    assert told["totals"]["difference"]["cost_usd"] == Decimal("0.01")
    assert told["totals"]["difference"]["unpriced_calls"] == 1
    first, second, third = told["calls"]
    assert (first["same_request"], second["same_request"]) == (True, True)
    assert [line[:1] for line in first["reply_diff"]] == ["@", " ", "-", "+"]
    assert second["reply_diff"] == []
    assert (third["before"], third["reply_diff"]) == (None, None)


def test_figures_only(run: Run) -> None:
    """Nothing is said of replies, and no body is read."""
    done = run("diff", "first", "second", "--no-replies", COLUMNS="100")
    assert "Friday" not in done.stdout
    assert "1 call ended alike\n" in done.stdout


def test_exit_codes(run: Run) -> None:
    """0 unless asked; then 1 where something differs, as git has it."""
    assert run("diff", "first", "second").exit_code == 0
    assert run("diff", "first", "second", "--exit-code").exit_code == 1
    same = run("diff", "first", "first", "--exit-code")
    assert (same.exit_code, "2 calls ended alike, with the same reply" in same.stdout) == (0, True)
    assert run("diff", "first", "nothing-like-it").exit_code == 1
    assert run("diff", "first").exit_code == 2


def test_damaged_bodies_are_told_and_the_rest_is_compared(run: Run, home: Path) -> None:
    """On stderr."""
    file = home / "sessions" / session_key("first") / "bodies.jsonl"
    broken = b'{"bodies":{"first-1":{"schema":1,"request":{"rope":[["zz"]],"size":3}}}}\n'
    file.write_bytes(file.read_bytes() + broken)
    done = run("diff", "first", "second")
    assert done.exit_code == 0
    assert "cannot be read" in done.stderr
    assert "Friday" not in done.stdout


def test_a_call_that_the_client_left(run: Run, tmp_path: Path) -> None:
    """Its status stands there once, though its error has the same name."""
    home = tmp_path / "left"
    with Ledger(home) as ledger:
        left = make_call(1, "/ask", status="cancelled", error_type="cancelled", call_id="second-1")
        for name, call in (("first", make_call(1, "/ask", call_id="first-1")), ("second", left)):
            ledger.append(msgspec.structs.replace(call, session_id=name))
    told = run("diff", "first", "second", "--home", str(home), "--no-replies", COLUMNS="160").stdout
    assert " cancelled" in told
    assert "cancelled cancelled" not in told
