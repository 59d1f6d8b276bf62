"""How every reply to a REST call looks: `{"data": …, "error": null}`, or the other way round."""

from __future__ import annotations

import msgspec
from flask import Response

from sessiontap.errors import SessiontapError

PREFIX = "/v1/"
CALLS = (
    "POST /v1/session/query",
    "POST /v1/session/name/query",
    "POST /v1/session/metrics/query",
    "POST /v1/session/{id}/feedback",
    "GET and POST /v1/session/{id}/tag",
    "GET /v1/session/has-session",
)
"""Those of Helicone's REST calls that are answered."""

_encode = msgspec.json.Encoder(decimal_format="number").encode


class RestError(SessiontapError):
    """A REST call that cannot be answered as it was asked; the text says what is allowed."""

    def __init__(self, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.status = status


class _Reply(msgspec.Struct, frozen=True):
    data: object
    error: str | None


def is_rest(path: str) -> bool:
    """Whether a path of the server is that of a REST call: then even a refusal is JSON."""
    return path.startswith(PREFIX)


def answered(data: object) -> Response:
    """The reply to a call that could be answered."""
    return _json(_Reply(data, None), 200)


def not_here(method: str, path: str) -> Response:
    """The reply to a call that is none of `CALLS`."""
    return failed(f"{method} {path!r:.80} is not answered here; there are {', '.join(CALLS)}", 404)


def failed(message: str, status: int) -> Response:
    """The reply to one that could not."""
    return _json(_Reply(None, message), status)


def _json(reply: _Reply, status: int) -> Response:
    return Response(_encode(reply), status, mimetype="application/json")
