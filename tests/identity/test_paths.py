"""Sub-agents and steps are paths within their session, as the agents tell them apart."""

from __future__ import annotations

import json
from typing import Any

import pytest

from sessiontap.identity import Identifier
from tests.identity.asking import CLAUDE_CODE, CODEX, whose

_ROOT = "019a3c10-7b1c-7d20-8e31-5f60718293a4"
_CHILD = "019a3c10-7b1d-7d20-8e31-90a1b2c3d4e5"
_GRANDCHILD = "019a3c10-7b1e-7d20-8e31-0f1e2d3c4b5a"


def _claude(identifier: Identifier, session: str = _ROOT, **headers: str) -> tuple[str, str]:
    sent = {f"x-claude-code-{name.replace('_', '-')}": value for name, value in headers.items()}
    found = whose(
        {"User-Agent": CLAUDE_CODE, "x-claude-code-session-id": session, **sent}, identifier=identifier
    )
    return found.session_id, found.session_path


def test_claude_codes_sub_agents_are_paths_of_one_session() -> None:
    """Two of one type are two paths, each keeps its own, and one started by another stands below it."""
    one = Identifier()
    assert _claude(one, request_class="main") == (_ROOT, "/")
    explorer = {"agent_id": "a5f0c3d2e1b4a6978", "agent_type": "Explore", "request_class": "subagent"}
    second = {"agent_id": "a77d1e2f3a4b5c6d7", "agent_type": "Explore", "request_class": "subagent"}
    assert _claude(one, **explorer) == (_ROOT, "/explore-1b4a6978")
    assert _claude(one, **second) == (_ROOT, "/explore-a4b5c6d7")
    assert _claude(one, **explorer) == (_ROOT, "/explore-1b4a6978")
    below = {"agent_id": "a1", "parent_agent_id": "a5f0c3d2e1b4a6978", "agent_type": "Plan"}
    assert _claude(one, **below) == (_ROOT, "/explore-1b4a6978/plan-a1")
    assert _claude(one, request_class="main") == (_ROOT, "/")


def test_steps_of_claude_code_stand_apart() -> None:
    """Compaction and helpers are no part of the conversation, be it the main agent's or a sub-agent's."""
    one = Identifier()
    assert _claude(one, request_class="compaction") == (_ROOT, "/compaction")
    assert _claude(one, request_class="auxiliary") == (_ROOT, "/auxiliary")
    _claude(one, agent_id="a12345", agent_type="Explore", request_class="subagent")
    assert _claude(one, agent_id="a12345", request_class="compaction") == (
        _ROOT,
        "/explore-a12345/compaction",
    )


def test_a_sub_agent_whose_type_is_not_said_has_a_path() -> None:
    """Without the headers that name it, a sub-agent is told by its id; once its kind is said, by that."""
    one = Identifier()
    assert _claude(one, agent_id="a12345") == (_ROOT, "/agent-a12345")
    assert _claude(one, agent_id="a12345", request_class="subagent") == (_ROOT, "/agent-a12345")
    assert _claude(one, agent_id="b12345", request_class="workflow") == (_ROOT, "/workflow-b12345")
    assert _claude(one, agent_id="ann@team", agent_type="teammate") == (_ROOT, "/ann@team")


def test_one_that_was_forgotten_stands_right_below_the_session() -> None:
    """After a restart of the proxy a sub-agent's parent may be unknown: its path is short, not wrong."""
    found = _claude(Identifier(), agent_id="a1", parent_agent_id="never-seen", agent_type="Plan")
    assert found == (_ROOT, "/plan-a1")


def test_ids_of_two_sessions_do_not_mix() -> None:
    """The same sub-agent's id in two sessions is two sub-agents."""
    one = Identifier()
    _claude(one, agent_id="a1", agent_type="Explore")
    assert _claude(one, session=_CHILD, agent_id="a1", agent_type="Plan") == (_CHILD, "/plan-a1")


def test_a_session_that_another_one_started_belongs_to_it() -> None:
    """A teammate of Claude Code in a process of its own, and what that starts, are paths of the first one."""
    one = Identifier()

    def call(own: str, parent: str) -> tuple[str, str]:
        user = json.dumps({"session_id": own, "parent_session_id": parent})
        headers = {"User-Agent": CLAUDE_CODE, "x-claude-code-session-id": own}
        found = whose(headers, {"metadata": {"user_id": user}}, identifier=one)
        return found.session_id, found.session_path

    assert call(_CHILD, _ROOT) == (_ROOT, "/agent-b2c3d4e5")
    assert call(_GRANDCHILD, _CHILD) == (_ROOT, "/agent-b2c3d4e5/agent-2d3c4b5a")
    assert _claude(one, session=_CHILD, agent_id="a1", agent_type="Plan") == (
        _ROOT,
        "/agent-b2c3d4e5/plan-a1",
    )


def test_opencodes_sub_agents_belong_to_the_parents_session() -> None:
    """Each has a session of its own and names its parent's: they are one session, however deep."""
    one = Identifier()

    def call(own: str, parent: str = "") -> tuple[str, str]:
        headers = {"User-Agent": "opencode/1.18.33", "X-Session-Id": own, "x-session-affinity": own}
        if parent:
            headers["x-parent-session-id"] = parent
        found = whose(headers, identifier=one)
        assert found.session_source == "agent"
        return found.session_id, found.session_path

    assert call("ses_root00000000AAAA1111") == ("ses_root00000000AAAA1111", "/")
    assert call("ses_kid000000000BBBB2222", "ses_root00000000AAAA1111") == (
        "ses_root00000000AAAA1111",
        "/agent-BBBB2222",
    )
    assert call("ses_kidkid000000CCCC3333", "ses_kid000000000BBBB2222") == (
        "ses_root00000000AAAA1111",
        "/agent-BBBB2222/agent-CCCC3333",
    )


def _codex(**turn: str) -> tuple[str, str]:
    metadata = {"session_id": _ROOT, "thread_id": _ROOT, "request_kind": "turn", **turn}
    body: dict[str, Any] = {"client_metadata": {"x-codex-turn-metadata": json.dumps(metadata)}}
    found = whose({"User-Agent": CODEX}, body)
    return found.session_id, found.session_path


@pytest.mark.parametrize(
    ("turn", "path"),
    [
        ({"agent_name": "/root"}, "/"),
        ({"agent_name": "/root/docstring_policy", "thread_id": _CHILD}, "/docstring_policy"),
        ({"agent_name": "/root/review/tests", "thread_id": _CHILD}, "/review/tests"),
        ({"agent_name": "/root/review", "request_kind": "compaction"}, "/review/compaction"),
        ({"agent_name": "/root", "request_kind": "memory"}, "/memory"),
        ({"agent_name": "/root/a b//\x1b[31m/.."}, "/a-b/[31m/.."),
        ({"agent_name": "/rooted"}, "/"),
        ({"agent_name": "reviewer"}, "/"),
        ({"thread_id": _CHILD, "parent_thread_id": _ROOT}, "/agent-b2c3d4e5"),
        ({"thread_id": _CHILD, "parent_thread_id": _ROOT, "subagent_kind": "review"}, "/review-b2c3d4e5"),
        ({"thread_id": _CHILD}, "/"),
    ],
)
def test_codex_says_the_path_itself(turn: dict[str, str], path: str) -> None:
    """The agents' names are the path; without them kind and thread make one, and a fork is no sub-agent."""
    assert _codex(**turn) == (_ROOT, path)


def test_codex_says_it_in_headers_too() -> None:
    """Over HTTP the same facts stand in headers, of versions with and without names."""
    headers = {"User-Agent": CODEX, "session-id": _ROOT, "thread-id": _ROOT}
    assert whose(headers).session_path == "/"
    assert whose({**headers, "x-openai-subagent": "review"}).session_path == "/review"
    spawned = {
        **headers,
        "thread-id": _CHILD,
        "x-codex-parent-thread-id": _ROOT,
        "x-openai-subagent": "collab_spawn",
    }
    assert whose(spawned).session_path == "/agent-b2c3d4e5"
    turn = json.dumps({"agent_name": "/root/lint"})
    assert whose({**spawned, "x-codex-turn-metadata": turn}).session_path == "/lint"


def test_a_thread_of_an_older_codex_belongs_to_its_parents_session() -> None:
    """Before there were sessions of several threads, a sub-agent's thread was its session."""
    headers = {
        "User-Agent": CODEX,
        "session_id": _CHILD,
        "thread-id": _CHILD,
        "x-codex-parent-thread-id": _ROOT,
        "x-openai-subagent": "review",
    }
    found = whose(headers)
    assert (found.session_id, found.session_path) == (_ROOT, "/review-b2c3d4e5")


def test_gemini_clis_sub_agents_are_told_by_their_prompts() -> None:
    """The main agent's prompts carry the session's id, a sub-agent's its own."""

    def path(prompt: str) -> str:
        body = {"user_prompt_id": prompt, "request": {"session_id": _ROOT}}
        return whose({"User-Agent": "GeminiCLI/0.61.0/gemini-2.5-pro (linux; x64)"}, body).session_path

    assert path(f"{_ROOT}########3") == "/"
    assert path(f"{_CHILD}#0") == path(f"{_CHILD}#7") == "/agent-b2c3d4e5"
    assert path("loop-detection") == "/"


def test_a_path_that_was_set_wins() -> None:
    """Helicone-Session-Path stands over what the agent says; without it the agent's stays."""
    headers = {
        "x-claude-code-session-id": _ROOT,
        "x-claude-code-agent-id": "a1",
        "helicone-session-id": "mine",
    }
    assert whose({**headers, "helicone-session-path": "/my/place"}).session_path == "/my/place"
    found = whose(headers)
    assert (found.session_id, found.session_source, found.session_path) == ("mine", "header", "/agent-a1")


def test_sub_agents_stand_below_the_path_of_the_proxys_user() -> None:
    """A run's path is where its agent is, and its sub-agents are below."""
    headers = {"x-claude-code-session-id": _ROOT}
    sub = {**headers, "x-claude-code-agent-id": "a1", "x-claude-code-agent-type": "Explore"}
    assert whose(headers, proxy_user="run-1?path=/nightly/").session_path == "/nightly"
    assert whose(sub, proxy_user="run-1?path=/nightly/").session_path == "/nightly/explore-a1"
    assert whose({**sub, "helicone-session-id": "x"}, proxy_user="r?path=/n").session_path == "/explore-a1"


def test_parents_that_name_each_other_end() -> None:
    """Two sessions that each say the other started them are still two places, and nothing runs in circles."""
    one = Identifier()

    def call(own: str, parent: str) -> tuple[str, str]:
        found = whose({"x-session-affinity": own, "x-parent-session-id": parent}, identifier=one)
        return found.session_id, found.session_path

    assert call("first-session", "other-session") == ("other-session", "/agent-firstsession")
    assert call("other-session", "first-session") == ("other-session", "/")
    assert call("self-session", "self-session") == ("self-session", "/")


def test_a_line_of_agents_ends_somewhere() -> None:
    """However long the chain of parents is, a path has 16 segments at most."""
    one = Identifier()
    for number in range(100):
        parent = {"x-claude-code-parent-agent-id": f"a{number - 1}"} if number else {}
        headers = {"x-claude-code-session-id": _ROOT, "x-claude-code-agent-id": f"a{number}", **parent}
        found = whose(headers, identifier=one)
    assert found.session_path.count("/") == 16
