"""The double's side of a WebSocket: an answer that takes the connection over, in one thread alone."""

from __future__ import annotations

import base64
import hashlib
import socket
from collections.abc import Callable, Iterable

from websockets.frames import Frame, Opcode
from websockets.protocol import State
from websockets.server import ServerProtocol

from sessiontap.demo.answer import Answer, ReceivedCall

_GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # RFC 6455, section 1.3
_READ = 65_536


def wanted(call: ReceivedCall) -> bool:
    """True for a call that asks for a WebSocket."""
    return (call.header("upgrade") or "").lower() == "websocket"


def opened(call: ReceivedCall, reply: Callable[[str], Iterable[str]]) -> Answer:
    """A 101, after which `reply` says for each text message that comes which ones go back."""
    key = call.header("sec-websocket-key") or ""
    accept = base64.b64encode(hashlib.sha1(f"{key}{_GUID}".encode()).digest()).decode()
    return Answer(
        status=101,
        headers=(("Upgrade", "websocket"), ("Connection", "Upgrade"), ("Sec-WebSocket-Accept", accept)),
        take_over=lambda connection: _serve(connection, reply),
    )


def _serve(connection: socket.socket, reply: Callable[[str], Iterable[str]]) -> None:
    protocol = ServerProtocol(state=State.OPEN, max_size=None)
    message = b""
    while data := connection.recv(_READ):
        protocol.receive_data(data)
        for event in protocol.events_received():
            if not isinstance(event, Frame) or event.opcode not in {Opcode.TEXT, Opcode.CONT}:
                continue
            message += event.data
            if not event.fin:
                continue
            sent, message = message.decode(), b""
            for text in reply(sent):
                protocol.send_text(text.encode())
                _flush(protocol, connection)
        if not _flush(protocol, connection):
            return


def _flush(protocol: ServerProtocol, connection: socket.socket) -> bool:
    """Sends what the protocol has to say; False at the end of the connection."""
    for data in protocol.data_to_send():
        if not data:
            return False
        connection.sendall(data)
    return True
