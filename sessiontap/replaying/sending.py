"""Sender: the edge where calls leave, each on a connection of its own through a proxy on this machine."""

from __future__ import annotations

import base64
import contextlib
import http.client
import socket
import ssl
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from sessiontap.bodies import Body
from sessiontap.errors import WireError
from sessiontap.replaying.changes import Place
from sessiontap.wire.content import content_decoder

TIMEOUT_S = 600.0
"""How long the next bytes of a reply are waited for: the SDKs' own default."""

_LOOPBACK = "127.0.0.1"
_PIECE = 65_536
_FIRST_ERROR = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """A call as it is sent."""

    method: str
    place: Place
    target: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """What came back."""

    http_status: int | None
    """None where no reply came."""
    reply: Body | None
    """Decoded; what came of it."""
    fault: str | None = None
    """For a person: why it did not come, or not whole."""

    @property
    def refused(self) -> bool:
        """It came with a status of an error."""
        return (self.http_status or 0) >= _FIRST_ERROR


class Sender:
    """Sends calls; from several threads, too. `user` is for the proxy, as `proxy_user` gives it."""

    def __init__(self, port: int, ca_file: Path, user: str) -> None:
        """`ca_file` has the only authorities that are trusted. Raises OSError where it is not there."""
        self._port = port
        self._tls = ssl.create_default_context(cafile=str(ca_file))
        self._user = "Basic " + base64.b64encode(user.encode("ascii")).decode("ascii")
        self._open: set[http.client.HTTPConnection] = set()
        self._lock = threading.Lock()
        self._stopped = False

    def send(self, sent: Sent) -> Answered:
        """Sends a call once and reads its reply to the end. Never raises."""
        connection = self._connection(sent.place)
        with self._lock:
            if self._stopped:
                return Answered(http_status=None, reply=None, fault="stopped")
            self._open.add(connection)
        try:
            return self._exchange(connection, sent)
        except (OSError, http.client.HTTPException) as error:
            return Answered(http_status=None, reply=None, fault=_words(error))
        except ValueError:
            # http.client's words of it quote the header, which may be the key.
            fault = "a header, or the key, has characters that cannot be sent"
            return Answered(http_status=None, reply=None, fault=fault)
        finally:
            with self._lock:
                self._open.discard(connection)
            connection.close()

    def stop(self) -> None:
        """Ends the calls under way, and sends no more. Again is harmless."""
        with self._lock:
            self._stopped = True
            for connection in self._open:
                # It is made by the connection's own thread, and may not be there yet.
                if (open_socket := connection.sock) is not None:
                    with contextlib.suppress(OSError):
                        open_socket.shutdown(socket.SHUT_RDWR)

    def _connection(self, place: Place) -> http.client.HTTPConnection:
        if place.scheme == "http":
            return http.client.HTTPConnection(_LOOPBACK, self._port, timeout=TIMEOUT_S)
        made = http.client.HTTPSConnection(_LOOPBACK, self._port, timeout=TIMEOUT_S, context=self._tls)
        made.set_tunnel(place.host, place.port, {"Proxy-Authorization": self._user})
        return made

    def _exchange(self, connection: http.client.HTTPConnection, sent: Sent) -> Answered:
        plain = sent.place.scheme == "http"
        headers = {**sent.headers, **({"Proxy-Authorization": self._user} if plain else {})}
        connection.request(
            sent.method,
            sent.place.url + sent.target if plain else sent.target,
            sent.body,
            # Bytes: http.client would send a text as Latin-1.
            {name: value.encode() for name, value in headers.items()},
        )
        reply = connection.getresponse()
        pieces: list[bytes] = []
        fault = None
        try:
            while piece := reply.read1(_PIECE):
                pieces.append(piece)
        except (OSError, http.client.HTTPException) as error:
            fault = f"the reply ended early: {_words(error)}"
        content, unread = _decoded(b"".join(pieces), reply.headers.get("content-encoding", ""))
        body = Body(content=content, size=len(content), content_type=reply.headers.get("content-type"))
        return Answered(http_status=reply.status, reply=body, fault=fault or unread)


def _decoded(content: bytes, encoding: str) -> tuple[bytes, str | None]:
    try:
        decoder = content_decoder(encoding)
        return decoder.feed(content) + decoder.close(), None
    except WireError as error:
        return b"", f"the reply cannot be read: {error}"


def _words(error: Exception) -> str:
    if isinstance(error, http.client.IncompleteRead):
        return "the connection was cut"
    said = getattr(error, "strerror", None) or str(error)
    return said or type(error).__name__
