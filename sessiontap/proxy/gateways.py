"""Gateways: what is sent to one of Helicone's gateway hosts goes straight to the provider that it stands for.

Promises: no connection is made to such a host, and no key of Helicone's goes anywhere; the host that was
asked stays with the call, as its property `helicone-gateway`.
"""

from __future__ import annotations

import time
from dataclasses import replace

from mitmproxy.http import Headers, HTTPFlow, Request, Response
from mitmproxy.proxy.server_hooks import ServerConnectionHookData
from mitmproxy.tls import ClientHelloData

from sessiontap.apis.refusal import refusal
from sessiontap.launch.heartbeat import HOST as HEARTBEAT_HOST
from sessiontap.providers import Match
from sessiontap.providers.helicone import UPSTREAMS, Destination, destination, label_of
from sessiontap.proxy.headers import remove_helicone_keys
from sessiontap.web.addresses import PROXY_HOST

KIND = "unsupported_gateway"
"""The `error_type` of a call that cannot go where it was sent."""

STATUS = 400

_PROPERTY = "helicone-gateway"
_THIS_MACHINE = frozenset({"localhost", "127.0.0.1", "::1"})
_LOOP = "{} would lead back to this proxy; give the provider's own address, such as https://api.openai.com"


class GatewayConnections:
    """A second addon, which belongs to the first: keeps mitmproxy from connecting before it knows whereto.

    By default it connects with the host of a CONNECT at once, and speaks TLS with it before its client does.
    """

    # mitmproxy knows addons by name; a script of the user's may have a class of that of ours.
    name = "sessiontap-gateways"

    def http_connect(self, flow: HTTPFlow) -> None:
        """Answers for a gateway, as mitmproxy does once it is connected."""
        if flow.response is None and label_of(flow.request.host) is not None:
            now = time.time()
            version = flow.request.data.http_version
            flow.response = Response(version, 200, b"Connection established", Headers(), b"", None, now, now)

    def tls_clienthello(self, data: ClientHelloData) -> None:
        """Has the client's TLS begin without the other side's."""
        server = data.context.server
        address = server.address
        if label_of(address[0] if address else "") or label_of(data.client_hello.sni or ""):
            # It is what mitmproxy decides by, and each request says anew whether it goes by TLS.
            server.tls = False

    def server_connect(self, data: ServerConnectionHookData) -> None:
        """Refuses the connection where all of that was in vain, as in a reverse mode with such a host."""
        host = data.server.address[0] if data.server.address else ""
        label = label_of(host)
        if label is not None:
            instead = UPSTREAMS.get(label, "the provider's own host")
            data.server.error = f"sessiontap: {host} is never contacted; name {instead} in its place"


def redirected(flow: HTTPFlow) -> Destination | None:
    """Makes a request to a gateway one to its provider; None for all other requests, which stay as they are.

    A destination that is `refused` is nobody's: the caller is to answer the request.
    """
    request = flow.request
    names = (request.host, flow.client_conn.sni or "")
    gateway = next((name for name in names if label_of(name) is not None), None)
    if gateway is None or flow.response is not None:
        return None
    to = destination(gateway, request.path, request.headers)
    if to is None:
        return None
    if _is_ours(to, flow):
        to = replace(to, refused=_LOOP.format("The address in its header"), host=to.gateway)
    remove_helicone_keys(request.headers)
    send_to(request, scheme=to.scheme, host=to.host, port=to.port, target=to.target)
    request.headers[_PROPERTY] = to.gateway
    return to


def send_to(request: Request, *, scheme: str, host: str, port: int, target: str) -> None:
    """Gives a request another upstream, with the `Host` that this one expects."""
    request.scheme = scheme
    request.port = port
    request.host = host
    request.path = target
    if scheme == "https" and not (request.is_http2 or request.is_http3):
        # In a tunnel the target has no host.
        request.authority = ""


def refuse_gateway(flow: HTTPFlow, found: Match | None, why: str) -> None:
    """Answers a request in the dialect that its path shows; it is not sent."""
    reply = refusal("" if found is None else found.api.name, KIND, f"sessiontap: {why}", status=STATUS)
    # mitmproxy has begun to stream a large body, which an answer forbids.
    flow.request.stream = False
    headers = [(name.encode(), value.encode()) for name, value in reply.headers]
    flow.response = Response.make(reply.status, reply.body, headers)


def _is_ours(to: Destination, flow: HTTPFlow) -> bool:
    """True where the proxy itself would be asked."""
    if to.host in {PROXY_HOST, HEARTBEAT_HOST}:
        return True
    here = flow.client_conn.sockname
    return bool(here) and to.port == here[1] and to.host in {*_THIS_MACHINE, here[0]}
