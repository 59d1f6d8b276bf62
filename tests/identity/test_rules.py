"""The rules one by one: each with what a client really sends, ids made up."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from sessiontap.call import SessionSource
from sessiontap.identity import LAST_RULES, RULES, Identifier
from sessiontap.identity.rules import first
from tests.identity.asking import CLAUDE_CODE, CODEX, TODAY, session, whose

_ID = "7f3c1d20-8a4e-4b6f-9c11-2d5e6f708192"
_OTHER = "0a1b2c3d-4e5f-4061-8273-94a5b6c7d8e9"
_TURN = json.dumps(
    {
        "session_id": _ID,
        "thread_id": _ID,
        "agent_name": "/root",
        "turn_id": "0199a213-91c0-7800-8aa1-bbab2a035a53",
        "request_kind": "turn",
        "workspaces": {"/home/ann/app": {"latest_git_commit_hash": "e4aa1ebd", "has_changes": True}},
        "sandbox": "seatbelt",
    }
)


@dataclass(frozen=True, slots=True)
class Sent:
    """A call, and the session that its rule finds in it."""

    rule: str
    source: SessionSource
    headers: dict[str, str] = field(default_factory=dict)
    body: dict[str, Any] = field(default_factory=dict)
    asked: dict[str, Any] = field(default_factory=dict)
    session_id: str = _ID


def _user_id(**members: str) -> dict[str, Any]:
    """The metadata of Claude Code since 2.1."""
    return {"metadata": {"user_id": json.dumps({"device_id": "d" * 64, "account_uuid": "", **members})}}


_SENT = (
    Sent("helicone", "header", {"Helicone-Session-Id": _ID}),
    Sent("own", "header", {"X-Run": _ID}, asked={"session_headers": ["x-job", "X-Run"]}),
    Sent("litellm", "header", {"x-litellm-session-id": _ID, "x-litellm-trace-id": _OTHER}),
    Sent("litellm", "header", {"x-litellm-trace-id": _ID}),
    Sent("langfuse", "header", {"langfuse_session_id": _ID}),
    Sent("x-NAME-session-id", "header", {"X-Acme-Session-Id": _ID}),
    Sent("x-NAME-session-id", "header", {"x-a-session-id": "short", "x-b-session-id": _ID}),
    Sent("x-session-id", "header", {"X-Session-Id": "42"}, session_id="42"),
    Sent("proxy-user", "proxy-user", asked={"proxy_user": _ID}),
    Sent("proxy-user", "proxy-user", asked={"session": f"{_ID}:Nightly"}),
    Sent("claude-code", "agent", {"User-Agent": CLAUDE_CODE, "X-Claude-Code-Session-Id": _ID}),
    Sent("claude-code", "agent", body=_user_id(session_id=_ID)),
    Sent("claude-code", "agent", body={"metadata": {"user_id": {"session_id": _ID}}}),
    Sent(
        "claude-code-1",
        "agent",
        {"User-Agent": "claude-cli/1.0.100 (external, cli)"},
        {"metadata": {"user_id": f"user_{'e' * 64}_account_{_OTHER}_session_{_ID}"}},
    ),
    Sent("claude-code-1", "agent", body={"metadata": {"user_id": f"user_{'e' * 64}_account__session_{_ID}"}}),
    Sent(
        "codex",
        "agent",
        {"User-Agent": CODEX, "session-id": _OTHER},
        {"client_metadata": {"session_id": _ID}},
    ),
    Sent("codex", "agent", body={"client_metadata": {"x-codex-turn-metadata": _TURN}}),
    Sent("codex", "agent", {"User-Agent": CODEX, "x-codex-turn-metadata": _TURN, "thread-id": _OTHER}),
    Sent("short-names", "agent", {"User-Agent": CODEX, "session-id": _ID, "thread-id": _OTHER}),
    Sent("short-names", "agent", {"originator": "codex_exec", "session_id": _ID, "conversation_id": _OTHER}),
    Sent("short-names", "agent", {"User-Agent": "Codex Desktop/0.169.0 (Mac OS 26)", "thread-id": _ID}),
    Sent("short-names", "agent", {"User-Agent": CODEX, "conversation_id": _ID}),
    Sent(
        "short-names", "agent", {"originator": "pi", "User-Agent": "pi (linux 6.1; x64)", "session_id": _ID}
    ),
    Sent("short-names", "agent", {"originator": "cline", "User-Agent": "Cline/3.0.65", "session_id": _ID}),
    Sent("opencode", "agent", {"x-opencode-session": _ID, "x-opencode-request": "msg_1"}),
    Sent("kilo", "agent", {"User-Agent": "Kilo-Code/5.1.0", "X-KiloCode-TaskId": _ID}),
    Sent("kilo", "agent", {"x-kilo-session": _ID}),
    Sent("amp", "agent", {"X-Amp-Thread-Id": "T-" + _ID}, session_id="T-" + _ID),
    Sent("roo", "agent", {"x-roo-task-id": _ID}),
    Sent("grok", "agent", {"x-grok-session-id": _ID, "x-grok-conv-id": _OTHER}),
    Sent("copilot", "agent", {"Copilot-Integration-Id": "copilot-cli", "X-Client-Session-Id": _ID}),
    Sent("copilot", "agent", {"X-Agent-Task-Id": _ID, "VScode-SessionId": _OTHER}),
    Sent("copilot", "agent", {"User-Agent": "GitHubCopilotChat/0.26.7", "VScode-SessionId": _ID}),
    Sent("chats", "agent", {"X-OpenWebUI-Chat-Id": _ID}),
    Sent("chats", "agent", {"x-coder-chat-id": _ID}),
    Sent("chats", "agent", {"x-mux-workspace-id": _ID}),
    Sent("cline", "agent", {"User-Agent": "Cline/3.0.65", "X-Task-ID": _ID}),
    Sent(
        "affinity",
        "agent",
        {
            "User-Agent": "opencode/1.18.33 ai-sdk/provider-utils/4",
            "x-session-affinity": _ID,
            "X-Session-Id": _ID,
        },
    ),
    Sent("affinity", "agent", {"x-affinity": _ID}),
    Sent(
        "gemini-cli",
        "agent",
        {"User-Agent": "GeminiCLI/0.61.0/gemini-2.5-pro (linux; x64; terminal)"},
        {"model": "gemini-2.5-pro", "user_prompt_id": f"{_ID}########0", "request": {"session_id": _ID}},
    ),
    Sent("agents-cache-key", "agent", {"User-Agent": "kimi-code/2.1.0"}, {"prompt_cache_key": _ID}),
    Sent("metadata", "api", body={"metadata": {"session_id": _ID}}),
    Sent("metadata", "api", body={"litellm_metadata": {"session_id": _ID}}),
    Sent("litellm-body", "api", body={"litellm_session_id": _ID}),
    Sent("litellm-body", "api", body={"litellm_trace_id": _ID}),
    Sent("session_id", "api", body={"session_id": _ID}),
    Sent(
        "session_id", "api", {"x-session-id": _OTHER}, {"session_id": _ID}, asked={"provider": "openrouter"}
    ),
    Sent("conversation", "api", body={"conversation": "conv_68a1"}, session_id="conv_68a1"),
    Sent("conversation", "api", body={"conversation": {"id": "conv_68a1"}}, session_id="conv_68a1"),
    Sent("bedrock-metadata", "api", body={"requestMetadata": {"team": "a", "sessionId": _ID}}),
    Sent("bedrock-metadata", "api", body={"requestMetadata": {"threadId": _ID}}),
    Sent(
        "bedrock-metadata",
        "api",
        {"X-Amzn-Bedrock-Request-Metadata": json.dumps({"conversationId": _ID})},
    ),
    Sent(
        "url",
        "api",
        asked={"url_path": "/agents/AG1/agentAliases/AL1/sessions/my%20run/text"},
        session_id="my run",
    ),
    Sent("url", "api", asked={"url_path": "/v1/threads/thread_1/runs"}, session_id="thread_1"),
    Sent("url", "api", asked={"url_path": "/v1/conversations/conv_1"}, session_id="conv_1"),
    Sent("x-grok-conv-id", "api", {"x-grok-conv-id": _ID}),
    Sent("baggage", "api", {"baggage": f"user.id=42, session.id={_ID};p=1 ,x=y"}),
    Sent("baggage", "api", {"baggage": "session.id=a%20b"}, session_id="a b"),
    Sent("prompt_cache_key", "api", body={"prompt_cache_key": "triage-v3"}, session_id="triage-v3"),
)


@pytest.mark.parametrize("sent", _SENT, ids=lambda sent: sent.rule)
def test_a_rule_finds_the_session_in_what_clients_send(sent: Sent) -> None:
    """Each rule answers for the calls that are its own, and the record says of which kind it is."""
    found = whose(sent.headers, sent.body, **sent.asked)
    assert (found.session_id, found.session_source) == (sent.session_id, sent.source)
    keywords: dict[str, Any] = {"proxy_user": None, "today": TODAY, **sent.asked}
    claims = Identifier().claims(sent.headers.items(), **keywords)
    answered = first((*RULES, *LAST_RULES), replace(claims.evidence, body=sent.body))
    assert answered is not None
    assert answered.rule == sent.rule


def test_every_rule_has_a_call() -> None:
    """No rule stands in the table without a call that shows it, and none has the name of another."""
    names = [rule.name for rule in (*RULES, *LAST_RULES)]
    assert len(set(names)) == len(names)
    assert {sent.rule for sent in _SENT} == set(names)


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        ({"x-parent-session-id": _ID}, {}),
        ({"mcp-session-id": _ID}, {}),
        ({"x-mcp-session-id": _ID}, {}),
        ({"x-auth-session-id": _ID}, {}),
        ({"x-claude-remote-session-id": _ID}, {}),
        ({"X-Acme-Session-Id": "short"}, {}),
        ({"X-Acme-Session-Id": "two words of it"}, {}),
        ({"session_id": _ID, "session-id": _ID, "thread-id": _ID, "conversation_id": _ID}, {}),
        ({"x-task-id": _ID}, {}),
        ({"x-interaction-id": _ID}, {}),
        ({}, {"metadata": {"user_id": "ada"}}),
        ({}, {"metadata": {"user_id": '{"session_id": 7}'}}),
        ({}, {"metadata": {"user_id": '{"session_id": "cut'}}),
        ({}, {"metadata": {"session_id": 7}}),
        ({}, {"metadata": "session_id"}),
        ({}, {"session_id": ["a"]}),
        ({}, {"conversation": "auto"}),
        ({}, {"conversation": "none"}),
        ({}, {"conversation": {"id": None}}),
        ({}, {"previous_response_id": "resp_1"}),
        ({}, {"user": "ada", "safety_identifier": "s"}),
        ({"baggage": "session.idx=1,asession.id=2"}, {}),
        ({"x-codex-turn-metadata": "not json"}, {}),
        ({"x-amzn-bedrock-request-metadata": "[1]"}, {}),
    ],
)
def test_what_looks_like_a_session_and_is_none_is_not_taken(
    headers: dict[str, str], body: dict[str, Any]
) -> None:
    """Parents, MCP servers and logins are no sessions, short names mean nothing from just anybody."""
    found = whose(headers, body)
    assert (found.session_id, found.session_source) == (f"unassigned-{TODAY}", "none")


def test_x_session_id_of_opencode_is_the_agents() -> None:
    """What an agent sends by itself stands behind the proxy's user, so that a run is one session."""
    sent = {"User-Agent": "opencode/1.18.33", "X-Session-Id": _ID, "x-session-affinity": _ID}
    assert session(sent, proxy_user="run-1") == "run-1"
    assert session({"User-Agent": "my-app/1", "X-Session-Id": _ID}, proxy_user="run-1") == _ID


def test_openrouter_takes_the_bodys_id() -> None:
    """Where OpenRouter gets both, the body's counts; elsewhere a header of the client's goes before."""
    headers, body = {"x-session-id": "header-1"}, {"session_id": "body-1"}
    assert session(headers, body, provider="openrouter") == "body-1"
    assert session(headers, {}, provider="openrouter") == "header-1"
    assert session(headers, body, provider="openai") == "header-1"
