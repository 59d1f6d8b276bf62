"""Agents with two sub-agents: one session, and a path for each where the agent tells them apart."""

from __future__ import annotations

from collections import defaultdict

import pytest

from sessiontap.call import Call
from tests.agents.bench import Bench, total
from tests.agents.model import HELPED, HELPERS, SHORT
from tests.agents.programs import CLAUDE, CODEX, GEMINI, OPENCODE, Program

pytestmark = pytest.mark.agents


@pytest.mark.parametrize("program", [CLAUDE, CODEX, OPENCODE], ids=lambda program: program.program)
def test_sub_agents_are_in_the_session_at_paths_of_their_own(bench: Bench, program: Program) -> None:
    """The agent's own calls are at the run's path, each sub-agent's at one below it; all are one session."""
    calls = helped(bench, program)

    own, *helpers = [found for _, found in sorted(by_path(calls).items())]
    assert own[0].session_path == "/triage"
    assert all(call.session_path.startswith("/triage/") for found in helpers for call in found)
    assert [total(call.usage for call in found) for found in helpers] == [
        total([SHORT[program.provider]])
    ] * 2


def test_codex_names_its_sub_agents(bench: Bench) -> None:
    """Codex gives each sub-agent a name, and that is its path."""
    assert set(by_path(helped(bench, CODEX))) == {"/triage", "/triage/red", "/triage/blue"}


def test_gemini_does_not_tell_its_sub_agents_apart(bench: Bench) -> None:
    """Gemini's sub-agents send nothing of their own, so that all is at the run's path."""
    assert set(by_path(helped(bench, GEMINI))) == {"/triage"}


def helped(bench: Bench, program: Program) -> list[Call]:
    """The calls of an agent with two sub-agents: they are one session, and come to what was billed."""
    ended = bench.run(program, HELPERS, "--path", "/triage")

    assert (ended.code, ended.out.strip()) == (0, HELPED), ended.err
    (calls,) = bench.sessions().values()
    assert len(calls) == len(bench.model.answered)
    assert total(call.usage for call in calls) == total(bench.model.answered)
    return calls


def by_path(calls: list[Call]) -> dict[str, list[Call]]:
    """The calls of each path."""
    found = defaultdict(list)
    for call in calls:
        found[call.session_path].append(call)
    return found
