"""Arrival: where a request that has come is to go, and which model call it is, if it is one."""

from __future__ import annotations

from dataclasses import dataclass, replace

from mitmproxy.http import HTTPFlow

from sessiontap.providers import Directory, Match
from sessiontap.providers.helicone import GATEWAY_HOST
from sessiontap.proxy.gateways import redirected
from sessiontap.proxy.listener import forwarded


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """What is known of a request by its headers."""

    found: Match | None
    """The model call that it is."""
    moved: bool
    """It goes to another host than the one that it was sent to."""
    to_provider: bool
    """It leaves this machine for a provider, so it loses what is meant for the proxy."""
    refused: str | None = None
    """Why it can go nowhere."""


def arrive(flow: HTTPFlow, directory: Directory) -> Arrival:
    """Recognises a request. One to a gateway, or to the proxy's own port, is from then on its provider's."""
    request = flow.request
    to = redirected(flow)
    moved = to is not None or forwarded(flow)
    # In transparent mode the host is an address, and the name is in the TLS handshake.
    host = directory.known_host(request.host, "" if moved else flow.client_conn.sni or "")
    found = directory.match(request.method, host, request.path) if host is not None else None
    if to is not None and host is None:
        # An upstream of the user's, which nobody here knows: by the wire shape of the path.
        found = directory.match(request.method, GATEWAY_HOST, request.path)
        found = None if found is None else replace(found, host=request.host.lower())
    return Arrival(
        found=found,
        moved=moved,
        to_provider=to is not None or (host is not None and not directory.on_this_machine(host)),
        refused=None if to is None else to.refused,
    )
