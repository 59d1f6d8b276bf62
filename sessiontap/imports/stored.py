"""What one flow of a capture says, in whatever file it was kept: the readers give it, the meters take it.

Times are seconds since the epoch. None is *not known*: the file does not say it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from sessiontap.apis.reading import ErrorFacts
from sessiontap.record import Ending

# The year 9999 ends here; no later moment can be written down.
_END_OF_TIME = 253_402_300_799.0


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredReply:
    """A reply. `body` fits `headers`: where it is stored decoded, they name no content coding."""

    status: int
    headers: Mapping[str, str]
    """Names are lower case."""
    body: bytes | None
    """None where it was not kept."""
    size: int | None
    """Its bytes on the wire."""


@dataclass(frozen=True, slots=True)
class StoredMessage:
    """A whole message of a WebSocket."""

    sent: bool
    """By the client."""
    data: bytes
    at: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredSocket:
    """The messages of a WebSocket, in order."""

    messages: tuple[StoredMessage, ...]
    refusal: ErrorFacts | None = None
    """What was wrong, where the provider closed it and said so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredFlow:
    """A request, and what came of it."""

    key: str
    """What tells it from all others; the same whenever the same capture is read."""
    method: str
    hosts: tuple[str, ...]
    """The names that the host may go by, the likeliest first."""
    target: str
    """The path with its query."""
    headers: tuple[tuple[str, str], ...]
    """Of the request, in order; the body fits them as a reply's does."""
    proxy_user: str | None
    body: bytes | None
    """None where it was not kept."""
    size: int | None
    """The body's bytes on the wire."""
    started_at: float
    sent_at: float | None
    """When the request's last byte was sent."""
    ended_at: float | None
    ending: Ending
    reply: StoredReply | None = None
    socket: StoredSocket | None = None


@dataclass(frozen=True, slots=True)
class Unreadable:
    """One flow of a file that cannot be read, while others can."""

    reason: str


def moment(value: object) -> float | None:
    """A time that can be written down; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    # Compared before it becomes a float: a whole number may be larger than any.
    return float(value) if 0 <= value <= _END_OF_TIME and math.isfinite(value) else None


def joined(headers: tuple[tuple[str, str], ...]) -> dict[str, str]:
    """Headers by their names in lower case; what came several times is joined by commas (RFC 9110, 5.3)."""
    found: dict[str, str] = {}
    for name, value in headers:
        key = name.lower()
        found[key] = f"{found[key]}, {value}" if key in found else value
    return found
