"""Who may see the pages: whoever has the token, at the address that was meant.

The pages hold all that agents said. They are bound to loopback, which keeps other machines out; this keeps
out what reaches loopback all the same: other users of this machine (they lack the token), pages of other
sites that a browser has open (`Host` is checked against DNS rebinding, the cookie is SameSite=Strict, a form
counts only from our own pages), and text of a model that would become a page (see `HEADERS`).
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from urllib.parse import urlencode

from flask import Flask, Request, Response, make_response, redirect, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from sessiontap.web.helicone.answers import failed, is_rest

_COOKIE_S = 180 * 24 * 3600
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})

HEADERS: Mapping[str, str] = MappingProxyType(
    {
        "Content-Security-Policy": (
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:;"
            " connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
        ),
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        # Not `no-referrer`: a form would then send `Origin: null`, also to us.
        "Referrer-Policy": "same-origin",
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        # What a page shows does not stay in the browser's cache.
        "Cache-Control": "no-store",
    }
)
"""On every answer that does not say otherwise itself."""


@dataclass(frozen=True, slots=True)
class Access:
    """The token, and each `Host` (in lower case, with its port) at which the pages may be asked for."""

    token: str
    hosts: Collection[str]
    newest: Callable[[], str] | None = None
    """Gives the token where it may have become another one meanwhile."""

    @property
    def cookie(self) -> str:
        """What a browser is given to keep: proves the token without holding it."""
        return hashlib.blake2b(self._token.encode(), person=b"sessiontap").hexdigest()

    @property
    def cookie_name(self) -> str:
        """Of each token another one: cookies know no ports, and two homes may be served at once."""
        name = hashlib.blake2b(self._token.encode(), digest_size=4, person=b"sessiontap-name")
        return f"sessiontap-{name.hexdigest()}"

    @property
    def _token(self) -> str:
        return self.token if self.newest is None else self.newest()

    def guard(self, app: Flask) -> None:
        """Lets nothing else through to the app's pages."""
        app.before_request(self._admit)
        app.after_request(_add_headers)

    def _admit(self) -> AnyResponse | None:
        if request.headers.get("Host", "").lower() not in self.hosts:
            return _refusal(400, "host")
        if self._by_bearer(request):
            return None
        given = request.args.get("token")
        if given is not None and _equal(given, self._token):
            return self._let_in()
        if not _equal(request.cookies.get(self.cookie_name, ""), self.cookie):
            return _refusal(403, "token")
        if request.method not in _SAFE_METHODS and not self._is_ours(request):
            return _refusal(403, "origin")
        return None

    def _let_in(self) -> AnyResponse:
        """Gives the cookie, and leads to the same address without the token, which no history is to keep."""
        rest = [(name, value) for name, value in request.args.items(multi=True) if name != "token"]
        answer = redirect(request.path + (f"?{urlencode(rest)}" if rest else ""), 303)
        answer.set_cookie(self.cookie_name, self.cookie, max_age=_COOKIE_S, httponly=True, samesite="Strict")
        return answer

    def _by_bearer(self, asked: Request) -> bool:
        """A script, which no other site can make send this header. Helicone's may leave `Bearer` out."""
        given = asked.headers.get("Authorization", "").strip()
        scheme, _, rest = given.partition(" ")
        return _equal(rest.strip() if scheme.lower() == "bearer" else given, self._token)

    def _is_ours(self, asked: Request) -> bool:
        """Whether a form was sent by one of our own pages; every browser says so."""
        return asked.headers.get("Origin", "").lower() in {f"http://{host}" for host in self.hosts}


def _equal(given: str, right: str) -> bool:
    return hmac.compare_digest(given.encode("utf-8", "surrogatepass"), right.encode())


_TOLD = {
    "host": "asked at another address than the one that `sessiontap serve` printed",
    "origin": "a page of another site may not ask for this; send the token as `Authorization: Bearer`",
    "token": (
        "not without the token: send `Authorization: Bearer TOKEN` with the one in the address that"
        " `sessiontap serve --url` prints, in the place of Helicone's key"
    ),
}


def _refusal(status: int, why: str) -> Response:
    if is_rest(request.path):
        return failed(_TOLD[why], 401 if why == "token" else status)
    return make_response(render_template("refused.html", why=why), status)


def _add_headers(answer: Response) -> Response:
    for name, value in HEADERS.items():
        answer.headers.setdefault(name, value)
    return answer
