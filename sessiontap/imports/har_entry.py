"""One entry of a HAR as a stored flow.

Written for what Chrome, Firefox, Safari, Charles, Proxyman and mitmproxy write, who leave out and add what
they like; anything may have any type. http://www.softwareishard.com/blog/har-12-spec/#entries
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from urllib.parse import urlsplit

from sessiontap.identity import basic_user
from sessiontap.imports.har_body import body_bytes, is_base64, is_coded
from sessiontap.imports.stored import (
    StoredFlow,
    StoredMessage,
    StoredReply,
    StoredSocket,
    Unreadable,
    joined,
    moment,
)
from sessiontap.record import Ending, left_by_client
from sessiontap.untrusted import JsonObject, count, items, obj, objects, text

_Headers = tuple[tuple[str, str], ...]

_BARE_ADDRESS = re.compile(r"([0-9a-f:]*:[0-9a-f:]*):\d{1,5}", re.IGNORECASE)
_SCHEMES = ("http", "https", "ws", "wss")
_PAIR = 2
# Before the request is sent; `ssl` is a part of `connect`.
_BEFORE = ("blocked", "dns", "connect")


def stored_flow(entry: object, *, by_mitmproxy: bool) -> StoredFlow | Unreadable:
    """The flow of an entry; Unreadable where it lacks what no flow can be without.

    mitmproxy writes when the request began and how long its server took to be connected, which was before.
    """
    request = obj(entry, "request")
    method, url = text(request, "method"), text(request, "url")
    if method is None or url is None:
        return Unreadable("an entry names no method or no URL")
    place = _place(url)
    if place is None:
        return Unreadable("an entry's URL is none of http, https, ws or wss")
    started_at = _epoch(text(entry, "startedDateTime"))
    if started_at is None:
        return Unreadable("an entry's startedDateTime is no time")
    headers, body, size = _request(request)
    sent_at, ended_at = _times(entry, started_at, by_mitmproxy=by_mitmproxy)
    reply = _reply(obj(entry, "response"))
    return StoredFlow(
        key=_key(started_at, method, url, body, reply),
        method=method,
        hosts=(place[0],),
        target=place[1],
        headers=headers,
        proxy_user=basic_user(joined(headers).get("proxy-authorization", "")),
        body=body,
        size=size,
        started_at=started_at,
        sent_at=sent_at,
        ended_at=ended_at,
        ending=_ending(obj(entry, "response"), reply),
        reply=reply,
        socket=_socket(entry),
    )


def _place(url: str) -> tuple[str, str] | None:
    """The host and the path with its query."""
    try:
        parts = urlsplit(url)
        # mitmproxy writes addresses of IPv6 without their brackets.
        bare = _BARE_ADDRESS.fullmatch(parts.netloc)
        host = bare[1] if bare else parts.hostname
    except ValueError:
        return None
    if parts.scheme.lower() not in _SCHEMES or not host:
        return None
    return host, (parts.path or "/") + (f"?{parts.query}" if parts.query else "")


def _epoch(stamp: str | None) -> float | None:
    """An ISO 8601 time; one without a zone is UTC."""
    try:
        found = datetime.fromisoformat((stamp or "").strip())
        return moment((found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp())
    except (ValueError, OverflowError):
        return None


def _times(entry: object, started_at: float, *, by_mitmproxy: bool) -> tuple[float | None, float | None]:
    """When the request's last byte was sent, and when the reply ended."""
    timings = obj(entry, "timings")
    wait, receive = _seconds(timings, "wait"), _seconds(timings, "receive")
    if wait is None or receive is None:
        whole = _seconds(entry, "time")
        return None, None if whole is None else moment(started_at + whole)
    before = 0.0 if by_mitmproxy else sum(_seconds(timings, name) or 0.0 for name in _BEFORE)
    sent_at = started_at + before + (_seconds(timings, "send") or 0.0)
    return moment(sent_at), moment(sent_at + wait + receive)


def _seconds(value: object, key: str) -> float | None:
    """A time in milliseconds, as seconds; -1 is *does not apply*."""
    found = moment(obj(value).get(key))
    return None if found is None else found / 1000


def _headers(message: JsonObject) -> _Headers:
    return tuple(_pairs(items(message, "headers")))


def _pairs(headers: list[object]) -> Iterator[tuple[str, str]]:
    for header in headers:
        # Slack's are lists of two.
        named = {"name": header[0], "value": header[1]} if _is_pair(header) else header  # type: ignore[index]
        name = text(named, "name")
        # Chrome lists HTTP/2's pseudo-headers too.
        if name is not None and not name.startswith(":"):
            yield name, text(named, "value") or ""


def _is_pair(header: object) -> bool:
    return isinstance(header, list) and len(header) == _PAIR


def _request(request: JsonObject) -> tuple[_Headers, bytes | None, int | None]:
    """Headers, body, and the body's size on the wire."""
    headers, posted = _headers(request), obj(request, "postData")
    told = text(posted, "text")
    if told is None:
        # Sent without a body, or what a form held is listed and its bytes are not kept.
        there = bool(posted or count(request, "bodySize"))
        return headers, None if there else b"", None if there else 0
    encoding = text(posted, "encoding") or text(posted, "_encoding") or ""
    content_type = joined(headers).get("content-type") or text(posted, "mimeType") or ""
    return _fitted(headers, told, encoding, content_type, count(request, "bodySize"))


def _reply(response: JsonObject) -> StoredReply | None:
    """The reply; None where none came (its status is 0 then)."""
    status = count(response, "status")
    if not status:
        return None
    headers, content = _headers(response), obj(response, "content")
    named = joined(headers)
    told = text(content, "text")
    if told is None:
        # An empty body and one that was not kept look alike, but where the reply says its length.
        empty = named.get("content-length", "").strip() == "0"
        return StoredReply(
            status=status, headers=named, body=b"" if empty else None, size=0 if empty else None
        )
    content_type = named.get("content-type") or text(content, "mimeType") or ""
    fitted, body, size = _fitted(
        headers, told, text(content, "encoding") or "", content_type, count(response, "bodySize")
    )
    return StoredReply(
        status=status, headers={**joined(fitted), "content-type": content_type}, body=body, size=size
    )


def _fitted(
    headers: _Headers, told: str, encoding: str, content_type: str, said: int | None
) -> tuple[_Headers, bytes | None, int | None]:
    """The headers that fit the body, the body, and its size on the wire.

    The headers are those of the wire, the body is decoded: they name no coding any more.
    """
    coding = joined(headers).get("content-encoding", "").strip().lower()
    body = body_bytes(told, encoding, content_type)
    if body is None or coding in {"", "identity"}:
        return headers, body, said if body is None else len(body)
    if is_base64(encoding) and is_coded(body, content_type):
        return headers, body, len(body)
    plain = tuple(pair for pair in headers if pair[0].lower() != "content-encoding")
    return plain, body, said or None


def _ending(response: JsonObject, reply: StoredReply | None) -> Ending:
    error = text(response, "_error")
    if reply is not None and error is None:
        return "clean"
    return "client-left" if left_by_client(error or "") else "cut"


def _socket(entry: object) -> StoredSocket | None:
    """The messages as Chrome writes them, and mitmproxy after it; who closed the socket is not told."""
    if not isinstance(entry, dict) or "_webSocketMessages" not in entry:
        return None
    return StoredSocket(messages=tuple(_messages(entry)))


def _messages(entry: JsonObject) -> Iterator[StoredMessage]:
    for message in objects(entry, "_webSocketMessages"):
        kind, data = text(message, "type"), text(message, "data")
        if kind not in {"send", "receive"} or data is None:
            continue
        # Opcode 1 is a text, 2 is binary (RFC 6455, 5.2).
        told = body_bytes(data, "base64" if count(message, "opcode") == 2 else "", "text/")  # noqa: PLR2004
        if told is not None:
            yield StoredMessage(kind == "send", told, moment(message.get("time")))


def _key(started_at: float, method: str, url: str, body: bytes | None, reply: StoredReply | None) -> str:
    """What tells the entry from others: a HAR gives its entries no ids."""
    parts = (method, url, _digest(body), _digest(None if reply is None else reply.body))
    return " ".join(["har", f"{started_at:.6f}", *parts])


def _digest(body: bytes | None) -> str:
    return "-" if body is None else hashlib.sha256(body).hexdigest()
