"""Stage: plays recorded replies as their provider sent them, on a port of loopback that only this proxy asks.

A call that is played goes there in the place of its provider, so that its reply takes the way of any other:
streamed as it comes, piece by piece, broken off where it was broken off. What is played is asked for by a
path that is drawn at random and holds once; anything else gets a 404.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import socket
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import h11

from sessiontap.bodies import Piece
from sessiontap.proxy.socket_stage import Script, play_socket
from sessiontap.recent import Recent

_MOST_WAITING = 1_000
_READ_BYTES = 1 << 16
# What a client's headers may come to: mitmproxy has taken them already.
_MOST_HEADERS = 16 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Performance:
    """A reply as it is to be played."""

    status: int
    headers: Sequence[tuple[str, str]]
    content: bytes
    pieces: Sequence[Piece]
    """When its pieces come, in order; their sizes sum to that of the content."""
    streamed: bool
    whole: bool
    """False: it breaks off at its end."""


class Stage:
    """The server. It listens from the first `put` on, within the event loop that is running then."""

    def __init__(self, on_fault: Callable[[Exception], None]) -> None:
        self._on_fault = on_fault
        self._waiting: Recent[str, Performance | Script] = Recent(_MOST_WAITING)
        self._socket: socket.socket | None = None
        self._serving: asyncio.Task[None] | None = None

    def put(self, performance: Performance | Script) -> tuple[str, int, str]:
        """Where a reply, or a whole socket, is played: host, port and path.

        Raises OSError where no port can be had.
        """
        if self._socket is None:
            # At once, for the call that asks cannot wait; who connects before the server is there, waits.
            self._socket = listening = socket.create_server(("127.0.0.1", 0))
            self._serving = asyncio.get_running_loop().create_task(self._listen(listening))
            # Not before: the server must find it as it was. And also where it never came to be one.
            self._serving.add_done_callback(lambda _: listening.close())
        path = f"/{secrets.token_urlsafe(24)}"
        self._waiting.put(path, performance)
        host, port = self._socket.getsockname()
        return host, port, path

    def close(self) -> None:
        """Plays nothing any more."""
        if self._serving is not None:
            self._serving.cancel()
            self._serving = self._socket = None

    async def _listen(self, listening: socket.socket) -> None:
        async with await asyncio.start_server(self._connected, sock=listening) as server:
            await server.serve_forever()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            # The other end is mitmproxy, which goes when its client goes. Only the end of the loop cancels,
            # and asyncio of Python 3.11 takes that for a fault.
            with contextlib.suppress(ConnectionError, h11.RemoteProtocolError, asyncio.CancelledError):
                await self._serve(reader, writer)
        except Exception as error:  # noqa: BLE001 -- the boundary: the client sees its connection end
            self._on_fault(error)
        finally:
            writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = h11.Connection(h11.SERVER, max_incomplete_event_size=_MOST_HEADERS)
        asked, data = "", b""
        while True:
            event = connection.next_event()
            if event is h11.NEED_DATA:
                data = await reader.read(_READ_BYTES)
                connection.receive_data(data)
            elif isinstance(event, h11.Request):
                asked = event.target.decode("ascii", "replace")
            elif isinstance(event, h11.EndOfMessage):
                performance = self._waiting.take(asked)
                if isinstance(performance, Script):
                    # A handshake is one packet of mitmproxy's, and the first on its connection.
                    return await play_socket(data, reader, writer, performance)
                if not await self._play(performance, connection, writer):
                    return None
                connection.start_next_cycle()
            elif isinstance(event, h11.ConnectionClosed) or event is h11.PAUSED:
                return None

    async def _play(
        self, performance: Performance | None, connection: h11.Connection, writer: asyncio.StreamWriter
    ) -> bool:
        """False where the connection is to end with it."""

        async def send(event: h11.Event) -> None:
            writer.write(connection.send(event) or b"")
            await writer.drain()

        if performance is None:
            await send(h11.Response(status_code=404, headers=[("Content-Length", "0")]))
            await send(h11.EndOfMessage())
            return connection.our_state is h11.DONE
        loop = asyncio.get_running_loop()
        begun, begins = loop.time(), True
        headers = list(performance.headers)
        if performance.whole and not performance.streamed:
            headers.append(("Content-Length", str(len(performance.content))))
        head = h11.Response(status_code=performance.status, headers=headers)
        for at_ms, content in _pieces(performance):
            await asyncio.sleep(max(begun + at_ms / 1000 - loop.time(), 0))
            if begins:
                await send(head)
                begins = False
            if content:
                await send(h11.Data(data=content))
        if not performance.whole:
            # Gracefully but for the end of the message: what was sent arrives.
            writer.close()
            await writer.wait_closed()
            return False
        await send(h11.EndOfMessage())
        return connection.our_state is h11.DONE


def _pieces(performance: Performance) -> Iterator[tuple[int, bytes]]:
    """The pieces with their moments; one at least, which may be empty."""
    at = 0
    for piece in performance.pieces:
        yield piece.at_ms, performance.content[at : at + piece.size]
        at += piece.size
    if at < len(performance.content) or not performance.pieces:
        yield 0, performance.content[at:]
