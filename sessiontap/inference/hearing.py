"""Hearing: collects what the model says in a reply, as it comes, and makes pieces of it when it is over.

Feed the events that the reply's reader gets. Bounded: of a reply, texts and calls are kept until it ends, as
many as `WORDS` has room for. No event makes it raise.
"""

from __future__ import annotations

from dataclasses import dataclass

from sessiontap.inference.messages import pieces_of, texts_of
from sessiontap.inference.pieces import Piece
from sessiontap.inference.quotes import handed_over, lines_of
from sessiontap.replies import CONVERSATIONAL, WORDS, Maker, maker
from sessiontap.untrusted import JsonObject


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """What the model said."""

    replies: tuple[tuple[Piece, ...], ...] = ()
    """Each of the replies that it gave to choose from; mostly one."""
    merged: tuple[Piece, ...] = ()
    """The first of them as one message with the text that the request began it with."""
    lines: tuple[bytes, ...] = ()
    """Digests of its long lines, where it is a long text."""
    handed: tuple[bytes, ...] = ()
    """Digests of the long texts that it gave to tools."""

    @property
    def gist(self) -> tuple[bytes, bytes]:
        """That of the first text."""
        gists = (piece.gist for reply in self.replies for piece in reply)
        return next((gist for gist in gists if gist[0]), (b"", b""))


def heard_by(listener: Maker, prefill: str = "") -> Heard:
    """All that a listener heard; `prefill` is the text that the request put in the model's mouth."""
    rows = [list(row) for row in listener.messages()][: WORDS.replies]
    replies = [tuple(piece for message in row for piece in pieces_of(message)) for row in rows]
    merged: tuple[Piece, ...] = ()
    if prefill and rows and rows[0]:
        first, *others = rows[0]
        whole: list[JsonObject] = [
            {"role": "assistant", "content": prefill + "".join(texts_of(first))},
            *others,
        ]
        merged = tuple(piece for message in whole for piece in pieces_of(message))
    messages = [message for row in rows for message in row]
    return Heard(
        replies=tuple(reply for reply in replies if reply),
        merged=merged,
        lines=lines_of(words for message in messages for words in texts_of(message)),
        handed=handed_over(messages),
    )


def listener(api: str) -> Maker | None:
    """Who hears the replies of a wire shape; None where they hold no conversation."""
    return maker(api, WORDS) if api in CONVERSATIONAL else None
