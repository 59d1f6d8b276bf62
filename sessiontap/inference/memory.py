"""Memory: what was asked and said in the conversations of late, by position. Bounded: it forgets the oldest.

A position is a digest over all pieces of a conversation so far, so one look-up finds whoever was there.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal, TypeVar

from sessiontap.inference.pieces import Piece
from sessiontap.recent import Recent

MOST_CONVERSATIONS = 10_000
MOST_POSITIONS = 20_000
"""Of what the model said; as many of requests, of telling pieces, and so on: all together 40 MB at most."""
MOST_RESPONSES = 20_000

# Conversations at one position that are told apart: all those that begin alike are at the same.
_MOST_AT_ONE = 16
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Client:
    """Who calls, as far as the connection and the headers say it."""

    address: str
    """The peer's, without the port."""
    agent: str | None = None
    """Product and version."""
    connection: str = ""
    """Tells the client's connections apart; empty where that is not known."""

    @property
    def key(self) -> tuple[str, str]:
        """What stays the same from call to call: address and product."""
        return self.address, (self.agent or "").partition("/")[0].lower()


@dataclass(slots=True, eq=False)
class Conversation:
    """One conversation, or one session that was named: a place for calls."""

    session_id: str
    client: tuple[str, str]
    context: bytes = b""
    active_at: float = 0.0
    """Seconds, of the last call's begin or end."""


State = Literal["open", "answered", "failed", "unheard"]
"""How a call went; `unheard` is one whose reply could not be read."""


@dataclass(slots=True, eq=False)
class End:
    """The end of one request's messages: what a later request may begin with."""

    conversation: Conversation
    context: bytes = b""
    state: State = "open"
    at: float = 0.0
    gist: tuple[bytes, bytes] = (b"", b"")
    """Of the first text that the model said then."""
    taken: bool = False
    """A call has tried it again."""


@dataclass(slots=True, eq=False)
class Said:
    """The end of one reply, or of a piece of it."""

    conversation: Conversation
    continued: bool = False


@dataclass(slots=True)
class Memory:
    """Each table keeps its newest entries: see the figures above. Times are seconds of one clock."""

    ends: Recent[bytes, list[End]] = field(default_factory=lambda: Recent(MOST_POSITIONS))
    said: Recent[bytes, list[Said]] = field(default_factory=lambda: Recent(MOST_POSITIONS))
    telling: Recent[bytes, list[Conversation]] = field(default_factory=lambda: Recent(MOST_POSITIONS))
    handed: Recent[bytes, Conversation] = field(default_factory=lambda: Recent(MOST_POSITIONS))
    lines: Recent[bytes, tuple[Conversation, int]] = field(default_factory=lambda: Recent(MOST_POSITIONS))
    opened: Recent[bytes, None] = field(default_factory=lambda: Recent(MOST_POSITIONS))
    """Lines and texts that opened a conversation: whoever repeats them proves nothing by it."""
    responses: Recent[str, Conversation] = field(default_factory=lambda: Recent(MOST_RESPONSES))
    named: Recent[str, Conversation] = field(default_factory=lambda: Recent(MOST_CONVERSATIONS))

    def conversation(self, session_id: str, client: tuple[str, str]) -> Conversation:
        """The conversation of that session, which is new where none is known."""
        known = self.named.get(session_id) or Conversation(session_id, client)
        self.named.put(session_id, known)
        return known

    def add_end(self, position: bytes, end: End) -> None:
        """Notes that a request ended there."""
        _add(self.ends, position, end)

    def add_said(self, positions: Iterable[bytes], conversation: Conversation) -> None:
        """Notes that a reply, or a piece of it, ended at these positions, which mean the same."""
        mark = Said(conversation)
        for position in positions:
            here = self.said.get(position) or []
            others = [each for each in here if each.conversation is not conversation]
            self.said.put(position, [*others, mark][-_MOST_AT_ONE:])

    def add_telling(self, pieces: Iterable[Piece], conversation: Conversation) -> None:
        """Notes who was told those of the pieces that no two are told by chance."""
        for piece in pieces:
            if piece.anchor and conversation not in (self.telling.get(piece.anchor) or ()):
                _add(self.telling, piece.anchor, conversation)


def _add(table: Recent[bytes, list[T]], key: bytes, value: T) -> None:
    here = table.get(key) or []
    here.append(value)
    del here[:-_MOST_AT_ONE]
    table.put(key, here)
