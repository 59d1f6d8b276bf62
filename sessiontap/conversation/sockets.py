"""socket_messages: the messages that one side of a call on a WebSocket holds, one after the other."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from sessiontap.bodies import Body

_decoder = json.JSONDecoder()
_blank = re.compile(r"[ \t\r\n]*")


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
