"""A double of the providers' WebSockets: a real server over TLS, with the providers' host names."""

from __future__ import annotations

import contextlib
import ssl
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from http import HTTPStatus
from pathlib import Path
from typing import cast

from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response
from websockets.sync.client import ClientConnection, connect
from websockets.sync.server import ServerConnection, serve

from sessiontap.demo.certificates import make_certificates
from sessiontap.demo.double import Double
from sessiontap.demo.proxy_process import ProxyProcess
from sessiontap.launch.started import StartedProxy

SocketHandler = Callable[[ServerConnection], None]
_ANY_SIZE = None
# Threaded clients and servers read and write at once. Right after a handshake of TLS 1.3 its tickets are read
# while the first message is written, which OpenSSL does not bear: about 1 socket in 1,000 hangs.
_NEWEST_TLS = ssl.TLSVersion.TLSv1_2


class SocketDouble:
    """Listens on 127.0.0.1 from construction until `close`; a handshake whose query says `refuse` gets a 403.

    `handler` may be replaced at any time; it runs in a thread for each socket, and what it raises stands in
    `faults`, but for sockets that the other side has closed.
    """

    def __init__(self, handler: SocketHandler, *, hosts: Iterable[str], folder: Path) -> None:
        certificates = make_certificates(folder, hosts)
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.maximum_version = _NEWEST_TLS
        context.load_cert_chain(certificates.leaf_file)
        self.handler = handler
        self.ca_file = certificates.ca_file
        self.faults: list[Exception] = []
        self._server = serve(
            self._serve, "127.0.0.1", 0, ssl=context, max_size=_ANY_SIZE, process_request=_refuse
        )
        self.port: int = self._server.socket.getsockname()[1]
        self._thread = threading.Thread(target=self._server.serve_forever, name="socket-double", daemon=True)
        self._thread.start()

    def _serve(self, socket: ServerConnection) -> None:
        try:
            self.handler(socket)
        except ConnectionClosed:
            return
        except Exception as fault:  # noqa: BLE001 - it must not get lost in the server's thread
            self.faults.append(fault)

    def close(self) -> None:
        """Ends the server; again is harmless."""
        self._server.shutdown()
        self._thread.join()


def _refuse(socket: ServerConnection, request: Request) -> Response | None:
    return socket.respond(HTTPStatus.FORBIDDEN, "no\n") if "?refuse" in request.path else None


@contextlib.contextmanager
def open_sockets(
    folder: Path, hosts: Iterable[str], *, scripts: Sequence[Path] = ()
) -> Iterator[tuple[SocketDouble, ProxyProcess]]:
    """Starts a double of sockets and a real mitmdump before it, and ends both."""
    double = SocketDouble(lambda _: None, hosts=hosts, folder=folder)
    with contextlib.closing(double):
        # A proxy wants no more of a double than its port and its CA.
        before = cast("Double", double)
        with ProxyProcess(
            home=folder / "home", confdir=folder / "conf", double=before, scripts=scripts
        ) as proxy:
            yield double, proxy
        assert double.faults == []


def open_socket(
    proxy: ProxyProcess | StartedProxy, url: str, *, compression: str | None = "deflate", **headers: str
) -> ClientConnection:
    """A client's socket through the proxy, trusting its CA only; `_` in the headers' names stands for `-`."""
    context = ssl.create_default_context(cafile=str(proxy.ca_file))
    context.maximum_version = _NEWEST_TLS
    return connect(
        url,
        ssl=context,
        proxy=proxy.url,
        compression=compression,
        max_size=_ANY_SIZE,
        additional_headers={name.replace("_", "-"): value for name, value in headers.items()},
    )
