"""Answers that a page already has are not made again: it asks with the version that it shows.

A page that is kept up to date asks for itself every few seconds (`static/live.js`).
https://www.rfc-editor.org/rfc/rfc9110#name-if-none-match
"""

from __future__ import annotations

from collections.abc import Callable

from flask import Response, g, make_response, request


def unless_known(version: str, render: Callable[[], str]) -> Response:
    """The page, or 304 where the one that asks has this version of it. The page says its version itself."""
    g.version = version
    known = request.if_none_match.contains(version)
    answer = make_response("", 304) if known else make_response(render())
    answer.set_etag(version)
    return answer
