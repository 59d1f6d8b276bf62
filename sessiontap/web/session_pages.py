"""The pages of one session: its tree and timeline, its figures, the calls of a path."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial

from flask import Blueprint, Response, abort, render_template, request

from sessiontap.sessions.statistics import statistics
from sessiontap.web.conditional import unless_known, version_of
from sessiontap.web.gantt import gantt
from sessiontap.web.opened import Opened
from sessiontap.web.others import others_of
from sessiontap.web.session_plots import context_plot, cost_by_model, latency_by_path
from sessiontap.web.source import Source
from sessiontap.web.tree_rows import of_path, tree_rows

PAGE = 200
"""How many calls stand on a page of a path's calls."""

_MOST_CONTEXT_ROWS = 500


def session_pages(source: Source) -> Blueprint:
    """`/s/<key>`, and below it `/stats` and `/path?path=…`."""
    pages = Blueprint("session", __name__)

    def live(
        key: str, view: str, shown_of: Callable[[Opened], dict[str, object]], *asked: object
    ) -> Response:
        """One of the views; it is made again where something has changed."""

        def version() -> str:
            return version_of(opened_or_404(source, key).version, source.notes.version, view, asked)

        def render() -> str:
            opened = opened_or_404(source, key)
            shown = shown_of(opened)
            note = source.notes.get(opened.session_id)
            return render_template(
                f"session_{view}.html",
                opened=opened,
                view=view,
                note=note,
                others=others_of(source, key),
                **shown,
            )

        return unless_known(version, render, source.stopping)

    @pages.get("/s/<key>")
    def overview(key: str) -> Response:
        return live(key, "overview", _overview)

    @pages.get("/s/<key>/stats")
    def stats(key: str) -> Response:
        return live(key, "stats", _stats)

    @pages.get("/s/<key>/path")
    def path(key: str) -> Response:
        """The calls of one path: what the tree shows of it where they are many."""
        wanted = request.args.get("path", "/")
        number = max(1, request.args.get("page", 1, type=int))
        return live(key, "path", partial(_path, wanted=wanted, number=number), wanted, number)

    return pages


def opened_or_404(source: Source, key: str) -> Opened:
    """The session of a key, or the end of the request."""
    session = source.looks.session(key)
    if session is None:
        abort(404, "There is no such session; it may have been removed.")
    return source.opened.get(session)


def _overview(opened: Opened) -> dict[str, object]:
    now_ms = round(time.time() * 1000) if opened.summary.running else None
    return {"tree_root": tree_rows(opened.tree), "gantt": gantt(opened.calls, now_ms=now_ms)}


def _path(opened: Opened, *, wanted: str, number: int) -> dict[str, object]:
    calls = of_path(opened.calls, wanted)
    if not calls:
        abort(404, "No call of this session has that path.")
    pages = -(-len(calls) // PAGE)
    number = min(number, pages)
    return {
        "path": wanted,
        "calls": calls[(number - 1) * PAGE : number * PAGE],
        "count": len(calls),
        "page_number": number,
        "pages": pages,
    }


def _stats(opened: Opened) -> dict[str, object]:
    found = statistics(opened.calls)
    return {
        "stats": found,
        "latencies": latency_by_path(found),
        "costs": cost_by_model(found),
        "context": context_plot(found.context),
        "context_rows": found.context[:_MOST_CONTEXT_ROWS],
    }
