"""Each agent's real command line, asked one thing through `sessiontap run`."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.agents.bench import Bench, total
from tests.agents.model import ANSWER, QUESTION
from tests.agents.programs import CODEX, PROGRAMS, Program

pytestmark = pytest.mark.agents


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.program)
def test_an_agent_is_one_session_with_its_name_exact_tokens_and_cost(bench: Bench, program: Program) -> None:
    """It ends well with the answer; its calls are one session: its name, what was billed, what that costs."""
    ended = bench.run(program, QUESTION, "--session", "one-run")

    assert (ended.code, ended.out.strip()) == (0, ANSWER), ended.err
    ((session, calls),) = bench.sessions().items()
    assert (session, {call.session_source for call in calls}) == ("one-run", {"proxy-user"})
    assert len(calls) == program.calls
    assert all((call.agent or "").startswith(program.agent) for call in calls)
    assert {(call.status, call.usage_source, call.session_path) for call in calls} == {
        ("ok", "reported", "/")
    }
    assert total(call.usage for call in calls) == total(bench.model.answered)
    assert sum((call.cost_usd or Decimal(0) for call in calls), Decimal(0)) == program.cost_usd


def test_codex_is_recorded_over_its_socket(bench: Bench) -> None:
    """All of Codex's calls went over a WebSocket: the one that warms it up, and the question."""
    assert bench.run(CODEX, QUESTION).code == 0

    (calls,) = bench.sessions().values()
    assert [(call.url_path, call.http_status) for call in calls] == [("/v1/responses", 101)] * 2
    assert [bool(call.usage.output_tokens) for call in calls] == [False, True]
