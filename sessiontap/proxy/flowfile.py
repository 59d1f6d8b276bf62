"""mitmproxy's flow files (`mitmdump -w`), of this version's format and of older ones, as stored flows.

A file is a row of frames, one a flow. mitmproxy's own FlowReader stops at the first flow that it cannot take;
here one bad flow costs no other, as long as its frame is whole. Nothing of mitmproxy leaves this module.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import IO, Any, cast

from mitmproxy import http
from mitmproxy.flow import Flow
from mitmproxy.io import compat, tnetstring
from mitmproxy.websocket import WebSocketData

from sessiontap.errors import CaptureError
from sessiontap.imports.stored import (
    StoredFlow,
    StoredMessage,
    StoredReply,
    StoredSocket,
    Unreadable,
    joined,
    moment,
)
from sessiontap.proxy.headers import proxy_user
from sessiontap.proxy.websocket import refusal
from sessiontap.record import Ending, left_by_client
from sessiontap.untrusted import clean

# What reading a frame may raise: a length that is none, a frame that is cut off, one nested too deeply.
_NO_FRAME = (ValueError, TypeError, IndexError, RecursionError)


def flow_file(file: IO[bytes], size: int) -> Iterator[StoredFlow | Unreadable | None]:
    """The flows of a file of this size, in its order; None for one that is not HTTP (TCP, UDP, DNS).

    Raises CaptureError where the file is damaged, after the flows before the damage.
    """
    frames = _Frames(file, size)
    while frames.left:
        start = frames.done
        try:
            # FlowReader casts too: what the frame holds is found out below.
            state = cast("dict[bytes | str, Any]", tnetstring.load(cast("Any", frames)))
        except _NO_FRAME as error:
            reason = "it is nested too deeply" if isinstance(error, RecursionError) else "it is cut off there"
            message = f"is damaged at byte {start:,}: {reason}, or is no flow file"
            raise CaptureError(message) from error
        yield _flow(state)


class _Frames:
    """A file that is not read beyond its size, whatever a frame says: memory is set aside by that."""

    __slots__ = ("_file", "_size", "done")

    def __init__(self, file: IO[bytes], size: int) -> None:
        self._file = file
        self._size = size
        self.done = 0

    @property
    def left(self) -> int:
        """How many bytes there are still."""
        return self._size - self.done

    def read(self, wanted: int) -> bytes:
        """So many bytes, or what is left; a part of a frame is as bad as nothing."""
        if wanted > self.left:
            self.done = self._size
            return b""
        data = self._file.read(wanted)
        self.done += len(data)
        return data


def _flow(state: dict[bytes | str, Any]) -> StoredFlow | Unreadable | None:
    try:
        flow = Flow.from_state(cast("Any", compat.migrate_flow(state)))
        return _stored(flow) if isinstance(flow, http.HTTPFlow) else None
    except Exception as error:  # noqa: BLE001 -- the one boundary: a state may hold anything anywhere
        # mitmproxy says a format that it does not know in words; anything else is a fault in the flow.
        said = str(error) if "format version" in str(error) else type(error).__name__
        return Unreadable(f"a flow cannot be read: {clean(said)[:200]}")


def _stored(flow: http.HTTPFlow) -> StoredFlow | Unreadable:
    request = flow.request
    started_at = moment(request.timestamp_start)
    if started_at is None:
        return Unreadable("a flow does not say when it began")
    headers = _headers(request.headers)
    body = _bytes(request.raw_content)
    return StoredFlow(
        key=f"mitmproxy {clean(flow.id)}",
        method=clean(request.method),
        hosts=(clean(request.host), clean(flow.client_conn.sni or "")),
        target=clean(request.path),
        headers=headers,
        proxy_user=proxy_user(flow),
        body=body,
        size=None if body is None else len(body),
        started_at=started_at,
        sent_at=moment(request.timestamp_end),
        ended_at=_ended_at(flow),
        ending=_ending(flow),
        reply=None if flow.response is None else _reply(flow.response),
        socket=None if flow.websocket is None else _socket(flow.websocket),
    )


def _headers(headers: http.Headers) -> tuple[tuple[str, str], ...]:
    return tuple(headers.items(multi=True))  # type: ignore[no-untyped-call]


def _bytes(content: object) -> bytes | None:
    if content is None or isinstance(content, bytes):
        return content
    message = "a body is no bytes"
    raise TypeError(message)


def _reply(response: http.Response) -> StoredReply:
    body = _bytes(response.raw_content)
    return StoredReply(
        status=int(response.status_code),
        headers=joined(_headers(response.headers)),
        body=body,
        size=None if body is None else len(body),
    )


def _ended_at(flow: http.HTTPFlow) -> float | None:
    if flow.websocket is not None:
        return moment(flow.websocket.timestamp_end)
    if flow.error is not None:
        return moment(flow.error.timestamp)
    return None if flow.response is None else moment(flow.response.timestamp_end)


def _ending(flow: http.HTTPFlow) -> Ending:
    if flow.error is not None:
        return "client-left" if _client_left(flow, flow.error.timestamp, flow.error.msg) else "cut"
    if flow.websocket is not None:
        return "client-left" if flow.websocket.closed_by_client else "cut"
    return "cut" if flow.response is None else "clean"


def _client_left(flow: http.HTTPFlow, failed_at: float, said: str) -> bool:
    """True where the error is that the client left, or came when it had left."""
    left_at = flow.client_conn.timestamp_end
    return left_by_client(said) or (left_at is not None and left_at <= failed_at)


def _socket(socket: WebSocketData) -> StoredSocket:
    # What mitmproxy dropped was never sent on; the provider has sent whatever came.
    messages = (
        StoredMessage(message.from_client, message.content, moment(message.timestamp))
        for message in socket.messages
        if not (message.from_client and message.dropped)
    )
    return StoredSocket(messages=tuple(messages), refusal=refusal(socket))
