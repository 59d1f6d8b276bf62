"""play_socket: the provider's side of a WebSocket that is played: each question gets its recorded events.

The framing is wsproto's. What a question is answered is put into the script before the question comes here;
messages for which the script has nothing (a client that cancels, say) are passed over.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from wsproto import ConnectionType, WSConnection
from wsproto.events import AcceptConnection, CloseConnection, Event, Ping, Request, TextMessage
from wsproto.utilities import RemoteProtocolError

_READ_BYTES = 1 << 16


@dataclass(frozen=True, slots=True)
class Line:
    """One message of the provider's."""

    at_ms: int
    """Since the question."""
    text: str


@dataclass(slots=True)
class Script:
    """What is still to be said on one socket, question by question."""

    answers: deque[Sequence[Line]] = field(default_factory=deque)
    takes: Callable[[str], bool] = lambda _: True
    """True for a message that is a question."""


async def play_socket(
    begun: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, script: Script
) -> None:
    """Plays until the client closes; `begun` is the handshake, as far as it has been read."""
    player = _Player(writer, script)
    data = begun
    while data and await player.take(data):
        data = await reader.read(_READ_BYTES)


class _Player:
    def __init__(self, writer: asyncio.StreamWriter, script: Script) -> None:
        self._socket = WSConnection(ConnectionType.SERVER)
        self._writer = writer
        self._script = script
        self._said = ""

    async def take(self, data: bytes) -> bool:
        """Takes what has come; False where the socket is over."""
        try:
            self._socket.receive_data(data)
        except RemoteProtocolError:
            return False
        for event in self._socket.events():
            match event:
                case Request():
                    wanted = event.subprotocols
                    await self._send(AcceptConnection(subprotocol=wanted[0] if wanted else None))
                case TextMessage():
                    await self._hear(event)
                case Ping():
                    await self._send(event.response())
                case CloseConnection():
                    await self._send(event.response())
                    return False
        return True

    async def _hear(self, message: TextMessage) -> None:
        """Answers a question once its last frame has come."""
        self._said += message.data
        if not message.message_finished:
            return
        said, self._said = self._said, ""
        if self._script.takes(said) and self._script.answers:
            await self._answer(self._script.answers.popleft())

    async def _answer(self, lines: Sequence[Line]) -> None:
        loop = asyncio.get_running_loop()
        begun = loop.time()
        for line in lines:
            await asyncio.sleep(max(begun + line.at_ms / 1000 - loop.time(), 0))
            await self._send(TextMessage(data=line.text))

    async def _send(self, event: Event) -> None:
        self._writer.write(self._socket.send(event))
        await self._writer.drain()
