"""The routes of the REST calls. Whoever calls them has the token (see `web/access`)."""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, Response, request
from flask.sansio.blueprints import BlueprintSetupState
from werkzeug.routing import BaseConverter

from sessiontap.errors import SessiontapError
from sessiontap.store.folders import CALLS_FILE, folder_key
from sessiontap.web.helicone.answers import RestError, answered, failed
from sessiontap.web.helicone.asked import name_query, read_body, read_rating, read_tag, session_query
from sessiontap.web.helicone.chosen import choose
from sessiontap.web.helicone.metrics import metrics_of
from sessiontap.web.helicone.rows import name_rows, session_row
from sessiontap.web.source import Source


class _AnyText(BaseConverter):
    """A session's id: anything, also slashes and line ends. What follows it in the path is fixed."""

    regex = r"(?s:.+)"
    part_isolating = False


def rest_calls(source: Source) -> Blueprint:
    """`/v1/session/…`."""
    calls = Blueprint("helicone", __name__)
    calls.record_once(_teach)
    calls.register_error_handler(RestError, lambda error: failed(str(error), error.status))
    calls.register_error_handler(SessiontapError, lambda error: failed(str(error), 500))

    @calls.post("/v1/session/query")
    def sessions() -> Response:
        query = session_query(read_body(request.get_data()))
        found = sorted(choose(source, query), key=lambda each: (each.first, each.session.key), reverse=True)
        page = found[query.offset : query.offset + query.limit]
        return answered([session_row(each, query.minutes) for each in page])

    @calls.post("/v1/session/name/query")
    def names() -> Response:
        query = name_query(read_body(request.get_data()))
        return answered(name_rows(choose(source, query), query.name_part, query.minutes))

    @calls.post("/v1/session/metrics/query")
    def metrics() -> Response:
        query = name_query(read_body(request.get_data()))
        found = choose(source, query)
        return answered(metrics_of(found, query.percentile, interquartile=query.interquartile))

    @calls.get("/v1/session/has-session")
    def has_session() -> Response:
        sessions = source.looks.now().look.sessions
        return answered(any(session.session_id is not None for session in sessions))

    @calls.post("/v1/session/<any_text:session_id>/feedback", merge_slashes=False)
    def feedback(session_id: str) -> Response:
        rating = read_rating(read_body(request.get_data()))
        return _noted(source, session_id, lambda: source.notes.set_feedback(session_id, rating))

    @calls.post("/v1/session/<any_text:session_id>/tag", merge_slashes=False)
    def tag(session_id: str) -> Response:
        chosen = read_tag(read_body(request.get_data()))
        return _noted(source, session_id, lambda: source.notes.set_tag(session_id, chosen))

    @calls.get("/v1/session/<any_text:session_id>/tag", merge_slashes=False)
    def tag_of(session_id: str) -> Response:
        return answered(source.notes.get(session_id).tag)

    return calls


def _noted(source: Source, session_id: str, note: Callable[[], None]) -> Response:
    """Notes something of a session that there is."""
    # The file itself is asked: a look may be older than a session that has just begun.
    if not (source.home / "sessions" / folder_key(session_id) / CALLS_FILE).is_file():
        message = f"there is no session {session_id!r:.80}; POST /v1/session/query lists them"
        raise RestError(message, 404)
    note()
    return answered(None)


def _teach(state: BlueprintSetupState) -> None:
    state.app.url_map.converters["any_text"] = _AnyText
