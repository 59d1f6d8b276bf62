"""Capture: keeps what one call sends and gets while it runs, up to a limit. No I/O, no copies."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

import msgspec

from sessiontap.bodies import Body, CallBodies, LeftOut, Piece, kept_headers, kept_target
from sessiontap.call import Call
from sessiontap.identity import Claims
from sessiontap.settings import Settings

# What comes within so many milliseconds is one piece.
_TOGETHER_MS = 50
_MOST_PIECES = 100_000


class Metered(NamedTuple):
    """A call as it began or ended, and its bodies where it has ended and they are kept."""

    call: Call
    bodies: CallBodies | None = None


class Capture:
    """Both sides of one call. Feed it decoded bytes in order; `bodies` gives what it has, at any time."""

    __slots__ = ("_headers", "_limit", "_method", "_reply", "_request", "_target")

    def __init__(
        self,
        *,
        limit: int,
        method: str = "",
        target: str = "",
        headers: Mapping[str, str] | None = None,
        omit_request: bool = False,
        omit_reply: bool = False,
    ) -> None:
        """`limit` is in bytes, for each side; what the client asks to omit is never kept."""
        self._limit = limit
        self._method = method
        self._target = kept_target(target)
        self._headers = kept_headers(headers or {})
        self._request = _Side("asked" if omit_request else None)
        self._reply = _Side("asked" if omit_reply else None)

    def request(self, content: bytes, content_type: str = "") -> None:
        """Takes the request's body, whole."""
        self._request.content_type = content_type or None
        self._request.add(content, self._limit, 0, apart=False)

    def reply_type(self, content_type: str) -> None:
        """Takes what the reply says that it is."""
        self._reply.content_type = content_type or None

    def reply(self, content: bytes, at_ms: int) -> None:
        """Takes the next bytes of the reply; `at_ms` counts from the request's last byte."""
        self._reply.add(content, self._limit, at_ms, apart=False)

    def sent(self, message: bytes, at_ms: int) -> None:
        """Takes a message that the client sent on a socket."""
        self._request.add(message, self._limit, at_ms, apart=True)

    def received(self, message: bytes, at_ms: int) -> None:
        """Takes a message that came on a socket."""
        self._reply.add(message, self._limit, at_ms, apart=True)

    def unreadable_request(self) -> None:
        """The request's content-encoding could not be undone."""
        self._request.lose()

    def unreadable_reply(self) -> None:
        """The reply's could not be undone from here on."""
        self._reply.lose()

    def stated_in(self, call: Call) -> Call:
        """The call's record, with the limit where one of the sides was longer."""
        if not (self._request.was_cut or self._reply.was_cut):
            return call
        return msgspec.structs.replace(call, body_limit=self._limit)

    def bodies(self, call: Call) -> CallBodies:
        """What was kept, as the bodies of that call."""
        return CallBodies(
            call_id=call.call_id,
            session_id=call.session_id,
            method=self._method,
            target=self._target,
            headers=self._headers,
            request=self._request.body(),
            reply=self._reply.body(),
        )


def capture_for(
    settings: Settings, claims: Claims, *, method: str, target: str, headers: Mapping[str, str]
) -> Capture | None:
    """The capture of a call that begins, or None where nothing is to be kept of it."""
    if settings.capture == "none":
        return None
    return Capture(
        limit=settings.capture_limit,
        method=method,
        target=target,
        headers=headers,
        omit_request=claims.omit_request,
        omit_reply=claims.omit_reply,
    )


@dataclass(slots=True)
class _Side:
    left_out: LeftOut | None
    content_type: str | None = None
    size: int = 0
    kept: int = 0
    was_cut: bool = False
    seen: bool = False
    chunks: list[bytes] = field(default_factory=list)
    pieces: list[Piece] = field(default_factory=list)

    def add(self, content: bytes, limit: int, at_ms: int, *, apart: bool) -> None:
        self.seen = True
        self.size += len(content)
        if self.left_out is not None or not content:
            return
        if self.was_cut or len(self.pieces) >= _MOST_PIECES:
            self.was_cut = True
            return
        room = limit - self.kept
        if len(content) > room:
            content, self.was_cut = content[:room], True
        self.kept += len(content)
        self.chunks.append(content)
        last = self.pieces[-1] if self.pieces else None
        if last is not None and not apart and at_ms - last.at_ms < _TOGETHER_MS:
            self.pieces[-1] = Piece(last.at_ms, last.size + len(content))
        else:
            self.pieces.append(Piece(at_ms, len(content)))

    def lose(self) -> None:
        self.seen = True
        self.left_out = self.left_out or "unreadable"

    def body(self) -> Body | None:
        if not self.seen:
            return None
        return Body(
            content=b"".join(self.chunks) if self.chunks or self.left_out is None else None,
            size=self.size,
            content_type=self.content_type,
            left_out=self.left_out,
            pieces=tuple(self.pieces) if len(self.pieces) > 1 else (),
        )
