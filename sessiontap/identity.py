"""Which session, path, name, user and agent a call belongs to: header values and the proxy user -> Identity.

The rules stand in one order, and the first that answers wins; `session_source` says which it was.
The header names are Helicone's (https://docs.helicone.ai/features/sessions), read without regard to case.
"""

from __future__ import annotations

import base64
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import unquote

from sessiontap.call import SessionSource

_PROPERTY_PREFIX = "helicone-property-"


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Who and what a call belongs to. Texts are stored as sent, trimmed: they may hold anything."""

    session_id: str
    session_name: str | None
    session_path: str
    session_source: SessionSource
    user_id: str | None
    properties: dict[str, str]
    agent: str | None
    call_id: str | None
    """The client's own id for the call, where it is a UUID."""
    attempt: int | None
    """0 for a first try, where the SDK counts its tries."""
    omit_request: bool
    """The client asks that what it sends is not stored."""
    omit_reply: bool
    """The client asks that what comes back is not stored."""


def identify(headers: Iterable[tuple[str, str]], *, proxy_user: str | None, today: str) -> Identity:
    """The identity of a call.

    `headers` are its request headers in order (the last of a name wins), `proxy_user` the `ID` or
    `ID:NAME` of the proxy's URL, `today` an ISO date. A call that names no session goes into the
    day's `unassigned-…` session, source `none`.
    """
    known: dict[str, str] = {}
    properties: dict[str, str] = {}
    for name, raw in headers:
        value = _clean(raw)
        if not value:
            continue
        lowered = name.lower()
        if lowered.startswith(_PROPERTY_PREFIX):
            if property_name := _clean(lowered.removeprefix(_PROPERTY_PREFIX)):
                properties[property_name] = value
        else:
            known[lowered] = value
    session_id, name_of_rule, source = _session(known, proxy_user, today)
    return Identity(
        session_id=session_id,
        session_name=known.get("helicone-session-name") or name_of_rule,
        session_path=normalise_path(known.get("helicone-session-path", "/")),
        session_source=source,
        user_id=known.get("helicone-user-id"),
        properties=properties,
        agent=known.get("user-agent", "").partition(" ")[0] or None,
        call_id=_uuid(known.get("helicone-request-id", "")),
        attempt=_small_number(known.get("x-stainless-retry-count", "")),
        omit_request=known.get("helicone-omit-request", "").lower() == "true",
        omit_reply=known.get("helicone-omit-response", "").lower() == "true",
    )


def basic_user(authorization: str) -> str | None:
    """The `ID` or `ID:NAME` in the value of a `Proxy-Authorization` header; None where none can be read."""
    scheme, _, encoded = authorization.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        return base64.b64decode(encoded, validate=True).decode("utf-8", "replace")
    except ValueError:  # also what b64decode says of characters that are not ASCII
        return None


def normalise_path(path: str) -> str:
    """A path that begins with one `/`, with none doubled and none at the end: `a//b/` is `/a/b`."""
    return "/" + "/".join(segment for segment in path.strip().split("/") if segment.strip()).strip()


def _session(
    known: dict[str, str], proxy_user: str | None, today: str
) -> tuple[str, str | None, SessionSource]:
    if header := known.get("helicone-session-id"):
        return header, None, "header"
    if proxy_user:
        user, _, name = proxy_user.partition(":")
        if session_id := _clean(unquote(user)):
            return session_id, _clean(unquote(name)) or None, "proxy-user"
    return f"unassigned-{today}", None, "none"


def _clean(value: str) -> str:
    """The value trimmed; what is not Unicode text (a header may hold any bytes) becomes U+FFFD."""
    stripped = value.strip()
    if stripped.isascii():
        return stripped
    return stripped.encode("utf-8", "surrogateescape").decode("utf-8", "replace").strip()


def _uuid(value: str) -> str | None:
    try:
        return str(uuid.UUID(value))
    except ValueError:
        return None


def _small_number(value: str) -> int | None:
    return int(value) if value.isascii() and value.isdigit() and len(value) < 10 else None  # noqa: PLR2004 -- nobody retries 10^9 times
