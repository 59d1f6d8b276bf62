"""The rules by which a call that names no session is taken for part of a conversation; see `inference`."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

from sessiontap.inference.asked import Asked
from sessiontap.inference.clients import Clients
from sessiontap.inference.memory import Client, Conversation, End, Memory, Said
from sessiontap.inference.pieces import Piece, loose, loose_start
from sessiontap.inference.quotes import LEAST_LINES, beginnings_of, lines_of

RETRY_S = 120.0
"""How long after its failure the same request counts as another try: SDKs wait a minute at most."""

_MOST_VOTES = 64
# Sums of fractions that mean the same may differ in their last digits.
_TIE = 1e-9


class Rules:
    """Each method is one rule: the conversation that a call belongs to, or None."""

    def __init__(self, memory: Memory, clients: Clients, idle_gap_s: float) -> None:
        self._memory = memory
        self._clients = clients
        self.idle_gap_s = idle_gap_s

    def find(self, asked: Asked, client: Client, at: float, attempt: int | None) -> Conversation | None:
        """The first answer of the rules."""
        if not asked.positions:
            return None
        return (
            self._tried_again(asked, client, at, attempt)
            or self._heard(asked, client, at)
            or self._changed(asked.pieces, asked.positions, client, at)
            or self._quoted(asked.opening, client, at)
        )

    def opens(self, asked: Asked) -> None:
        """Notes how a new conversation begins: its words prove nothing when they are heard again."""
        for digest in (*lines_of(asked.opening), *beginnings_of(asked.opening)):
            self._memory.opened.put(digest, None)

    def _tried_again(
        self, asked: Asked, client: Client, at: float, attempt: int | None
    ) -> Conversation | None:
        """The same messages, soon after the call with them failed; each failure is tried again once."""
        for end in reversed(self._memory.ends.get(asked.positions[-1]) or ()):
            failed = end.state == "failed" or (end.state == "open" and bool(attempt))
            same = end.conversation.client == client.key and end.context == asked.context
            if failed and same and not end.taken and at - end.at <= RETRY_S:
                end.taken = True
                return end.conversation
        return None

    def _heard(self, asked: Asked, client: Client, at: float) -> Conversation | None:
        """The model's words: each is a vote, shared by all conversations that have heard it.

        It counts where all before it is as it was; where it is told by the words before it alone, in a
        conversation of late; and, twice, where it is a random id or a long text. The last words, or others
        that are told by more than their neighbours, have to be among them.
        """
        pieces = asked.pieces
        spoken = [number for number, piece in enumerate(pieces) if piece.by_model]
        if not spoken:
            return None
        last = spoken[-1]
        exact_counts = (
            len(spoken) > 1 or bool(pieces[last].anchor) or self._exact_counts(asked, last, client, at)
        )
        votes: defaultdict[Conversation, float] = defaultdict(float)
        fitting: dict[Conversation, Said] = {}
        for index in reversed(spoken[-_MOST_VOTES:]):
            here = self._memory.said.get(asked.positions[index]) or () if exact_counts else ()
            exact = {mark.conversation: mark for mark in here}
            near = {mark.conversation: mark for mark in self._loosely(pieces, index, client, at)}
            told = self._memory.telling.get(pieces[index].anchor) or ()
            for voters, weight in ((exact, 1), (near, 1), (told, 2)):
                for conversation in voters:
                    votes[conversation] += weight / len(voters)
            for conversation in (*exact, *told, *(near if index == last else ())):
                mark = exact.get(conversation) or near.get(conversation)
                fitting.setdefault(conversation, mark or Said(conversation, continued=True))
        if not fitting:
            return None
        most = max(votes[each] for each in fitting) - _TIE
        marks = [mark for each, mark in fitting.items() if votes[each] >= most]
        return self._chosen(marks, asked.positions[last + 1 :], asked, client, at)

    def _exact_counts(self, asked: Asked, last: int, client: Client, at: float) -> bool:
        """False where all who have heard just this have gone on, and one who has heard about this has not.

        A usual beginning got a usual answer: this may be the other one, whose beginning had a note beside it.
        """
        exact = self._memory.said.get(asked.positions[last]) or ()
        near = self._loosely(asked.pieces, last, client, at)
        return any(self._waits(mark, at) for mark in exact) or not any(self._waits(mark, at) for mark in near)

    def _chosen(
        self, marks: Sequence[Said], behind: Iterable[bytes], asked: Asked, client: Client, at: float
    ) -> Conversation:
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
                self._waits(mark, at),
                conversation in asked_before,
                conversation.active_at,
            )

        chosen = marks[0] if len(marks) == 1 else max(marks, key=likelihood)
        chosen.continued = True
        return chosen.conversation

    def _waits(self, mark: Said, at: float) -> bool:
        return not mark.continued and at - mark.conversation.active_at <= self.idle_gap_s

    def _loosely(self, pieces: Sequence[Piece], index: int, client: Client, at: float) -> list[Said]:
        """Who was told a piece, of late, after the same words of the model, or after a like beginning."""
        return [
            mark
            for position in loose(loose_start(pieces[:index]), pieces[index])
            for mark in self._memory.said.get(position) or ()
            if self._lately(mark.conversation, client, at)
        ]

    def _changed(
        self, pieces: Sequence[Piece], positions: Sequence[bytes], client: Client, at: float
    ) -> Conversation | None:
        """All of an earlier request, then words like those of its reply, or any where it was not heard."""
        for index in range(len(positions) - 2, -1, -1):
            if pieces[index].by_model or not pieces[index + 1].by_model:
                continue
            if not (here := self._memory.ends.get(positions[index])):
                continue
            gist = next((p.gist for p in pieces[index + 1 :] if p.by_model and p.gist[0]), (b"", b""))
            fitting = [
                end for end in here if self._lately(end.conversation, client, at) and _may_be(end, gist)
            ]
            if fitting:
                return max(fitting, key=lambda end: (end.state == "answered", end.at)).conversation
        return None

    def _quoted(self, opening: Sequence[str], client: Client, at: float) -> Conversation | None:
        """What was handed to a tool, whole, or most lines of a summary: it opens another conversation."""
        if not opening:
            return None
        for digest in beginnings_of(opening):
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
        return conversation.client == client.key and at - conversation.active_at <= self.idle_gap_s


def _may_be(end: End, gist: tuple[bytes, bytes]) -> bool:
    """Whether the reply to a request may have been a text with this gist."""
    if end.state == "unheard":
        return True
    head, tail = end.gist
    if end.state == "failed":
        # The client may have shown, and sent again, more or less of it than came through here.
        return bool(head) and (head.startswith(gist[0]) or gist[0].startswith(head))
    return bool(head) and (head == gist[0] or tail == gist[1])
