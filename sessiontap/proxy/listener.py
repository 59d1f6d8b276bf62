"""The one listener: what is sent to the proxy's own port as if it were a provider goes to that provider.

`http://127.0.0.1:PORT/openai/v1` is `https://api.openai.com/v1`, for clients that know no proxy. Promises:
only clients on this machine, and no page of another site, are let through; only hosts of the table of
providers are reached; the client's own credentials go on, and nothing is added.
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

import msgspec
from mitmproxy.http import HTTPFlow, Response
from mitmproxy.proxy.mode_specs import RegularMode, UpstreamMode

from sessiontap.providers.named import HOSTS, base_urls
from sessiontap.proxy.gateways import send_to
from sessiontap.proxy.heartbeat import is_loopback

_PATH = re.compile(r"/([A-Za-z0-9._-]+)(/[^?]*)?(\?.*)?", re.DOTALL)


def forwarded(flow: HTTPFlow) -> Response | None:
    """Makes a request to the proxy's own port one to the provider that its path names first.

    The answer to one that names nobody, or comes from elsewhere; None for all other requests.
    """
    request = flow.request
    if flow.response is not None or not _for_own_port(flow):
        return None
    if _is_foreign(request.headers.get("origin", "")):
        return _answer(403, "pages of other sites are not let through")
    found = _PATH.fullmatch(request.path)
    host = HOSTS.get(found[1].lower()) if found is not None else None
    if found is None or host is None:
        urls = ", ".join(base_urls(f"{request.scheme}://{request.host}:{request.port}"))
        return _answer(404, f"no provider is named there; base URLs are {urls} and the like")
    send_to(request, scheme="https", host=host, port=443, target=(found[2] or "/") + (found[3] or ""))
    return None


def _for_own_port(flow: HTTPFlow) -> bool:
    """True where the client is on this machine and names the very port that it has come to."""
    client, request = flow.client_conn, flow.request
    if not isinstance(client.proxy_mode, RegularMode | UpstreamMode) or not client.sockname:
        return False
    address, port = str(client.sockname[0]), client.sockname[1]
    peer = client.peername
    return (
        request.port == port
        and request.host.strip("[]").lower() in {"localhost", address}
        and is_loopback(address)
        and bool(peer)
        and is_loopback(str(peer[0]))
    )


def _is_foreign(origin: str) -> bool:
    """True for the origin of a page that is not this machine's own.

    What is no page of the web, such as an editor's extension, has another scheme than these.
    """
    if not origin:
        return False
    try:
        parts = urlsplit(origin)
        host = parts.hostname or ""
    except ValueError:
        return True
    if parts.scheme not in {"http", "https"}:
        return origin == "null"
    return host != "localhost" and not is_loopback(host)


def _answer(status: int, why: str) -> Response:
    error = {"message": f"sessiontap: {why}", "type": "sessiontap", "code": status}
    return Response.make(status, msgspec.json.encode({"error": error}), {"Content-Type": "application/json"})
