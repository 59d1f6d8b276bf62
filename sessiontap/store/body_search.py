"""BodySearch: which calls of a session may bring something new that holds a text.

Each stored part is searched once, however many calls have it. A call is passed over where all that it has of
the text is in parts that an earlier call had in the same place.
"""

from __future__ import annotations

import zstandard

from sessiontap.store import journal
from sessiontap.store.needle import Needle
from sessiontap.store.ropes import Rope, RopeError
from sessiontap.store.session_bodies import SessionBodies

_UNREADABLE = (*journal.UNREADABLE, RopeError, zstandard.ZstdError)


class BodySearch:
    """Looks through the bodies of one session; ask for its calls in the order in which they started."""

    def __init__(self, bodies: SessionBodies, needle: Needle) -> None:
        self._bodies = bodies
        self._needle = needle
        self._holds: dict[str, bool | None] = {}
        self._walked: set[str] = set()
        self._tops: set[str] = set()

    def may_be_new_in(self, call_id: str) -> bool:
        """Whether the call may bring the text. What cannot be read may: who reads it says what is wrong."""
        try:
            request, reply = self._bodies.ropes(call_id)
            return self._asked(request) | self._answered(reply)
        except _UNREADABLE:
            return True

    def _asked(self, rope: Rope) -> bool:
        found = False
        for piece in rope:
            if isinstance(piece, str):
                found |= self._first(piece) and self._needle.may_be_in(piece.encode("utf-8"))
            elif (holds := self._leaf(piece[0])) is not None:
                found |= self._first(piece[0]) and holds
            else:
                found |= self._walk(piece[0], self._walked)
        return found

    def _answered(self, rope: Rope) -> bool:
        """Replies are each a call's own: what of them was said before is told by who reads them."""
        walked: set[str] = set()
        found = False
        for number, piece in enumerate(rope):
            part = piece.encode("utf-8") if isinstance(piece, str) else self._bodies.part(piece[0])
            if not isinstance(part, bytes):
                found |= isinstance(piece, tuple) and self._walk(piece[0], walked)
            elif number == 0 and part.lstrip()[:1] == b"[":
                # A list of chunks: the text may stand in several of them.
                found = True
            else:
                found |= self._needle.may_be_in_stream(part)
        return found

    def _first(self, top: str) -> bool:
        """True for a text or a leaf that no earlier request had at its top: instructions, a bare input."""
        known = top in self._tops
        self._tops.add(top)
        return not known

    def _walk(self, part_id: str, walked: set[str]) -> bool:
        """Whether a rope, as far as no earlier request had it, may hold the text."""
        found = False
        waiting = [part_id]
        while waiting:
            current = waiting.pop()
            if (holds := self._leaf(current)) is not None:
                found |= holds
            elif current not in walked:
                walked.add(current)
                part = self._bodies.part(current)
                for piece in part if isinstance(part, tuple) else ():
                    if isinstance(piece, str):
                        found = found or self._needle.may_be_in(piece.encode("utf-8"))
                    else:
                        waiting.append(piece[0])
        return found

    def _leaf(self, part_id: str) -> bool | None:
        """Whether a leaf may hold the text; None for what is no leaf."""
        if part_id not in self._holds:
            part = self._bodies.part(part_id)
            self._holds[part_id] = self._needle.may_be_in(part) if isinstance(part, bytes) else None
        return self._holds[part_id]
