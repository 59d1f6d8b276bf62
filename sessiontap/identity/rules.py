"""The rules by which a call's session is found: one table in one order, and the first that answers wins.

Where a name comes from is said beside it; what clients send was read in their programs, where nothing else
is said: Claude Code 2.1.332, Codex 0.169, opencode 1.18, Gemini CLI 0.61, Cline 3.0, pi-ai 0.73.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from urllib.parse import unquote

from sessiontap.call import SessionSource
from sessiontap.identity.evidence import (
    AnyHeader,
    Body,
    Evidence,
    Header,
    OfProxyUser,
    OwnHeader,
    Place,
    Url,
    texts_at,
)
from sessiontap.identity.texts import as_id, cleaned


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One way in which calls name their session."""

    name: str
    source: SessionSource
    where: tuple[Place, ...]
    """The first of them whose text is in shape counts."""
    shape: re.Pattern[str] | None = None
    """What the whole text has to be like; its first group, where it has one, is the id."""
    agents: frozenset[str] = frozenset()
    """The agents that mean it so; empty is everybody."""
    when: Callable[[Evidence], bool] | None = None
    encoded: bool = False
    """The text is percent-encoded."""

    def find(self, evidence: Evidence) -> Found | None:
        """The session that a call names in this way, or None."""
        if self.agents and evidence.agent not in self.agents:
            return None
        if self.when is not None and not self.when(evidence):
            return None
        for text in texts_at(self.where, evidence):
            shaped = _shaped(self.shape, text)
            session_id = cleaned(unquote(shaped)) if self.encoded and shaped else shaped
            if session_id:
                return Found(session_id=as_id(session_id), source=self.source, rule=self.name)
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A session, and the rule that found it."""

    session_id: str
    source: SessionSource
    rule: str


def first(rules: Iterable[Rule], evidence: Evidence) -> Found | None:
    """What the first rule that answers finds."""
    return next((found for rule in rules if (found := rule.find(evidence)) is not None), None)


def _shaped(shape: re.Pattern[str] | None, text: str) -> str | None:
    if shape is None:
        return text
    found = shape.fullmatch(text)
    return None if found is None else found[found.re.groups and 1]


def _set_by_the_client(evidence: Evidence) -> bool:
    """Not by opencode and its kind, which send the same id for a cache, nor against OpenRouter's body.

    Of two ids OpenRouter takes the body's (https://openrouter.ai/docs/features/broadcast/overview).
    """
    by_body = evidence.provider == "openrouter" and isinstance(evidence.body.get("session_id"), str)
    return not (by_body or evidence.agent in _SETS_X_SESSION_ID or "x-session-affinity" in evidence.headers)


_SETS_X_SESSION_ID = frozenset({"opencode", "kilo"})
# Who sends these names means its own session by them; from others they may mean anything.
_SHORT_NAMES = frozenset({"codex", "opencode", "cline", "kilo", "pi"})
_KEYS_ARE_SESSIONS = frozenset({"codex", "opencode", "kilo", "kimi", "pi"})
_TURN = "x-codex-turn-metadata"
_BEDROCK = ("sessionId", "conversationId", "threadId")
_BEDROCK_HEADER = "x-amzn-bedrock-request-metadata"

AGENT_RULES = (
    Rule(
        name="claude-code",
        source="agent",
        where=(Header("x-claude-code-session-id"), Body("metadata.user_id", "session_id")),
    ),
    Rule(
        # Its versions before 2.1.
        name="claude-code-1",
        source="agent",
        where=(Body("metadata.user_id"),),
        shape=re.compile(r"user_.*_session_([A-Za-z0-9-]{8,})"),
    ),
    Rule(
        name="codex",
        source="agent",
        where=(
            Body("client_metadata.session_id"),
            Body(f"client_metadata.{_TURN}", "session_id"),
            Header(_TURN, "session_id"),
        ),
    ),
    Rule(
        # Those with an underscore are older versions', and the other agents' on ChatGPT's plan.
        name="short-names",
        source="agent",
        where=(Header("session-id"), Header("session_id"), Header("thread-id"), Header("conversation_id")),
        agents=_SHORT_NAMES,
    ),
    Rule(name="opencode", source="agent", where=(Header("x-opencode-session"),)),
    # Third-party code knows these names, their programs were not read.
    Rule(name="kilo", source="agent", where=(Header("x-kilocode-taskid"), Header("x-kilo-session"))),
    Rule(name="amp", source="agent", where=(Header("x-amp-thread-id"),)),
    Rule(name="roo", source="agent", where=(Header("x-roo-task-id"),)),
    Rule(name="grok", source="agent", where=(Header("x-grok-session-id"),)),
    Rule(
        name="copilot",
        source="agent",
        where=(Header("x-client-session-id"), Header("x-agent-task-id"), Header("vscode-sessionid")),
    ),
    Rule(
        name="chats",
        source="agent",
        where=(Header("x-openwebui-chat-id"), Header("x-coder-chat-id"), Header("x-mux-workspace-id")),
    ),
    Rule(name="cline", source="agent", where=(Header("x-task-id"),), agents=frozenset({"cline"})),
    # opencode, Kilo and pi; Fireworks documents it for whoever wants its cache.
    Rule(name="affinity", source="agent", where=(Header("x-session-affinity"), Header("x-affinity"))),
    Rule(name="gemini-cli", source="agent", where=(Body("request.session_id"),)),
    Rule(
        name="agents-cache-key",
        source="agent",
        where=(Body("prompt_cache_key"),),
        agents=_KEYS_ARE_SESSIONS,
    ),
)

_HEADER_RULES = (
    Rule(name="helicone", source="header", where=(Header("helicone-session-id"),)),
    Rule(name="own", source="header", where=(OwnHeader(),)),
    Rule(
        name="litellm",
        source="header",
        where=(Header("x-litellm-session-id"), Header("x-litellm-trace-id")),
    ),
    Rule(
        name="langfuse",
        source="header",
        where=(Header("langfuse_session_id"), Header("langfuse-session-id")),
    ),
    Rule(
        # Headers of anybody's, as LiteLLM takes them. A parent's session is not the call's, that of an MCP
        # server or of a login is none, and what an agent sends by itself has its own rule.
        name="x-NAME-session-id",
        source="header",
        where=(
            AnyHeader(
                name=re.compile(r"x-.+-session-id"),
                value=re.compile(r"[A-Za-z0-9_-]{8,}"),
                but=re.compile(
                    r".*(parent|mcp|auth|login).*|x-claude-.*"
                    r"|x-(client|grok|opencode|kilo|kilocode|kilo-code|amp|roo|codex)-session-id"
                ),
            ),
        ),
    ),
    Rule(name="x-session-id", source="header", where=(Header("x-session-id"),), when=_set_by_the_client),
)

_API_RULES = (
    Rule(
        name="metadata",
        source="api",
        where=(Body("metadata.session_id"), Body("litellm_metadata.session_id")),
    ),
    Rule(name="litellm-body", source="api", where=(Body("litellm_session_id"), Body("litellm_trace_id"))),
    # OpenRouter's; its header is the same parameter.
    Rule(name="session_id", source="api", where=(Body("session_id"), Header("x-session-id"))),
    Rule(
        # Of the realtime API's `auto` and `none` are no conversations.
        name="conversation",
        source="api",
        where=(Body("conversation.id"), Body("conversation")),
        shape=re.compile(r"conv_.+"),
    ),
    Rule(
        name="bedrock-metadata",
        source="api",
        where=(
            *(Body(f"requestMetadata.{key}") for key in _BEDROCK),
            *(Header(_BEDROCK_HEADER, key) for key in _BEDROCK),
        ),
    ),
    Rule(
        # Bedrock's agents, OpenAI's assistants, Mistral's conversations.
        name="url",
        source="api",
        where=(
            Url(re.compile(r"/agents/[^/]+/agentAliases/[^/]+/sessions/([^/]+)/text")),
            Url(re.compile(r".*/v1/threads/(thread_[^/]+)/runs(?:/.*)?")),
            Url(re.compile(r"/v1/conversations/(conv_[^/#]+)")),
        ),
        encoded=True,
    ),
    # xAI asks for it, to find its cache (https://docs.x.ai/docs/guides/prompt-caching).
    Rule(name="x-grok-conv-id", source="api", where=(Header("x-grok-conv-id"),)),
    Rule(
        # https://www.w3.org/TR/baggage/
        name="baggage",
        source="api",
        where=(Header("baggage"),),
        shape=re.compile(r"(?:.*,)?\s*session\.id\s*=\s*([^,;\s]+).*"),
        encoded=True,
    ),
)

RULES = (
    *_HEADER_RULES,
    Rule(name="proxy-user", source="proxy-user", where=(OfProxyUser(),)),
    *AGENT_RULES,
    *_API_RULES,
)
"""All that name a session outright. What is inferred of an earlier reply's id comes after them."""

LAST_RULES: tuple[Rule, ...] = (
    # A hint for a cache, which calls of several sessions may share: better than nothing said.
    Rule(name="prompt_cache_key", source="api", where=(Body("prompt_cache_key"),)),
)
"""What counts where neither `RULES` nor a reply's id know the session."""
