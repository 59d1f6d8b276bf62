"""Agents that run at the same time through one proxy."""

from __future__ import annotations

import pytest

from tests.agents.bench import Bench
from tests.agents.model import ANSWER, HELPED, HELPERS, QUESTION
from tests.agents.programs import CLAUDE, CODEX, OPENCODE, PROGRAMS, Program

pytestmark = pytest.mark.agents


def test_runs_that_share_a_proxy_are_a_session_each(bench: Bench) -> None:
    """All four at once, each by a run through the background proxy: four sessions, each of one agent."""
    with bench.background():
        runs = [bench.start(program, QUESTION, joins=True) for program in PROGRAMS]
        ended = [bench.ended(run) for run in runs]

    assert [(each.code, each.out.strip()) for each in ended] == [(0, ANSWER)] * len(PROGRAMS), ended
    sessions = bench.sessions().values()
    agents = [{call.agent.partition("/")[0] for call in calls if call.agent} for calls in sessions]
    assert sorted(map(sorted, agents)) == [["GeminiCLI-tui"], ["claude-cli"], ["codex_exec"], ["opencode"]]
    assert sum(map(len, sessions)) == sum(program.calls for program in PROGRAMS)


@pytest.mark.parametrize("program", [CLAUDE, CODEX, OPENCODE], ids=lambda program: program.program)
def test_two_of_a_kind_in_one_shell_are_told_apart_by_their_own_ids(bench: Bench, program: Program) -> None:
    """Two with nothing but the proxy's variables, one of them with sub-agents: two sessions, by their ids."""
    with bench.background():
        ended = bench.in_one_shell((program, QUESTION), (program, HELPERS))

    assert [(each.code, each.out.strip()) for each in ended] == [(0, ANSWER), (0, HELPED)], ended
    sessions = bench.sessions()
    assert {call.session_source for calls in sessions.values() for call in calls} == {"agent"}
    assert sorted(len({call.session_path for call in calls}) for calls in sessions.values()) == [1, 3]
    assert min(map(len, sessions.values())) == program.calls
