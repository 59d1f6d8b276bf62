"""Inference: which session a call belongs to that names none. No I/O; times are handed in.

A call belongs to an earlier call's session where it says that it goes on from its response, and where its
messages contain what the model said in that conversation: the earlier messages with the reply, or as much of
them as an edit or a fork has left. The first messages alone prove nothing: many sessions begin alike. A call
that contains nothing of the kind begins a session. One that is no conversation goes into its client's.

The rules, in this order:
1. `previous_response_id`: the session of that response (`continued`; the others are `inferred`).
2. The same messages again, soon after the call failed: it is tried again. After a success they begin a
   session, for nothing tells a second run of a script from a reply that somebody wanted anew; further on in
   a conversation, rule 3 knows.
3. The model's words in the request are those that a conversation has heard: at the very place, or, where the
   client has dropped or changed earlier messages, one after the other, or as random ids and long texts. Of
   several that have heard as many of them: the same client's, then the one that has the connection for
   itself, then that with the same model and instructions, then one that waits to be continued, then the one
   that was asked the same before, then the latest.
4. All of an earlier request and then a text like its reply: the client changed it, or it went by unheard.
5. A text that the model handed to a tool, or most of the lines of its summary of a conversation, opens
   another.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal, NamedTuple

from sessiontap.call import SessionSource
from sessiontap.inference.asked import Asked
from sessiontap.inference.clients import Clients
from sessiontap.inference.hearing import Heard
from sessiontap.inference.memory import Client, Conversation, End, Memory
from sessiontap.inference.pieces import ROOT, chain, loose, loose_start
from sessiontap.inference.quotes import LEAST_LINES
from sessiontap.inference.rules import Rules
from sessiontap.settings import IDLE_GAP_S

Mode = Literal["conversation", "client"]


class Inferred(NamedTuple):
    """A session that was inferred."""

    session_id: str
    source: SessionSource


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticket:
    """A call under way: its session, and where in the conversation it stands. Give it back with `ended`."""

    session_id: str
    client: Client
    conversation: Conversation | None = None
    """None where nothing can go on from the call."""
    position: bytes = ROOT
    before_last: bytes = ROOT
    """The position before the request's last piece."""
    end: End | None = None
    prefill: str = ""
    loosely: tuple[bytes, ...] = ()
    """What stands before the reply, told by little."""
    goes_on: bool = False
    """The model had said something before."""
    has_response_id: bool = False


class Inference:
    """Ask it for the session of a call that names none; tell it how each call begins and how it ends.

    Calls that name their session are told as well: later ones may go on from them without saying so.
    """

    def __init__(
        self,
        *,
        mode: Mode = "conversation",
        idle_gap_s: float = IDLE_GAP_S,
        token: Callable[[], str] = lambda: secrets.token_hex(3),
    ) -> None:
        """With the mode `client`, all that names no session goes into its client's.

        `token` gives short random texts, which tell sessions of one second apart.
        """
        self._mode = mode
        self._token = token
        self._memory = Memory()
        self._clients = Clients(idle_gap_s)
        self._rules = Rules(self._memory, self._clients, idle_gap_s)

    def use(self, mode: Mode, idle_gap_s: float) -> None:
        """Goes on with other settings; what is known stays known."""
        self._mode = mode
        self._clients.idle_gap_s = self._rules.idle_gap_s = idle_gap_s

    def continued(self, asked: Asked) -> str | None:
        """The session of the response that a call says it goes on from, where that came through here."""
        earlier = self._memory.responses.get(asked.continues) if asked.continues else None
        return None if earlier is None else earlier.session_id

    def inferred(self, asked: Asked, client: Client, at: float, *, attempt: int | None = None) -> Inferred:
        """The session of a call that names none. `attempt` is the SDK's count of its tries."""
        if self._mode == "client":
            return Inferred(self._clients.session(client, at), "none")
        if not asked.is_conversation:
            only = self._clients.only_conversation(client, at)
            if only is None:
                return Inferred(self._clients.session(client, at), "none")
            return Inferred(only.session_id, "inferred")
        found = self._rules.find(asked, client, at, attempt)
        if found is not None:
            self._memory.named.put(found.session_id, found)
            return Inferred(found.session_id, "inferred")
        self._rules.opens(asked)
        return self._new(at)

    def socket(self, client: Client, at: float) -> Inferred:
        """The session of a socket's calls that name none: a socket is one conversation."""
        if self._mode == "client":
            return Inferred(self._clients.session(client, at), "none")
        return self._new(at)

    def begun(self, asked: Asked, client: Client, at: float, session_id: str) -> Ticket:
        """Takes a call that begins in a session at `at`, seconds since the epoch."""
        if not asked.is_conversation:
            return Ticket(session_id=session_id, client=client)
        conversation = self._memory.conversation(session_id, client.key)
        conversation.active_at = max(at, conversation.active_at)
        conversation.context = asked.context
        if asked.continues:
            self._memory.responses.put(asked.continues, conversation)
        self._clients.active(client, conversation)
        positions, end = asked.positions, None
        if positions:
            end = End(conversation, asked.context, at=at)
            self._memory.add_end(positions[-1], end)
        return Ticket(
            session_id=session_id,
            client=client,
            conversation=conversation,
            position=positions[-1] if positions else asked.start,
            before_last=positions[-2] if len(positions) > 1 else asked.start,
            end=end,
            prefill=asked.prefill,
            loosely=loose_start(asked.pieces),
            goes_on=asked.by_model,
            has_response_id=asked.has_response_id,
        )

    def ended(
        self,
        ticket: Ticket,
        at: float,
        *,
        heard: Heard | None,
        answered: bool,
        response_id: str | None = None,
    ) -> None:
        """Takes what the reply of a call said; None where it could not be read.

        `answered` is true where it came whole and was no error.
        """
        conversation = ticket.conversation
        self._clients.touch(ticket.client, ticket.session_id, at)
        if conversation is None:
            return
        conversation.active_at = max(at, conversation.active_at)
        if ticket.has_response_id and response_id:
            self._memory.responses.put(response_id, conversation)
        if ticket.end is not None:
            ticket.end.state, ticket.end.at = "answered" if answered else "failed", at
            if heard is None and answered:
                ticket.end.state = "unheard"
        if heard is None:
            return
        for reply in heard.replies:
            starts = ticket.loosely
            for piece, position in zip(reply, chain(ticket.position, reply), strict=True):
                self._memory.add_said((position, *loose(starts, piece)), conversation)
                starts = (piece.digest,)
            self._memory.add_telling(reply, conversation)
        for position in chain(ticket.before_last, heard.merged):
            self._memory.add_said((position,), conversation)
        if ticket.end is not None:
            ticket.end.gist = heard.gist
        self._quotable(ticket, conversation, heard)

    def _new(self, at: float) -> Inferred:
        return Inferred(f"conv-{datetime.fromtimestamp(at, UTC):%Y%m%d-%H%M%S}-{self._token()}", "inferred")

    def _quotable(self, ticket: Ticket, conversation: Conversation, heard: Heard) -> None:
        """Notes what may open another conversation of the session, and has not opened one yet."""
        memory = self._memory
        for digest in heard.handed:
            if digest not in memory.opened:
                memory.handed.put(digest, conversation)
        # A summary is said where something was said before.
        if ticket.goes_on and len(heard.lines) >= LEAST_LINES:
            for digest in heard.lines:
                if digest not in memory.opened:
                    memory.lines.put(digest, (conversation, len(heard.lines)))
