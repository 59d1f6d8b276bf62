"""Serves the pages on loopback, for `sessiontap serve`."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import NamedTuple

from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from sessiontap.web.access import Access
from sessiontap.web.addresses import LOOPBACK, address
from sessiontap.web.app import make_app
from sessiontap.web.source import source_of
from sessiontap.web.token import LiveToken

_HTTP_PORT = 80


class Serving(NamedTuple):
    """A server that listens, and does not answer yet: `server.serve_forever()` has it answer."""

    server: BaseWSGIServer
    address: str
    """Where the pages are, with the token that opens them."""


class _Quiet(WSGIRequestHandler):
    """Logs nothing: a line a request would have the token in it."""

    def log(self, type: str, message: str, *args: object) -> None:  # noqa: A002 -- Werkzeug's name
        """Says nothing."""


def listen(home: Path, token: str, port: int) -> Serving:
    """Listens on a port of 127.0.0.1; 0 takes one that is free. Raises OSError where it is taken."""
    hosts: set[str] = set()
    # The port is known only once the server has it, and the hosts are looked at with each request.
    access = Access(token, hosts, LiveToken(home))
    # Werkzeug itself would end the process where the port is taken.
    with socket.create_server((LOOPBACK, port)) as bound:
        number = bound.getsockname()[1]
        server = make_server(
            LOOPBACK,
            number,
            make_app(source_of(home), access),
            threaded=True,
            request_handler=_Quiet,
            fd=bound.fileno(),
        )
    names = (LOOPBACK, "localhost")
    hosts |= {f"{name}:{number}" for name in names}
    if number == _HTTP_PORT:
        # Browsers leave it out.
        hosts |= set(names)
    return Serving(server, address(number, token))
