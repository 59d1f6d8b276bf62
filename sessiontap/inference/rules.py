"""The rules by which a call that names no session is taken for part of a conversation; see `inference`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from sessiontap.inference.asked import Asked
from sessiontap.inference.clients import Clients
from sessiontap.inference.memory import Client, Conversation, End, Memory, Said
from sessiontap.inference.pieces import Piece
from sessiontap.inference.quotes import LEAST_LINES, lines_of, wholes_of

RETRY_S = 120.0
"""How long after its failure the same request counts as another try: SDKs wait a minute at most."""


class Rules:
    """Each method is one rule: the conversation that a call belongs to, or None."""

    def __init__(self, memory: Memory, clients: Clients, idle_gap_s: float) -> None:
        self._memory = memory
        self._clients = clients
        self._gap = idle_gap_s

    def find(
        self, asked: Asked, positions: Sequence[bytes], client: Client, at: float, attempt: int | None
    ) -> Conversation | None:
        """The first answer of the rules."""
        if not positions:
            return None
        return (
            self._tried_again(positions[-1], client, at, attempt)
            or self._heard(asked, positions, client, at)
            or self._changed(asked.pieces, positions, client, at)
            or self._told(asked.pieces, client)
            or self._quoted(asked.opening, client, at)
        )

    def opens(self, asked: Asked) -> None:
        """Notes how a new conversation begins: its words prove nothing when they are heard again."""
        for digest in (*lines_of(asked.opening), *wholes_of(asked.opening)):
            self._memory.opened.put(digest, None)

    def _tried_again(
        self, position: bytes, client: Client, at: float, attempt: int | None
    ) -> Conversation | None:
        """The same messages, soon after the call with them failed; each failure is tried again once."""
        for end in reversed(self._memory.ends.get(position) or ()):
            failed = end.state == "failed" or (end.state == "open" and bool(attempt))
            if failed and not end.taken and at - end.at <= RETRY_S and end.conversation.client == client.key:
                end.taken = True
                return end.conversation
        return None

    def _heard(
        self, asked: Asked, positions: Sequence[bytes], client: Client, at: float
    ) -> Conversation | None:
        """The longest beginning that ends with words of the model that were heard there."""
        for index in range(len(positions) - 1, -1, -1):
            if not asked.pieces[index].by_model or not (here := self._memory.said.get(positions[index])):
                continue
            chosen = (
                here[0]
                if len(here) == 1
                else self._likeliest(here, positions[index + 1 :], asked, client, at)
            )
            chosen.continued = True
            return chosen.conversation
        return None

    def _likeliest(
        self, here: Iterable[Said], behind: Iterable[bytes], asked: Asked, client: Client, at: float
    ) -> Said:
        """Of several conversations with the same words, the one that is most likely to go on like this."""
        alone = self._clients.alone_on_connection(client)
        asked_before = {
            end.conversation for position in behind for end in self._memory.ends.get(position) or ()
        }

        def likelihood(mark: Said) -> tuple[bool, bool, bool, bool, bool, float]:
            conversation = mark.conversation
            return (
                conversation.client == client.key,
                conversation.session_id == alone,
                conversation.context == asked.context,
                not mark.continued and at - conversation.active_at <= self._gap,
                conversation in asked_before,
                conversation.active_at,
            )

        return max(here, key=likelihood)

    def _changed(
        self, pieces: Sequence[Piece], positions: Sequence[bytes], client: Client, at: float
    ) -> Conversation | None:
        """All of an earlier request, then words like those of its reply, or any where that was not heard."""
        for index in range(len(positions) - 2, -1, -1):
            if pieces[index].by_model or not pieces[index + 1].by_model:
                continue
            gist = next((piece.gist for piece in pieces[index + 1 :] if piece.gist[0]), (b"", b""))
            fitting = [
                end
                for end in self._memory.ends.get(positions[index]) or ()
                if end.conversation.client == client.key
                and at - end.conversation.active_at <= self._gap
                and _may_be(end, gist)
            ]
            if fitting:
                return max(fitting, key=lambda end: (end.state == "answered", end.at)).conversation
        return None

    def _told(self, pieces: Sequence[Piece], client: Client) -> Conversation | None:
        """Random ids and long texts of the model, wherever they stand."""
        found = self._memory.voted(pieces)
        return max(found, key=lambda each: (each.client == client.key, each.active_at), default=None)

    def _quoted(self, opening: Sequence[str], client: Client, at: float) -> Conversation | None:
        """What was handed to a tool, whole, or most lines of a summary: it opens another conversation."""
        if not opening:
            return None
        for digest in wholes_of(opening):
            handed = self._memory.handed.get(digest)
            if handed is not None and self._lately(handed, client, at):
                return handed
        hits: Counter[tuple[Conversation, int]] = Counter()
        for digest in lines_of(opening):
            if (said := self._memory.lines.get(digest)) is not None and self._lately(said[0], client, at):
                hits[said] += 1
        for (conversation, lines), count in hits.most_common(1):
            if count >= LEAST_LINES and 2 * count >= lines:
                return conversation
        return None

    def _lately(self, conversation: Conversation, client: Client, at: float) -> bool:
        return conversation.client == client.key and at - conversation.active_at <= self._gap


def _may_be(end: End, gist: tuple[bytes, bytes]) -> bool:
    """Whether the reply to a request may have been a text with this gist."""
    head, tail = end.gist
    if end.state != "answered" or not head:
        return True
    return head == gist[0] or tail == gist[1]
