"""What the double receives and what it answers: plain values, and the handler between them."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeAlias

Headers: TypeAlias = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class ReceivedCall:
    """One call as it reached the double, after the proxy.

    `headers` keep order, case and repetitions; `body` is as sent, still compressed where it was.
    """

    host: str
    method: str
    path: str
    headers: Headers
    body: bytes

    def header(self, name: str) -> str | None:
        """The first header of that name, whatever its case."""
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the double sends back.

    `chunks` are taken one at a time and each is sent at once, so a generator may wait between them
    for whatever it likes. With `chunked` each is an HTTP/1.1 chunk (empty ones are left out, for an
    empty chunk would end the reply); without it they are joined under one Content-Length.
    `latency_s` is the pause before the status line, `delay_s` that before each chunk but the first.
    `abort_after` cuts the connection after so many chunks: before the end that the framing promises
    (a joined reply is one chunk, so only 0 cuts it, after the headers).
    `take_over` gets the connection after the headers of a reply that has no body, as a WebSocket's 101 is;
    when it returns the connection is closed.
    """

    status: int = 200
    headers: Headers = ()
    chunks: Iterable[bytes] = ()
    chunked: bool = True
    latency_s: float = 0.0
    delay_s: float = 0.0
    abort_after: int | None = None
    take_over: Callable[[socket.socket], None] | None = None


Handler: TypeAlias = Callable[[ReceivedCall], Answer]
