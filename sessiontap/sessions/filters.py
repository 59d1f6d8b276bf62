"""CallFilter: which calls a person asked for. Every kind of filter narrows; values of one kind widen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from sessiontap.call import Call, Status


@dataclass(frozen=True, slots=True)
class CallFilter:
    """Conditions that a call must meet; an empty one lets every call through.

    `since` and `until` are RFC 3339 times as the record has them; since is included, until is not.
    """

    since: str | None = None
    until: str | None = None
    names: tuple[str, ...] = ()
    """Session names: exact, or patterns with `*`, `?` and `[…]`; upper and lower case are the same."""
    users: tuple[str, ...] = ()
    models: tuple[str, ...] = ()
    """Names or patterns, against the model that was asked for and the one that answered."""
    properties: tuple[tuple[str, str], ...] = ()
    """Key and value; the keys compare without case, as header names do. All must be there."""
    agents: tuple[str, ...] = ()
    """Names or patterns, with the version or without it: `claude-cli`, `codex*`, `opencode/1.2.0`."""
    paths: tuple[str, ...] = ()
    """Paths or patterns; a path holds for all that is below it, too."""
    statuses: tuple[Status, ...] = ()

    def matching(self, calls: Sequence[Call]) -> list[Call]:
        """The calls of one session that meet every condition, in the order given.

        The name is the session's: a call that came without one is of the session all the same.
        """
        if self.names and not any(
            matches(call.session_name, self.names) for call in calls if call.session_name
        ):
            return []
        return [call for call in calls if self.lets_through(call)]

    def lets_through(self, call: Call) -> bool:
        """Whether the call itself meets its conditions: all but that of the session's name."""
        if self.since is not None and call.started_at < self.since:
            return False
        if self.until is not None and call.started_at >= self.until:
            return False
        if self.users and call.user_id not in self.users:
            return False
        if self.models and not any(
            matches(model, self.models) for model in (call.request_model, call.response_model)
        ):
            return False
        if self.agents and not matches_agent(call.agent, self.agents):
            return False
        if self.paths and not matches_path(call.session_path, self.paths):
            return False
        if self.statuses and call.status not in self.statuses:
            return False
        if not self.properties:
            return True
        have = {key.casefold(): value for key, value in call.properties.items()}
        return all(have.get(key.casefold()) == value for key, value in self.properties)


def matches(text: str | None, patterns: Sequence[str]) -> bool:
    """Whether a text is, or fits, one of the patterns. Exact first: it may itself hold their signs."""
    if text is None:
        return False
    folded = text.casefold()
    return any(
        folded == pattern.casefold() or fnmatchcase(folded, pattern.casefold()) for pattern in patterns
    )


def matches_agent(agent: str | None, patterns: Sequence[str]) -> bool:
    """Whether an agent, or its product without the version, fits one of the patterns."""
    return matches(agent, patterns) or matches(product_of(agent), patterns)


def product_of(agent: str | None) -> str | None:
    """An agent without its version: `claude-cli` of `claude-cli/2.0.1`."""
    return None if agent is None else agent.partition("/")[0]


def matches_path(path: str, patterns: Sequence[str]) -> bool:
    """Whether a path fits one of the patterns, or is below one that does; each may lack its first `/`."""
    tops = ["/" + pattern.strip("/") for pattern in patterns]
    return matches(path, tops) or any(matches(path, (f"{top.rstrip('/')}/*",)) for top in tops)
