"""make_app: the pages of a home as a Flask app, for `sessiontap serve` and for the proxy."""

from __future__ import annotations

from http import HTTPStatus

from flask import Flask, Response, make_response, render_template, request
from werkzeug.exceptions import HTTPException

from sessiontap.errors import SessiontapError
from sessiontap.web.access import Access
from sessiontap.web.assets import CACHED_S, asset, assets
from sessiontap.web.call_pages import call_pages
from sessiontap.web.conversation_pages import conversation_pages
from sessiontap.web.diff_pages import diff_pages
from sessiontap.web.helicone import failed, is_rest, not_here, rest_calls
from sessiontap.web.list_pages import list_pages
from sessiontap.web.name_pages import name_pages
from sessiontap.web.note_pages import note_pages
from sessiontap.web.session_pages import session_pages
from sessiontap.web.source import Source
from sessiontap.web.templating import prepare

_PAGES = (
    list_pages,
    name_pages,
    session_pages,
    conversation_pages,
    call_pages,
    diff_pages,
    note_pages,
    rest_calls,
)
"""A new group of pages: its file, and its line here."""

# What is sent here is a rating, a tag or a filter.
_MOST_BODY = 64 * 1024


def make_app(source: Source, access: Access) -> Flask:
    """The app. It reads the home, and writes there what a person notes; nobody gets in without `access`."""
    app = Flask(__name__, static_url_path=assets())
    app.config["SEND_FILE_MAX_AGE_DEFAULT"] = CACHED_S
    app.config["MAX_CONTENT_LENGTH"] = _MOST_BODY
    prepare(app.jinja_env)
    app.jinja_env.globals.update(asset=asset)
    access.guard(app)
    for pages in _PAGES:
        app.register_blueprint(pages(source))
    app.register_error_handler(SessiontapError, _failed)
    app.register_error_handler(HTTPException, _refused)
    return app


def _failed(error: SessiontapError) -> Response:
    """What `sessiontap list` would have said on stderr."""
    return make_response(render_template("problem.html", title="That did not work", text=str(error)), 500)


def _refused(error: HTTPException) -> Response:
    if is_rest(request.path):
        if error.code == HTTPStatus.NOT_FOUND:
            return not_here(request.method, request.path)
        return failed(f"{error.name}: {error.description}", error.code or 500)
    title = f"{error.code} {error.name}"
    return make_response(
        render_template("problem.html", title=title, text=error.description or ""), error.code or 500
    )
