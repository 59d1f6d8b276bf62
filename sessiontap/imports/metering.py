"""From a stored flow to its calls: the meters of live traffic, fed with what was kept and with its times."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import count

import msgspec

from sessiontap.bodies import CallBodies
from sessiontap.call import Call
from sessiontap.capture import Capture, Metered
from sessiontap.identity import Claims
from sessiontap.imports.stored import StoredFlow, StoredSocket, joined
from sessiontap.meter import CallMeter
from sessiontap.providers import Directory, Match
from sessiontap.providers.plan import paid_by
from sessiontap.record import Moment
from sessiontap.socket_meter import SocketMeter
from sessiontap.times import rfc3339

# Ids that are made from the same names are the same everywhere; never change it.
_NAMESPACE = uuid.UUID("5b1d0e0c-6f0a-5f8e-9d3b-2c7a4e1f9a60")


class MeteredFlow(msgspec.Struct, frozen=True, kw_only=True):
    """A call that was found in a flow, ended but not priced yet."""

    call: Call
    poll: bool = False
    """It only asks for the result of an earlier call."""
    kept: bool = True
    """The reply's bytes are in the capture."""
    problem: str | None = None
    """What of it could not be read."""
    bodies: CallBodies | None = None


def match_of(directory: Directory, flow: StoredFlow) -> Match | None:
    """What the table of providers says of a flow; None where it is no model call."""
    host = directory.known_host(*flow.hosts)
    found = None if host is None else directory.match(flow.method, host, flow.target)
    return None if found is None else paid_by(found, joined(flow.headers))


def call_ids(flow: StoredFlow) -> Iterator[str]:
    """The ids of the flow's calls: made from what identifies it, so that they are the same each time."""
    return (str(uuid.uuid5(_NAMESPACE, f"{flow.key} {number}")) for number in count(1))


def metered(
    flow: StoredFlow,
    found: Match,
    claims: Claims,
    new_call_id: Callable[[], str],
    new_capture: Callable[[], Capture | None],
) -> list[MeteredFlow]:
    """The flow's calls as far as they are known; none where the flow turns out to hold none."""
    if found.kind == "socket":
        if flow.socket is None:
            return []
        meter = SocketMeter(
            found, claims, target=flow.target, new_call_id=new_call_id, new_capture=new_capture
        )
        return _of_socket(flow, flow.socket, meter)
    started_at = rfc3339(flow.started_at)
    return _of_exchange(flow, CallMeter(found, claims, new_call_id(), started_at, capture=new_capture()))


def _of_exchange(flow: StoredFlow, meter: CallMeter) -> list[MeteredFlow]:
    found = meter.match
    reply = flow.reply
    ended_at = flow.started_at if flow.ended_at is None else flow.ended_at
    # Here, and only here, a stored call's bytes go to the meter.
    meter.request(flow.body, joined(flow.headers), flow.started_at if flow.sent_at is None else flow.sent_at)
    if reply is not None:
        meter.reply(reply.status, reply.headers)
        if reply.body is None:
            meter.not_tapped()
        else:
            meter.feed(reply.body, ended_at)
    call = meter.close(flow.ending, Moment(rfc3339(ended_at), ended_at))
    if found.recognised_by_reply and not meter.recognised:
        return []
    kept = reply is None or reply.body is not None
    bodies = None if meter.capture is None else meter.capture.bodies(call)
    return [
        MeteredFlow(
            call=_as_known(call, flow),
            poll=found.kind == "poll",
            kept=kept,
            problem=meter.problem if kept else None,
            bodies=None if bodies is None else _without_pace(bodies),
        )
    ]


def _as_known(call: Call, flow: StoredFlow) -> Call:
    """The call without the figures that the capture cannot give.

    Of a stream nobody wrote down when which byte came; JSON says what it has to say with its last byte.
    """
    reply = flow.reply
    json = reply is not None and reply.headers.get("content-type", "").lower().startswith("application/json")
    timed = flow.sent_at is not None and flow.ended_at is not None
    return msgspec.structs.replace(
        call,
        ended_at=call.ended_at if flow.ended_at is not None else None,
        ttft_ms=call.ttft_ms if timed and json and not call.stream else None,
        duration_ms=call.duration_ms if timed else None,
        request_bytes=flow.size,
        response_bytes=call.response_bytes if reply is None else reply.size,
    )


def _without_pace(bodies: CallBodies) -> CallBodies:
    """The bodies without when which byte came, for the same reason."""
    reply = bodies.reply
    return bodies if reply is None else replace(bodies, reply=replace(reply, pieces=()))


def _of_socket(flow: StoredFlow, socket: StoredSocket, meter: SocketMeter) -> list[MeteredFlow]:
    calls: list[Metered] = []
    at = flow.started_at
    for message in socket.messages:
        # A message whose time is not known came with the one before it.
        at = at if message.at is None else message.at
        now = Moment(rfc3339(at), at)
        calls += meter.sent(message.data, now) if message.sent else meter.received(message.data, now)
    at = at if flow.ended_at is None else flow.ended_at
    calls += meter.close(flow.ending, Moment(rfc3339(at), at), socket.refusal)
    return [
        MeteredFlow(call=each.call, bodies=each.bodies) for each in calls if each.call.status != "running"
    ]
