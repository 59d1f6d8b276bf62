"""Gateways: what is sent to one of Helicone's gateway hosts goes straight to the provider that it stands for.

Promises: no connection is made to such a host, and no key of Helicone's goes anywhere; the host that was
asked stays with the call, as its property `helicone-gateway`.
"""

from __future__ import annotations

import time
from dataclasses import replace

from mitmproxy.http import Headers, HTTPFlow, Request, Response
from mitmproxy.net.http.url import default_port
from mitmproxy.proxy.mode_specs import ReverseMode
from mitmproxy.proxy.server_hooks import ServerConnectionHookData
from mitmproxy.tls import ClientHelloData

from sessiontap.call import UNSUPPORTED
from sessiontap.launch.heartbeat import HOST as HEARTBEAT_HOST
from sessiontap.providers import Match
from sessiontap.providers.helicone import GATEWAY_HOST, UPSTREAMS, Destination, destination, label_of
from sessiontap.proxy.headers import remove_helicone_keys
from sessiontap.proxy.refusing import refused
from sessiontap.web.addresses import PROXY_HOST

_STATUS = 400
_PROPERTY = "helicone-gateway"
_THIS_MACHINE = frozenset({"localhost", "127.0.0.1", "::1"})
_LOOP = "{} leads back to this proxy; give the provider's own address, such as https://api.openai.com"


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
        """The last resort, as for a reverse mode of such a host, which connects before it is asked anything.

        The connection goes to the provider, or nowhere.
        """
        server = data.server
        label = label_of(server.address[0]) if server.address else None
        if label is None or server.address is None:
            return
        upstream = UPSTREAMS.get(label)
        if upstream is None:
            server.error = f"sessiontap: {server.address[0]} is never contacted; name the provider's own host"
        else:
            server.address = (upstream, server.address[1])
            server.sni = upstream


def redirected(flow: HTTPFlow) -> Destination | None:
    """Makes a request to a gateway one to its provider; None for all other requests, which stay as they are.

    One whose destination is `refused` must be answered; until then nobody can be connected with for it.
    """
    request, mode = flow.request, flow.client_conn.proxy_mode
    names = (
        request.host,
        flow.client_conn.sni or "",
        str(mode.address[0]) if isinstance(mode, ReverseMode) else "",
    )
    gateway = next((name for name in names if label_of(name) is not None), None)
    to = None if gateway is None else destination(gateway, request.path, request.headers)
    if to is None or flow.response is not None:
        return None
    if _leads_back(to, flow):
        to = replace(to, refused=_LOOP.format("The address in the header"), host=to.gateway)
    remove_helicone_keys(request.headers)
    host = to.host if to.refused is None else _nobody(to.gateway)
    send_to(request, scheme=to.scheme, host=host, port=to.port, target=to.target)
    request.headers[_PROPERTY] = to.gateway
    return to


def send_to(request: Request, *, scheme: str, host: str, port: int, target: str) -> None:
    """Gives a request another upstream, with the `Host` that this one expects."""
    request.scheme = scheme
    request.port = port
    request.host = host
    request.path = target
    if ":" in host:
        # mitmproxy writes an address of IPv6 without its brackets.
        port_too = "" if port == default_port(scheme) else f":{port}"
        request.host_header = f"[{host}]{port_too}"
    if scheme == "https" and not (request.is_http2 or request.is_http3):
        # In a tunnel the target has no host.
        request.authority = ""


def gateway_refusal(found: Match | None, why: str) -> Response:
    """The answer in the dialect of the call that the request is."""
    api = "" if found is None else found.api.name
    return refused(api, UNSUPPORTED, f"sessiontap: {why}", status=_STATUS)


def _nobody(gateway: str) -> str:
    """A host that no connection is made to: the gateway's own, where that stands for no other."""
    return GATEWAY_HOST if label_of(gateway) in UPSTREAMS else gateway


def _leads_back(to: Destination, flow: HTTPFlow) -> bool:
    """True where the proxy itself would be asked."""
    host = to.host.removesuffix(".")
    if host in {PROXY_HOST, HEARTBEAT_HOST}:
        return True
    here = flow.client_conn.sockname
    return bool(here) and to.port == here[1] and host in {*_THIS_MACHINE, here[0]}
