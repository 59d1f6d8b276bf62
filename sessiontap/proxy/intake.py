"""Intake: makes the meter of a call, or of a socket, out of the flow that begins it."""

from __future__ import annotations

import functools
import logging
import uuid

from mitmproxy.connection import Client
from mitmproxy.http import HTTPFlow

from sessiontap import inference
from sessiontap.capture import Capture, capture_for
from sessiontap.following import Following
from sessiontap.identity import Claims, Identifier
from sessiontap.meter import CallMeter
from sessiontap.providers import Match
from sessiontap.providers.plan import paid_by
from sessiontap.proxy.headers import proxy_user
from sessiontap.recent import Recent
from sessiontap.settings import Settings
from sessiontap.socket_meter import SocketMeter
from sessiontap.store.journal import printable
from sessiontap.times import rfc3339

logger = logging.getLogger(__name__)

_MOST_IDS = 100_000
_MOST_UNREAD = 20


class Intake:
    """Knows what is not in the request itself: the user of the proxy's URL, and the ids given so far."""

    def __init__(self, following: Following) -> None:
        self._following = following
        self._proxy_users: dict[str, str] = {}
        self._call_ids: Recent[str, None] = Recent(_MOST_IDS)
        self._identifier = Identifier()
        self._unread_budgets: set[str] = set()

    def connected(self, flow: HTTPFlow) -> None:
        """Keeps the user of the proxy's URL for the calls on this connection."""
        if user := proxy_user(flow):
            self._proxy_users[flow.client_conn.id] = user

    def disconnected(self, client: Client) -> None:
        """Forgets the connection."""
        self._proxy_users.pop(client.id, None)

    def meter(self, flow: HTTPFlow, found: Match, settings: Settings) -> CallMeter:
        """The meter of the call that a request makes."""
        claims = self._claims(flow, found, settings)
        return CallMeter(
            paid_by(found, flow.request.headers),
            claims,
            self._new_call_id(claims),
            rfc3339(flow.request.timestamp_start),
            capture=_capture(settings, claims, flow),
        )

    def socket_meter(self, flow: HTTPFlow, found: Match, settings: Settings) -> SocketMeter:
        """The meter of the calls on the socket that a handshake opens."""
        claims = self._claims(flow, found, settings)
        return SocketMeter(
            found,
            claims,
            target=flow.request.path,
            new_call_id=functools.partial(self._new_call_id, claims),
            new_capture=functools.partial(_capture, settings, claims, flow),
        )

    def _claims(self, flow: HTTPFlow, found: Match, settings: Settings) -> Claims:
        request = flow.request
        claims = self._identifier.claims(
            request.headers.items(multi=True),  # type: ignore[no-untyped-call]
            proxy_user=proxy_user(flow) or self._proxy_users.get(flow.client_conn.id),
            today=rfc3339(request.timestamp_start)[:10],
            provider=found.provider,
            url_path=found.url_path,
            session_headers=settings.session_headers,
            session=settings.session,
            follow=functools.partial(self._following.call, found.api.name, _client(flow)),
        )
        if (unread := claims.unread_budget) is not None:
            self._warn_of_budget(unread)
        return claims

    def _warn_of_budget(self, stated: str) -> None:
        """Says once of each text, and of some only, that it is no budget."""
        shown = printable(repr(stated), 40)
        if shown not in self._unread_budgets and len(self._unread_budgets) < _MOST_UNREAD:
            self._unread_budgets.add(shown)
            logger.warning(
                "sessiontap: a client states %s as its session's budget, which is no amount of US dollars;"
                " its calls go on without that limit. Write it as 2.50",
                shown,
            )

    def _new_call_id(self, claims: Claims) -> str:
        """The client's id, unless it was used before: SDKs send the same headers when they try again."""
        call_id = claims.call_id
        if call_id is None or call_id in self._call_ids:
            call_id = str(uuid.uuid4())
        self._call_ids.put(call_id, None)
        return call_id


def _client(flow: HTTPFlow) -> inference.Client:
    peer = flow.client_conn.peername
    return inference.Client(
        address=str(peer[0]) if peer else "",
        agent=flow.request.headers.get("user-agent", "").partition(" ")[0] or None,
        connection=flow.client_conn.id,
    )


def _capture(settings: Settings, claims: Claims, flow: HTTPFlow) -> Capture | None:
    request = flow.request
    return capture_for(settings, claims, method=request.method, target=request.path, headers=request.headers)
