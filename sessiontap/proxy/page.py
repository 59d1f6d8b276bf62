"""The pages inside the proxy: `http://sessiontap.local/`, for a browser that goes through it.

Promises: nothing asked of that host ever leaves the machine; only clients on loopback get an answer, and only
with the token (see `web/access`); the event loop makes no page itself, and user traffic waits for none.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

from mitmproxy import ctx
from mitmproxy.http import HTTPFlow, Request, Response

from sessiontap.proxy.heartbeat import is_loopback
from sessiontap.web.addresses import PROXY_HOST

if TYPE_CHECKING:
    from flask import Flask

    from sessiontap.web.source import Source

_HOSTS = frozenset({PROXY_HOST, f"{PROXY_HOST}:80"})
# Each page that is open has one waiting for what is new.
_THREADS = 12


class PageAnswer:
    """A second addon, which belongs to the first: its hook waits for the page while traffic goes on."""

    # mitmproxy knows addons by name; a script of the user's may have a class of that of ours.
    name = "sessiontap-page"

    def __init__(self, home: Callable[[], Path | None], on_fault: Callable[[Exception], None]) -> None:
        """`home` gives None before there are settings."""
        self._home = home
        self._on_fault = on_fault
        # Not the loop's own pool: names are looked up there for the traffic.
        self._pool: ThreadPoolExecutor | None = None
        self._made: tuple[Path, Flask, Source] | None = None
        self._making = threading.Lock()

    def requestheaders(self, flow: HTTPFlow) -> None:
        """Ends a request that streams, as `stream_large_bodies` has it: its body would be sent on."""
        if not _is_ours(flow):
            return
        # Of one without a length it comes out too late whether it is large.
        endless = "transfer-encoding" in flow.request.headers and ctx.options.stream_large_bodies
        if (flow.request.stream or endless) and flow.killable:
            flow.kill()  # type: ignore[no-untyped-call]

    async def request(self, flow: HTTPFlow) -> None:
        """Answers, where it is the pages' host that is asked."""
        # What there is an answer for is mitmproxy's or another addon's.
        if not _is_ours(flow) or flow.response is not None or flow.request.stream:
            return
        try:
            flow.response = await self._answer(flow)
        except Exception as error:  # noqa: BLE001 -- the boundary, as for the other hooks
            flow.response = Response.make(500, "The page failed; see the proxy's log.\n")
            self._on_fault(error)
        finally:
            _without_secrets(flow.request)

    async def _answer(self, flow: HTTPFlow) -> Response:
        peer, home = flow.client_conn.peername, self._home()
        if not (peer and is_loopback(str(peer[0]))):
            return Response.make(403, "Only for clients on the proxy's own machine.\n")
        if home is None:
            return Response.make(503, "The proxy has no settings yet.\n")
        if self._pool is None:
            self._pool = ThreadPoolExecutor(_THREADS, thread_name_prefix="sessiontap-page")
        return await asyncio.get_running_loop().run_in_executor(self._pool, self._page, home, flow)

    def done(self) -> None:
        """Has no page wait any longer."""
        if self._made is not None:
            self._made[2].stopping.set()
        if self._pool is not None:
            self._pool.shutdown(wait=False, cancel_futures=True)

    def _page(self, home: Path, flow: HTTPFlow) -> Response:
        # Late: a proxy whose pages nobody opens does without them.
        from werkzeug.test import EnvironBuilder, run_wsgi_app

        from sessiontap.web.conditional import GONE

        request = flow.request
        fields = request.headers.fields
        environ = EnvironBuilder(
            # With two slashes it would be read as one with a host.
            path=f"/{request.path.lstrip('/')}",
            method=request.method,
            headers=[(name.decode("latin-1"), value.decode("latin-1")) for name, value in fields],
            data=request.get_content(strict=False) or b"",
        ).get_environ()
        # A page that was left must not keep its thread from the next one.
        environ[GONE] = lambda: not flow.client_conn.connected
        body, status, headers = run_wsgi_app(self._app(home), environ, buffered=True)
        answered = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers]
        return Response.make(int(status.split()[0]), b"".join(body), answered)

    def _app(self, home: Path) -> Flask:
        from sessiontap.web.access import Access
        from sessiontap.web.app import make_app
        from sessiontap.web.source import source_of
        from sessiontap.web.token import LiveToken

        with self._making:
            made = self._made
            if made is None or made[0] != home:
                if made is not None:
                    made[2].stopping.set()
                source, token = source_of(home), LiveToken(home)
                made = self._made = home, make_app(source, Access(token(), _HOSTS, token)), source
            return made[1]


def _is_ours(flow: HTTPFlow) -> bool:
    return flow.request.host.lower().rstrip(".") == PROXY_HOST


def _without_secrets(request: Request) -> None:
    """What mitmproxy prints, shows and saves of the request does not open the pages."""
    if "token" in request.query:
        request.query["token"] = "..."  # noqa: S105 -- in the place of one
    for name in ("authorization", "cookie"):
        request.headers.pop(name, None)
