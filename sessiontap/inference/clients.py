"""Clients: the sessions of calls that say nothing of any conversation: one a client and idle gap."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime

from sessiontap.inference.memory import Client, Conversation
from sessiontap.recent import Recent

MOST_CLIENTS = 1_000
_MOST_ACTIVE = 32
_LONGEST_PRODUCT = 40
_ODD = re.compile(r"[^a-z0-9._-]+")


@dataclass(slots=True)
class _Known:
    session_id: str | None = None
    active_at: float = 0.0
    conversations: Recent[str, Conversation] = field(default_factory=lambda: Recent(_MOST_ACTIVE))
    connections: Recent[str, set[str]] = field(default_factory=lambda: Recent(_MOST_ACTIVE))


class Clients:
    """Remembers the last 1,000 clients, and of each its 32 conversations and connections used last."""

    def __init__(self, idle_gap_s: float) -> None:
        self.idle_gap_s = idle_gap_s
        self._known: Recent[tuple[str, str], _Known] = Recent(MOST_CLIENTS)

    def session(self, client: Client, at: float) -> str:
        """The session of a client's calls that belong nowhere else; a new one after an idle gap."""
        known = self._of(client.key)
        if known.session_id is None or at - known.active_at > self.idle_gap_s:
            known.session_id = _readable(client, at)
        known.active_at = max(at, known.active_at)
        return known.session_id

    def only_conversation(self, client: Client, at: float) -> Conversation | None:
        """The one conversation that a client had in the last gap, where it had one and no other session."""
        known = self._of(client.key)
        if known.session_id is not None and at - known.active_at <= self.idle_gap_s:
            return None
        active = [each for each in known.conversations.values() if at - each.active_at <= self.idle_gap_s]
        return active[0] if len(active) == 1 else None

    def active(self, client: Client, conversation: Conversation) -> None:
        """Notes that a client has called in a conversation."""
        known = self._of(client.key)
        known.conversations.put(conversation.session_id, conversation)
        if client.connection:
            sessions = known.connections.get(client.connection) or set()
            # Of two or more it is enough to know that they are not one.
            if len(sessions) < 2:  # noqa: PLR2004 -- see above
                sessions.add(conversation.session_id)
            known.connections.put(client.connection, sessions)

    def touch(self, client: Client, session_id: str, at: float) -> None:
        """Notes that a call has ended: the gap counts from there."""
        known = self._of(client.key)
        if known.session_id == session_id:
            known.active_at = max(at, known.active_at)

    def alone_on_connection(self, client: Client) -> str | None:
        """The session that all calls of this connection went to; None where there are none, or several."""
        sessions = self._of(client.key).connections.get(client.connection) if client.connection else None
        return next(iter(sessions)) if sessions is not None and len(sessions) == 1 else None

    def _of(self, key: tuple[str, str]) -> _Known:
        known = self._known.get(key) or _Known()
        self._known.put(key, known)
        return known


def _readable(client: Client, at: float) -> str:
    product = _ODD.sub("-", client.key[1]).strip("-")[:_LONGEST_PRODUCT] or "unknown"
    address = _ODD.sub("-", client.address.lower().replace(":", ".")).strip("-") or "unknown"
    return f"{address}-{product}-{datetime.fromtimestamp(at, UTC):%Y%m%d-%H%M}"
