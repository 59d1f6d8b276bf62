"""What a person says of a session: the forms for feedback and the tag send to here."""

from __future__ import annotations

from flask import Blueprint, abort, redirect, request
from werkzeug.wrappers import Response

from sessiontap.catalog import CatalogSession
from sessiontap.web.source import Source

_RATINGS = {"up": True, "down": False, "none": None}


def note_pages(source: Source) -> Blueprint:
    """`POST /s/<key>/feedback` (rating: up, down, none) and `/tag`; both lead back to the session."""
    pages = Blueprint("notes", __name__)

    @pages.post("/s/<key>/feedback")
    def feedback(key: str) -> Response:
        session = _found(source, key)
        rating = request.form.get("rating", "")
        if rating not in _RATINGS:
            abort(400, f"a rating is one of {', '.join(_RATINGS)}, not {rating[:40]!r}")
        source.notes.set_feedback(session.session_id, _RATINGS[rating])
        return redirect(f"/s/{key}", 303)

    @pages.post("/s/<key>/tag")
    def tag(key: str) -> Response:
        session = _found(source, key)
        source.notes.set_tag(session.session_id, request.form.get("tag", ""))
        return redirect(f"/s/{key}", 303)

    return pages


def _found(source: Source, key: str) -> CatalogSession:
    session = source.looks.session(key)
    if session is None:
        abort(404, "There is no such session; it may have been removed.")
    return session
