"""The pages of all sessions: the list."""

from __future__ import annotations

from flask import Blueprint, Response, render_template, request

from sessiontap.sessions.order import ORDERS
from sessiontap.web.conditional import unless_known, version_of
from sessiontap.web.day_plot import day_plot
from sessiontap.web.lists import listing
from sessiontap.web.query import PERIODS, STATES, read_query
from sessiontap.web.source import Source


def list_pages(source: Source) -> Blueprint:
    """`/`, and what its forms send to."""
    pages = Blueprint("lists", __name__)

    @pages.get("/")
    def sessions() -> Response:
        query = read_query(request.args, tuple(ORDERS))

        def version() -> str:
            return version_of(source.looks.now().version, source.notes.version, query)

        def render() -> str:
            look = source.looks.now().look
            found = listing(source.home, look.sessions, query)
            return render_template(
                "list.html",
                page="sessions",
                query=query,
                found=found,
                plot=day_plot(found.chosen, query),
                notes={session.key: source.notes.get(session.session_id) for session in found.shown},
                periods=PERIODS,
                states=STATES,
                there=len(look.sessions),
                problems=list(look.problems),
                home=str(source.home),
            )

        return unless_known(version, render, source.stopping)

    return pages
