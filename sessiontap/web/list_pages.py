"""The pages of all sessions: the list."""

from __future__ import annotations

import hashlib

from flask import Blueprint, Response, render_template, request

from sessiontap.store.notes import Notes
from sessiontap.web.conditional import unless_known
from sessiontap.web.lists import SORTS, listing
from sessiontap.web.looks import Looks
from sessiontap.web.query import PERIODS, STATES, read_query


def list_pages(looks: Looks, notes: Notes) -> Blueprint:
    """`/`, and what its forms send to."""
    pages = Blueprint("lists", __name__)

    @pages.get("/")
    def sessions() -> Response:
        query = read_query(request.args, tuple(SORTS))
        look, version = looks.now()

        def render() -> str:
            found = listing(looks.home, look.sessions, query)
            return render_template(
                "list.html",
                page="sessions",
                query=query,
                found=found,
                notes={session.key: notes.get(session.session_id) for session in found.shown},
                periods=PERIODS,
                states=STATES,
                there=len(look.sessions),
                problems=list(look.problems),
                home=str(looks.home),
            )

        return unless_known(_version(version, notes.version, query), render)

    return pages


def _version(*parts: object) -> str:
    return hashlib.blake2b(repr(parts).encode(), digest_size=12).hexdigest()
