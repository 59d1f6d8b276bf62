"""Agents whose calls are answered by the session of their first run, with no provider within reach."""

from __future__ import annotations

from decimal import Decimal

import pytest

from sessiontap.call import FOUND_BY
from tests.agents.bench import Bench
from tests.agents.model import ANSWER, QUESTION
from tests.agents.programs import CLAUDE, CODEX, Program

MODEL_HOSTS = ("api.openai.", "api.anthropic.")
"""How the hosts begin that the models of these agents are at. What else they ask is not the providers'."""

pytestmark = pytest.mark.agents


# One that calls over HTTP, and one over a socket.
@pytest.mark.parametrize("program", [CLAUDE, CODEX], ids=lambda program: program.program)
def test_an_agent_runs_again_from_its_recording(bench: Bench, program: Program) -> None:
    """The same answer; no connection to a provider is made; every call is answered, and is free."""
    first = bench.run(program, QUESTION, "--session", "recorded")
    asked = len(bench.double.received)

    second, reached = bench.play(program, QUESTION, "recorded")
    assert not [host for host in reached if host.startswith(MODEL_HOSTS)]

    assert (second.code, second.out) == (first.code, first.out) == (0, f"{ANSWER}\n"), second.err
    assert len(bench.double.received) == asked
    sessions = bench.sessions()
    recorded = sessions.pop("recorded")
    ((_, played),) = sessions.items()
    assert [call.status for call in played] == ["ok"] * len(recorded)
    assert {call.cost_usd for call in played} == {Decimal(0)}
    assert all(call.properties[FOUND_BY] for call in played)
    assert [call.usage for call in played] == [call.usage for call in recorded]
