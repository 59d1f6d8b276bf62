"""Heartbeat: how a proxy is, asked through the proxy itself.

    GET http://sessiontap.invalid/heartbeat

The addon answers it. The name never resolves (RFC 6761, section 6.4), so no other proxy can give an answer
that is one. Only clients on the proxy's own machine get it.
"""

from __future__ import annotations

import http.client
import json
from dataclasses import asdict, dataclass
from typing import Any, Literal

HOST = "sessiontap.invalid"
PATH = "/heartbeat"

_LARGEST_BYTES = 1 << 20
_OK, _WANTS_PASSWORD = 200, 407

Silence = Literal["nothing listens", "no heartbeat", "wants a password"]
"""Why there is no heartbeat. `no heartbeat`: something is there that gives none, or not in time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """A provider's host at which clients would not have the proxy's certificate. Times are RFC 3339."""

    host: str
    count: int
    first_at: str
    last_at: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Heartbeat:
    """How a proxy is now. It has no secret."""

    version: str
    pid: int
    proxy_id: str
    home: str
    recording: bool
    """True only where a record could be written at this moment."""
    trouble: str | None
    """Why nothing can be recorded."""
    ca_file: str
    """What clients of this proxy must trust."""
    refused: tuple[Refused, ...]
    """By clients of this proxy, where no later call was recorded."""

    def encode(self) -> bytes:
        """As JSON."""
        return json.dumps(asdict(self)).encode()


def ask(
    port: int, timeout_s: float = 2.0, *, host: str = "127.0.0.1", authorization: str | None = None
) -> Heartbeat | None:
    """The heartbeat of the proxy on a port; None where there is none."""
    answer = listen(port, timeout_s, host=host, authorization=authorization)
    return answer if isinstance(answer, Heartbeat) else None


def listen(
    port: int, timeout_s: float = 2.0, *, host: str = "127.0.0.1", authorization: str | None = None
) -> Heartbeat | Silence:
    """The heartbeat of the proxy on a port, or why there is none. Goes there directly, past any other proxy.

    `authorization` is the value of Proxy-Authorization, for a proxy that wants one.
    """
    connection = http.client.HTTPConnection(host, port, timeout=timeout_s)
    headers = {"Host": HOST, "Connection": "close"}
    if authorization is not None:
        headers["Proxy-Authorization"] = authorization
    try:
        connection.connect()
    except (OSError, ValueError):
        return "nothing listens"
    try:
        connection.request("GET", f"http://{HOST}{PATH}", headers=headers)
        reply = connection.getresponse()
        if reply.status == _WANTS_PASSWORD:
            return "wants a password"
        body = reply.read(_LARGEST_BYTES) if reply.status == _OK else b""
    except (OSError, ValueError, http.client.HTTPException):
        return "no heartbeat"
    finally:
        connection.close()
    return _decode(body) or "no heartbeat"


def _decode(body: bytes) -> Heartbeat | None:
    """What a stranger answers may be anything."""
    try:
        found: Any = json.loads(body)
        beat = Heartbeat(
            version=_text(found["version"]),
            pid=int(found["pid"]),
            proxy_id=_text(found["proxy_id"]),
            home=_text(found["home"]),
            recording=found["recording"] is True,
            trouble=None if found["trouble"] is None else _text(found["trouble"]),
            ca_file=_text(found["ca_file"]),
            refused=tuple(
                Refused(
                    host=_text(each["host"]),
                    count=int(each["count"]),
                    first_at=_text(each["first_at"]),
                    last_at=_text(each["last_at"]),
                )
                for each in found["refused"]
            ),
        )
    except (ValueError, TypeError, KeyError, RecursionError):
        return None
    return beat


def _text(value: object) -> str:
    if not isinstance(value, str):
        message = f"{value!r} is no text"
        raise TypeError(message)
    return value
