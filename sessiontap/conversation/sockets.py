"""Calls on WebSockets: whether a call was one, and the messages that one side of it holds, in order."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from sessiontap.apis import APIS
from sessiontap.bodies import Body, CallBodies

_decoder = json.JSONDecoder()
_blank = re.compile(r"[ \t\r\n]*")


def on_socket(api: str, bodies: CallBodies) -> bool:
    """True where the call was on a socket: a handshake is a GET, and no message has a content type.

    What was imported may have no method.
    """
    if bodies.method:
        return bodies.method == "GET"
    untyped = bodies.request is not None and bodies.request.content_type is None
    return untyped and api in APIS and APIS[api].socket is not None


def socket_messages(body: Body) -> list[bytes]:
    """Each message, by where the pieces say that it ends; by where its JSON does, where nothing says so.

    A body of one message is that.
    """
    content = body.content or b""
    if len(body.pieces) > 1 and sum(piece.size for piece in body.pieces) == len(content):
        found, at = [], 0
        for piece in body.pieces:
            found.append(content[at : at + piece.size])
            at += piece.size
        return found
    return list(_by_json(content))


def _by_json(content: bytes) -> Iterator[bytes]:
    """What is left where no value can be read is given as it is."""
    text = content.decode("utf-8", "replace")
    at = 0
    while (start := _blank.match(text, at).end()) < len(text):  # type: ignore[union-attr]  # matches anywhere
        try:
            _, at = _decoder.raw_decode(text, start)
        except (ValueError, RecursionError):
            at = len(text)
        yield text[start:at].encode("utf-8", "replace")
