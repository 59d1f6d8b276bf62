"""Sockets: the WebSockets whose messages are metered as they pass.

Promises: no message is changed, dropped or delayed, but for one that asks for more than its session's budget,
or for what a recording has not; of those that have passed, mitmproxy keeps the last only, so that a socket
that is open for days does not fill the memory.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from decimal import Decimal

from mitmproxy.http import HTTPFlow
from mitmproxy.websocket import WebSocketData

from sessiontap.apis.reading import ErrorFacts
from sessiontap.apis.refusal import NOT_FOUND, STATUS
from sessiontap.call import UNRECORDED, Call
from sessiontap.capture import Metered
from sessiontap.proxy.budget import KIND
from sessiontap.proxy.comment import comment
from sessiontap.proxy.refusing import refuse_on_socket
from sessiontap.record import Ending, Moment
from sessiontap.socket_meter import SocketMeter
from sessiontap.times import rfc3339

# How a socket ends when nothing is wrong, or when nobody said why (https://www.rfc-editor.org/rfc/rfc6455#section-7.4.1).
_NO_ERROR = frozenset({1000, 1001, 1005, 1006})
# The wire shapes whose sockets answer a call with an `error` event.
_REFUSING = frozenset({"openai.responses", "openai.realtime"})


class Sockets:
    """The meters of the sockets that are open, by flow. Each call that begins or ends goes to `record`.

    `record` takes the flow's id with the call, and gives the call as it was written, or None. `over` says why
    a call that begins is refused, or None. `played` takes each message of a client's, and says the same of
    what is played back, with an empty text where it is played; None is a message of no socket that is played.
    """

    def __init__(
        self,
        record: Callable[[str, Metered], Call | None],
        over: Callable[[Call, Decimal | None], str | None],
        played: Callable[[HTTPFlow, bytes, SocketMeter], str | None] = lambda *_: None,
    ) -> None:
        self._record = record
        self._over = over
        self._played = played
        self._meters: dict[str, SocketMeter] = {}
        self._comments: dict[str, str] = {}

    def expect(self, flow: HTTPFlow, meter: SocketMeter) -> None:
        """Takes the meter of a flow that is a handshake."""
        self._meters[flow.id] = meter

    def expects(self, flow: HTTPFlow) -> str | None:
        """The wire shape of the socket that the flow is the handshake of; None where it is none."""
        meter = self._meters.get(flow.id)
        return None if meter is None else meter.api

    def refused(self, flow: HTTPFlow) -> None:
        """Forgets a handshake that no socket came of."""
        self._meters.pop(flow.id, None)

    def message(self, flow: HTTPFlow) -> None:
        """Reads the message that has just come."""
        meter, socket = self._meters.get(flow.id), flow.websocket
        if meter is None or socket is None or not socket.messages:
            return
        message = socket.messages[-1]
        del socket.messages[:-1]
        if not message.from_client:
            self._take(flow, meter.received(message.content, _now()))
        elif not message.dropped:
            begun = meter.sent(message.content, _now())
            self._take(flow, begun)
            kind, status, why = UNRECORDED, NOT_FOUND, self._played(flow, message.content, meter)
            if why is None:
                # What is played costs nothing.
                kind, status, why = KIND, STATUS, self._refused(begun, meter.budget)
            if why:
                refuse_on_socket(flow, kind, why, status=status)
                message.drop()  # type: ignore[no-untyped-call]

    def _refused(self, begun: list[Metered], budget: Decimal | None) -> str | None:
        # Of other sockets it is not known how they refuse a call.
        calls = [each.call for each in begun if each.call.api in _REFUSING and each.call.status == "running"]
        return next((why for call in calls if (why := self._over(call, budget)) is not None), None)

    def end(self, flow: HTTPFlow, ending: Ending) -> None:
        """Ends the calls that the socket leaves open; a second time nothing is left to do."""
        meter = self._meters.pop(flow.id, None)
        if meter is not None:
            self._take(flow, meter.close(ending, _now(), refusal(flow.websocket)))
        self._comments.pop(flow.id, None)

    def close(self) -> None:
        """Ends the calls of all sockets, as cut by the proxy."""
        while self._meters:
            flow_id, meter = self._meters.popitem()
            for metered in meter.close("cut", _now()):
                self._record(flow_id, metered)

    def _take(self, flow: HTTPFlow, calls: list[Metered]) -> None:
        for metered in calls:
            written = self._record(flow.id, metered)
            # A flow's comment is its last call's; another's comment stays.
            if written is not None and flow.comment == self._comments.get(flow.id, ""):
                self._comments[flow.id] = flow.comment = comment(written)


def refusal(socket: WebSocketData | None) -> ErrorFacts | None:
    """What was wrong, where the provider closed the socket and says so."""
    if socket is None or socket.closed_by_client or socket.close_code in _NO_ERROR | {None}:
        return None
    return ErrorFacts(f"websocket_close_{socket.close_code}", socket.close_reason or None)


def _now() -> Moment:
    return Moment(rfc3339(time.time()), time.monotonic())
