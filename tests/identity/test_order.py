"""The order of the rules: of two that could answer, which one does."""

from __future__ import annotations

import json
from typing import Any

import pytest

from sessiontap.identity import Evidence, Found
from sessiontap.untrusted import JsonObject
from tests.identity.asking import CLAUDE_CODE, CODEX, TODAY, session, whose

# Each names the session after itself; each stands before all that follow it.
_IN_ORDER: list[tuple[str, dict[str, str], dict[str, Any], dict[str, Any]]] = [
    ("helicone", {"helicone-session-id": "helicone"}, {}, {}),
    ("own", {"x-run": "own"}, {}, {"session_headers": ["x-run"]}),
    ("litellm", {"x-litellm-session-id": "litellm"}, {}, {}),
    ("litellm-trace", {"x-litellm-trace-id": "litellm-trace"}, {}, {}),
    ("langfuse", {"langfuse_session_id": "langfuse"}, {}, {}),
    ("a-vendors", {"x-acme-session-id": "a-vendors"}, {}, {}),
    ("x-session-id", {"x-session-id": "x-session-id"}, {}, {}),
    ("proxy-user", {}, {}, {"proxy_user": "proxy-user"}),
    ("by-option", {}, {}, {"session": "by-option"}),
    ("claude-code", {"x-claude-code-session-id": "claude-code"}, {}, {}),
    ("in-user-id", {}, {"user_id": json.dumps({"session_id": "in-user-id"})}, {}),
    ("turn", {"x-codex-turn-metadata": '{"session_id": "turn"}'}, {}, {}),
    ("session-id", {"session-id": "session-id"}, {}, {}),
    ("thread-id", {"thread-id": "thread-id"}, {}, {}),
    ("cache-key-of-codex", {}, {}, {}),
    ("metadata", {}, {"session_id": "metadata"}, {}),
]


@pytest.mark.parametrize("place", range(len(_IN_ORDER)), ids=[name for name, *_ in _IN_ORDER])
def test_the_first_that_answers_wins(place: int) -> None:
    """A call that says all of this belongs where the first of it says."""
    headers: dict[str, str] = {"originator": "codex_exec"}
    metadata: dict[str, Any] = {}
    asked: dict[str, Any] = {}
    for _, sent, in_metadata, keywords in reversed(_IN_ORDER[place:]):
        headers |= sent
        metadata |= in_metadata
        asked |= keywords
    # Codex's key is its session where nothing before it says one; what follows it never does.
    named = _IN_ORDER[place][0]
    body = {"metadata": metadata, "prompt_cache_key": "cache-key-of-codex"}
    if named == "metadata":
        headers["originator"] = "somebody"
    assert session(headers, body, **asked) == named


_OF_THE_APIS: list[tuple[str, dict[str, str], dict[str, Any]]] = [
    ("metadata", {}, {"metadata": {"session_id": "metadata"}}),
    ("litellm-body", {}, {"litellm_session_id": "litellm-body"}),
    ("body-session", {}, {"session_id": "body-session"}),
    ("conv_1", {}, {"conversation": "conv_1"}),
    ("of-bedrock", {}, {"requestMetadata": {"sessionId": "of-bedrock"}}),
    ("of-grok", {"x-grok-conv-id": "of-grok"}, {}),
    ("of-baggage", {"baggage": "session.id=of-baggage"}, {}),
    ("cache-key", {}, {"prompt_cache_key": "cache-key"}),
]


@pytest.mark.parametrize("place", range(len(_OF_THE_APIS)), ids=[name for name, *_ in _OF_THE_APIS])
def test_what_states_a_session_goes_before_what_hints_at_one(place: int) -> None:
    """Of the providers' own fields, those for sessions come first and the key of a cache comes last."""
    headers: dict[str, str] = {}
    body: dict[str, Any] = {}
    for _, sent, in_body in _OF_THE_APIS[place:]:
        headers |= sent
        body |= in_body
    found = whose(headers, body)
    assert (found.session_id, found.session_source) == (_OF_THE_APIS[place][0], "api")


class _Infers:
    """Knows the reply `resp_1`, and puts everything else into one session."""

    def continued(self, evidence: Evidence) -> Found | None:
        if evidence.body.get("previous_response_id") != "resp_1":
            return None
        return Found(session_id="of-the-reply", source="api", rule="previous_response_id")

    def inferred(self, evidence: Evidence) -> Found | None:
        return Found(session_id=f"inferred-{len(evidence.text)}", source="inferred", rule="messages")

    def begun(self, evidence: Evidence, session_id: str) -> None:
        pass

    def hear(self, event: JsonObject) -> None:
        pass

    def ended(self, *, answered: bool, heard: bool, response_id: str | None) -> None:
        pass


@pytest.mark.parametrize(
    ("body", "session_id", "source"),
    [
        ({"previous_response_id": "resp_1", "conversation": "conv_1"}, "conv_1", "api"),
        ({"previous_response_id": "resp_1", "prompt_cache_key": "k"}, "of-the-reply", "api"),
        ({"previous_response_id": "resp_2", "prompt_cache_key": "k"}, "k", "api"),
        ({}, "inferred-2", "inferred"),
    ],
)
def test_inference_has_its_two_places(body: dict[str, Any], session_id: str, source: str) -> None:
    """A reply's id counts behind what names a session and before a cache's key; messages count last."""
    found = whose({}, body, follower=_Infers())
    assert (found.session_id, found.session_source) == (session_id, source)


def test_two_agents_through_one_proxy_keep_apart() -> None:
    """Claude Code and Codex, with nothing set by anybody, are two sessions with two agents."""
    one = whose({"User-Agent": CLAUDE_CODE, "X-Claude-Code-Session-Id": "11111111-aaaa"})
    other = whose({"User-Agent": CODEX, "session-id": "22222222-bbbb"})
    assert (one.session_id, one.agent) == ("11111111-aaaa", "claude-cli/2.1.332")
    assert (other.session_id, other.agent) == ("22222222-bbbb", "codex_cli_rs/0.169.0")


def test_an_own_header_has_no_case_and_its_first_name_counts() -> None:
    """Names of one's own are read in any case, in the order in which they were given."""
    asked: dict[str, Any] = {"session_headers": ("X-Job", "x-run")}
    assert session({"x-RUN": "r", "X-JOB": "j"}, **asked) == "j"
    assert session({"x-RUN": "r"}, **asked) == "r"
    assert session({"x-run": "r"}) == f"unassigned-{TODAY}"
