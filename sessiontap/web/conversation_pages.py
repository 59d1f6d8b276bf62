"""The page of what was said in a session: call by call, only what is new in each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from flask import Blueprint, Response, render_template, request

from sessiontap.call import Call
from sessiontap.conversation import Turns
from sessiontap.export.document import Spared
from sessiontap.store import Ledger
from sessiontap.web.conditional import unless_known, version_of
from sessiontap.web.messages import ShownMessages, shown_messages
from sessiontap.web.session_pages import opened_or_404
from sessiontap.web.source import Source

PAGE = 25
"""How many calls stand on a page."""

BEFORE = 25
"""How many calls before the first of a page are looked at for what is not new in it."""


@dataclass(frozen=True, slots=True)
class ShownTurn:
    """One call, and what was new in it."""

    call: Call
    number: int
    """In the session, from 0."""
    messages: ShownMessages
    folded: int
    """How many earlier messages were sent again."""
    fault: str = ""
    """Why its bodies could not be read."""


def conversation_pages(source: Source) -> Blueprint:
    """`/s/<key>/conversation?page=…`."""
    pages = Blueprint("conversation", __name__)

    @pages.get("/s/<key>/conversation")
    def conversation(key: str) -> Response:
        number = max(1, request.args.get("page", 1, type=int))

        def version() -> str:
            opened = opened_or_404(source, key)
            return version_of(opened.version, source.notes.version, "conversation", number)

        def render() -> str:
            opened = opened_or_404(source, key)
            count = max(1, -(-len(opened.calls) // PAGE))
            shown = min(number, count)
            first = (shown - 1) * PAGE
            bodies = Spared(Ledger(source.home).bodies(opened.session_id))
            return render_template(
                "session_conversation.html",
                opened=opened,
                view="conversation",
                note=source.notes.get(opened.session_id),
                turns=list(turns_of(opened.calls, bodies, first, first + PAGE)),
                page_number=shown,
                pages=count,
            )

        return unless_known(version, render, source.stopping)

    return pages


def turns_of(calls: Sequence[Call], bodies: Spared, first: int, end: int) -> Iterator[ShownTurn]:
    """The turns of the calls from one number up to another."""
    turns = Turns()
    for number in range(max(0, first - BEFORE), min(end, len(calls))):
        call = calls[number]
        turn = turns.feed(call, bodies.get(call.call_id))
        if number >= first:
            shown = shown_messages(turn.messages, turn.new)
            yield ShownTurn(call, number, shown, turn.folded, bodies.faults.get(call.call_id, ""))
