"""Bodies: what a call sent and what came back, as they are stored beside its record.

Content-encodings are undone; nothing else is changed before the store masks credentials. No header with a
credential is in here, and no query parameter that may hold one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple

LeftOut = Literal["asked", "media", "unreadable"]
"""Why a body is not there: the client asked for that (`Helicone-Omit-…`), it is no text and only text is
kept, or its content-encoding could not be undone (then what came before may be there)."""

KEPT_HEADERS = ("accept", "anthropic-beta", "anthropic-version", "content-type", "openai-beta")
"""The request headers that say how a body is meant. No other is kept."""

MEDIA_LEFT_OUT = b"[media left out]"
"""What stands in a body in the place of media that were not kept."""

# Names of query parameters that may hold a credential, now or in a provider's next version.
_SECRET_PARAMETER = re.compile(r"(?i)key|token|secret|sig|pass|cred|auth|x-amz")
_TEXT_TYPE = re.compile(
    r"(?i)\s*(?:text/|application/(?:[\w.\-]+\+)?(?:json|x-ndjson|jsonl|stream\+json|xml))"
)
# Base64 as long as only pictures, sound and files are, in a JSON string; no word is that long.
_MEDIA_TEXT = re.compile(rb'(?<=["\',])[A-Za-z0-9+/_\-]{1024,}={0,2}(?=["\'\\])')


class Piece(NamedTuple):
    """A part of a body as it came over the wire."""

    at_ms: int
    """Milliseconds since the request's last byte; of a socket's call, since it began."""
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """One side of a call."""

    content: bytes | None
    """None where it was left out. Shorter than `size` where it was cut at the limit."""
    size: int
    """Bytes, of the whole body."""
    content_type: str | None = None
    left_out: LeftOut | None = None
    masked: bool = False
    """Credentials were taken out of the content: it is not what was sent."""
    pieces: tuple[Piece, ...] = ()
    """How the content came, in order: of a socket each message, else what came within some milliseconds.
    Their sizes sum to that of the content; none where it came at once."""

    @property
    def cut(self) -> bool:
        """True where the content is the beginning of the body only."""
        return self.content is not None and len(self.content) < self.size


@dataclass(frozen=True, slots=True, kw_only=True)
class CallBodies:
    """Both sides of a call. None is a side that was never seen."""

    call_id: str
    session_id: str | None
    method: str = ""
    target: str = ""
    """Path and query, without parameters that may hold a credential."""
    headers: Mapping[str, str]
    """Those of `KEPT_HEADERS` that the request has; names are lower case."""
    request: Body | None = None
    reply: Body | None = None

    @property
    def size(self) -> int:
        """About how many bytes of memory they hold."""
        return sum(len(side.content) for side in (self.request, self.reply) if side and side.content)


def kept_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """The headers of a request that are kept; `headers` finds names in any case."""
    return {name: headers[name] for name in KEPT_HEADERS if name in headers}


def kept_target(target: str) -> str:
    """A path with its query, without the parameters that may hold a credential."""
    path, _, query = target.partition("?")
    kept = [
        parameter
        for parameter in query.split("&")
        if parameter and not _SECRET_PARAMETER.search(parameter.partition("=")[0])
    ]
    return f"{path}?{'&'.join(kept)}" if kept else path


def text_only(bodies: CallBodies) -> CallBodies:
    """The same without pictures, sound and files: whole bodies that are no text, and base64 within JSON."""
    return replace(bodies, request=text_of(bodies.request), reply=text_of(bodies.reply))


def text_of(body: Body | None) -> Body | None:
    """One side of a call without pictures, sound and files; see `text_only`."""
    if body is None or body.content is None:
        return body
    if body.content_type and not _TEXT_TYPE.match(body.content_type):
        return replace(body, content=None, left_out="media", pieces=())
    content = _MEDIA_TEXT.sub(MEDIA_LEFT_OUT, body.content)
    if len(content) == len(body.content):
        return body
    # Where each piece ends is not known any more; what was left out counts as seen, so the size follows.
    return replace(body, content=content, size=body.size - len(body.content) + len(content), pieces=())
