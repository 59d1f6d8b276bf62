"""Where in its session a call stands, as its agent tells sub-agents and steps apart."""

from __future__ import annotations

import re
from dataclasses import dataclass

from sessiontap.identity.evidence import Body, Evidence, Header, Place, text_at
from sessiontap.identity.lineage import Lineage, Standing
from sessiontap.identity.texts import as_id, as_segment

_MOST_SEGMENTS = 16
_TURN = "x-codex-turn-metadata"
_CLASS = Header("x-claude-code-request-class")


def _codex(key: str, *others: Place) -> tuple[Place, ...]:
    """Where Codex states a fact: in the body's metadata, in that of the turn, and elsewhere."""
    return (
        Body(f"client_metadata.{key}"),
        Body(f"client_metadata.{_TURN}", key),
        Header(_TURN, key),
        *others,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """How one agent speaks of the sub-agents within a session, and of the steps that stand apart."""

    own: tuple[Place, ...]
    """The sub-agent's id."""
    shape: re.Pattern[str] = re.compile(r"(.+)", re.DOTALL)
    """What the id's text has to be like; its first group is the id."""
    threads: bool = False
    """There are ids of other conversations too: a sub-agent's call names its parent or its kind."""
    parent: tuple[Place, ...] = ()
    """The id of the one that started it, where that is not the main agent."""
    kind: tuple[Place, ...] = ()
    name: tuple[Place, ...] = ()
    """The names of the whole line of agents, as a path that begins with `/root`, which is the main one."""
    step: tuple[Place, ...] = ()
    """What the call does."""
    steps: frozenset[str] = frozenset()
    """The steps that stand apart; in others the agent goes on with its conversation."""


CLAUDE_CODE = Dialect(
    own=(Header("x-claude-code-agent-id"),),
    parent=(Header("x-claude-code-parent-agent-id"),),
    kind=(Header("x-claude-code-agent-type"), _CLASS),
    step=(_CLASS,),
    steps=frozenset({"compaction", "auxiliary", "side_reply"}),
)
CODEX = Dialect(
    own=_codex("thread_id", Header("thread-id")),
    threads=True,
    parent=(
        *_codex("parent_thread_id", Header("x-codex-parent-thread-id")),
        Body("client_metadata.x-codex-parent-thread-id"),
    ),
    kind=(
        *_codex("subagent_kind", Header("x-openai-subagent")),
        Body("client_metadata.x-openai-subagent"),
    ),
    name=_codex("agent_name"),
    step=_codex("request_kind"),
    steps=frozenset({"compaction", "memory"}),
)
GEMINI_CLI = Dialect(
    # The main agent's is `SESSION########TURN`.
    own=(Body("user_prompt_id"),),
    shape=re.compile(r"([0-9A-Za-z-]{8,})#\d+"),
)
DIALECTS = (CLAUDE_CODE, CODEX, GEMINI_CLI)

PARENT_SESSIONS: tuple[Place, ...] = (
    # A teammate of Claude Code, in a process of its own.
    Body("metadata.user_id", "parent_session_id"),
    # opencode's sub-agents.
    Header("x-parent-session-id"),
)
"""Where an agent says that another session started its own."""
PLACES_OF_PATHS: tuple[Place, ...] = (
    *PARENT_SESSIONS,
    *(
        place
        for each in DIALECTS
        for places in (each.own, each.parent, each.kind, each.name, each.step)
        for place in places
    ),
)

_ROOT = "/root"


def standing(evidence: Evidence, own_session: str, lineage: Lineage) -> Standing:
    """The session that an agent's own session belongs to, and the path of the call within."""
    above = lineage.session(own_session, *_started_by(evidence, own_session))
    within = path_within(evidence, above.session_id, lineage, besides=own_session)
    return Standing(above.session_id, above.path + within)


def path_within(evidence: Evidence, session_id: str, lineage: Lineage, *, besides: str = "") -> str:
    """The path within a session: empty for the conversation of its main agent, or that of `besides`."""
    for dialect in DIALECTS:
        own = _own(dialect, evidence)
        kind, step = text_at(dialect.kind, evidence), text_at(dialect.step, evidence)
        below = f"/{step}" if step in dialect.steps else ""
        if (named := _named(dialect, evidence)) is not None:
            return named + below
        kind = None if kind in dialect.steps else kind
        parent = text_at(dialect.parent, evidence)
        told = not dialect.threads or kind is not None or parent is not None
        if own is not None and told and own not in {session_id, besides}:
            return lineage.agent(session_id, own, parent, kind) + below
        if below:
            return below
        if kind is not None and session_id == (besides or session_id) and dialect.name:
            # A step that Codex gives to a sub-agent within the same thread.
            return f"/{as_segment(kind)}"
    return ""


def _started_by(evidence: Evidence, own_session: str) -> tuple[str | None, str | None]:
    """The session that started this one, and as what kind of agent."""
    stated = text_at(PARENT_SESSIONS, evidence)
    if stated is None and _own(CODEX, evidence) in {None, own_session}:
        # Of older versions each thread is a session.
        return _id(text_at(CODEX.parent, evidence)), text_at(CODEX.kind, evidence)
    return _id(stated), None


def _id(stated: str | None) -> str | None:
    return None if stated is None else as_id(stated)


def _own(dialect: Dialect, evidence: Evidence) -> str | None:
    stated = text_at(dialect.own, evidence)
    found = None if stated is None else dialect.shape.fullmatch(stated)
    return None if found is None else found[1]


def _named(dialect: Dialect, evidence: Evidence) -> str | None:
    """The path that the agents' names make; None where none is stated."""
    stated = text_at(dialect.name, evidence)
    if stated is None or not f"{stated}/".startswith(f"{_ROOT}/"):
        return None
    names = [as_segment(each) for each in stated.removeprefix(_ROOT).split("/")]
    return "".join(f"/{name}" for name in list(filter(None, names))[:_MOST_SEGMENTS])
