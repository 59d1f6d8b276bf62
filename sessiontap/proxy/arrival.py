"""Arrival: where a request that has come is to go, and which model call it is, if it is one."""

from __future__ import annotations

from dataclasses import dataclass, replace

from mitmproxy.http import HTTPFlow, Response

from sessiontap.providers import Directory, Match
from sessiontap.providers.helicone import GATEWAY_HOST
from sessiontap.proxy.gateways import gateway_refusal, redirected
from sessiontap.proxy.listener import forwarded


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """What is known of a request by its headers."""

    found: Match | None
    """The model call that it is."""
    to_provider: bool
    """It leaves this machine for a provider, so it loses what is meant for the proxy."""
    refused: bool = False
    """It goes nowhere, and has its answer as soon as all of it is there."""


class Arrivals:
    """Recognises requests. A second addon, which belongs to the first: answers those that can go nowhere."""

    # mitmproxy knows addons by name; a script of the user's may have a class of that of ours.
    name = "sessiontap-arrivals"

    def __init__(self) -> None:
        self._answers: dict[str, Response] = {}

    def arrive(self, flow: HTTPFlow, directory: Directory) -> Arrival:
        """Takes a request. One to a gateway, or to the proxy's own port, is from then on its provider's."""
        request = flow.request
        to = redirected(flow)
        answer = forwarded(flow) if to is None else None
        names = (request.host, flow.client_conn.sni or "") if to is None else (to.host,)
        # In transparent mode the host is an address, and the name is in the TLS handshake.
        host = directory.known_host(*names)
        found = directory.match(request.method, host, request.path) if host is not None else None
        if to is not None and host is None:
            # An upstream of the user's, which nobody here knows: by the wire shape of the path.
            found = directory.match(request.method, GATEWAY_HOST, request.path)
            found = None if found is None else replace(found, host=to.host)
        if to is not None and to.refused is not None:
            answer = gateway_refusal(found, to.refused)
        if answer is not None:
            self._answers[flow.id] = answer
        return Arrival(
            found=found,
            to_provider=to is not None or (host is not None and not directory.on_this_machine(host)),
            refused=answer is not None,
        )

    def request(self, flow: HTTPFlow) -> None:
        """Answers, but for a body that mitmproxy streams: for that it finds nobody to connect with."""
        answer = self._answers.pop(flow.id, None)
        if answer is not None and flow.response is None and not flow.request.stream:
            flow.response = answer

    def error(self, flow: HTTPFlow) -> None:
        """Forgets a request that has not come to its end."""
        self._answers.pop(flow.id, None)
