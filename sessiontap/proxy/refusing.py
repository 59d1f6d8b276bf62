"""The answers by which the proxy refuses a call, in its provider's place and in its provider's dialect."""

from __future__ import annotations

from mitmproxy import ctx
from mitmproxy.http import HTTPFlow, Response

from sessiontap.apis.refusal import STATUS, refusal, socket_refusal


def refused(api: str, kind: str, message: str, *, status: int = STATUS) -> Response:
    """The reply to a request that is not sent; see `apis.refusal.refusal`."""
    reply = refusal(api, kind, message, status=status)
    headers = [(name.encode(), value.encode()) for name, value in reply.headers]
    return Response.make(reply.status, reply.body, headers)


def refuse_on_socket(flow: HTTPFlow, kind: str, message: str, *, status: int = STATUS) -> None:
    """Sends the client of a socket the error that its call gets; it comes by as the provider's message."""
    to_client = is_text = True
    said = socket_refusal(kind, message, status=status)
    ctx.master.commands.call("inject.websocket", flow, to_client, said, is_text)
