"""Double: a local HTTP/1.1 server that stands for model providers, over TLS with their host names.

It listens on 127.0.0.1 on a free port, keeps connections alive, answers by a handler and remembers
what it received. A connection that does not begin with TLS is served as plain http on the same port.
"""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable, Iterable
from email.utils import formatdate
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any, Self, cast

from sessiontap.demo.answer import Answer, Handler, ReceivedCall
from sessiontap.demo.certificates import make_certificates

_TLS_HANDSHAKE = b"\x16"  # the record type that every ClientHello begins with (RFC 8446, section 5.1)
_NO_BODY = (HTTPStatus.SWITCHING_PROTOCOLS, HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED)


class Double:
    """The providers' double, listening from construction until `close` (or the end of `with`).

    `hosts` are the names its certificate is good for; `folder` takes the throw-away keys. `handler` may
    be replaced at any time; it runs in a thread for each connection. What it raises becomes a 500 to the
    client and stands in `faults`, for the caller to look at.
    """

    def __init__(self, handler: Handler, *, hosts: Iterable[str], folder: Path) -> None:
        certificates = make_certificates(folder, hosts)
        self.handler = handler
        self.ca_file = certificates.ca_file
        self.faults: list[Exception] = []
        self._received: list[ReceivedCall] = []
        self._server = _Server(self, _server_context(certificates.leaf_file))
        self.port: int = self._server.server_address[1]
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.02,), name="double", daemon=True
        )
        self._thread.start()

    @property
    def received(self) -> tuple[ReceivedCall, ...]:
        """Every call so far, in the order in which they had arrived whole."""
        return tuple(self._received)

    def answer(self, call: ReceivedCall) -> Answer:
        """Remembers the call and asks the handler."""
        self._received.append(call)
        try:
            return self.handler(call)
        except Exception as fault:  # noqa: BLE001 - whatever a handler raises must not kill its connection unseen
            self.faults.append(fault)
            return Answer(status=500, chunks=(b"the double's handler failed",), chunked=False)

    def hand_over(self, take_over: Callable[[socket.socket], None], connection: socket.socket) -> None:
        """Leaves a connection to what an answer brought for it, until that returns."""
        try:
            take_over(connection)
        except OSError:
            raise  # the other side went away
        except Exception as fault:  # noqa: BLE001 - as in `answer`
            self.faults.append(fault)

    def close(self) -> None:
        """Cuts every connection and waits for the threads; again is harmless."""
        self._server.cut()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _server_context(leaf_file: Path) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(leaf_file)
    context.set_alpn_protocols(["http/1.1"])
    return context


class _Server(ThreadingHTTPServer):
    daemon_threads = False  # so that server_close waits for them

    def __init__(self, double: Double, context: ssl.SSLContext) -> None:
        self.double = double
        self.stopping = threading.Event()
        self._context = context
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()
        super().__init__(("127.0.0.1", 0), _Connection)

    def finish_request(self, request: Any, client_address: Any) -> None:
        """Serves one connection, in its own thread: the handshake must not hold up the others."""
        with self._lock:
            if self.stopping.is_set():
                return
            self._open.add(request)
        try:
            request.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if request.recv(1, socket.MSG_PEEK) == _TLS_HANDSHAKE:
                with self._context.wrap_socket(request.dup(), server_side=True) as secured:
                    super().finish_request(secured, client_address)
            else:
                super().finish_request(request, client_address)
        except OSError:
            # The other side went away or did not trust us: its affair, and mitmproxy's log tells it.
            return
        finally:
            with self._lock:
                self._open.discard(request)

    def cut(self) -> None:
        """Ends every open connection, and those that are yet to come."""
        with self._lock:
            # Cut first: an answer that wakes from its pause must not get its rest through.
            for connection in self._open:
                _cut(connection)
            self.stopping.set()


def _cut(connection: socket.socket) -> None:
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        return  # already gone


class _Connection(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def _serve(self) -> None:
        double = cast("_Server", self.server).double
        self._send(double.answer(self._receive()))

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = do_OPTIONS = _serve  # noqa: N815 - the base's names

    def _receive(self) -> ReceivedCall:
        if "chunked" in (self.headers.get("transfer-encoding") or "").lower():
            body = b"".join(iter(self._read_chunk, b""))
        else:
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
        return ReceivedCall(
            host=self.headers.get("host") or "",
            method=self.command,
            path=self.path,
            headers=tuple(self.headers.items()),
            body=body,
        )

    def _read_chunk(self) -> bytes:
        size = int(self.rfile.readline().partition(b";")[0], 16)
        data = self.rfile.read(size)
        while self.rfile.readline().strip() and not size:
            pass  # trailers, which only the last chunk may have
        return data

    def _send(self, answer: Answer) -> None:
        if answer.latency_s:
            self._pause(answer.latency_s)
        bodiless = answer.status in _NO_BODY or self.command == "HEAD"
        joined = b"" if answer.chunked or bodiless else b"".join(answer.chunks)
        self.send_response_only(answer.status)
        self.send_header("Date", formatdate(usegmt=True))
        for name, value in answer.headers:
            self.send_header(name, value)
        if answer.chunked and not bodiless:
            self.send_header("Transfer-Encoding", "chunked")
        elif answer.status not in _NO_BODY:
            self.send_header("Content-Length", str(len(joined)))
        self.end_headers()
        if answer.take_over:
            self.close_connection = True
            cast("_Server", self.server).double.hand_over(answer.take_over, self.connection)
        if bodiless:
            return
        if self._send_chunks(answer, answer.chunks if answer.chunked else (joined,)) and answer.chunked:
            self.wfile.write(b"0\r\n\r\n")

    def _send_chunks(self, answer: Answer, chunks: Iterable[bytes]) -> bool:
        """Sends the chunks; False where the connection was cut before their end."""
        sent = 0
        for chunk in chunks:
            if sent == answer.abort_after:
                break
            if sent and answer.delay_s:
                self._pause(answer.delay_s)
            if chunk:
                self.wfile.write(b"%x\r\n%b\r\n" % (len(chunk), chunk) if answer.chunked else chunk)
            sent += 1
        if sent != answer.abort_after:
            return True
        self.close_connection = True
        _cut(self.connection)
        return False

    def _pause(self, seconds: float) -> None:
        """Waits, but not for longer than the double stands."""
        cast("_Server", self.server).stopping.wait(seconds)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's name
        """Says nothing: what arrived stands in `Double.received`."""
