"""replies_of: the replies in a call's stored body, each as messages.

Read as the meter reads them: the same framings, and whatever stands in no event of a reply is given as it is.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator

from sessiontap.apis import APIS
from sessiontap.apis.reading import read_error
from sessiontap.bodies import Body
from sessiontap.conversation.mending import decode_shallow, mended
from sessiontap.conversation.messages import messages_of
from sessiontap.conversation.parts import Media, MediaKind, Message, Text, Unknown
from sessiontap.conversation.sockets import socket_messages
from sessiontap.errors import WireError
from sessiontap.replies import maker
from sessiontap.untrusted import JsonObject, clean
from sessiontap.wire.sniff import framing_for

_DONE = b"[DONE]"
_MEDIA: tuple[MediaKind, ...] = ("image", "audio", "video")
_LINES = ("ndjson", "jsonl", "json-lines", "stream+json", "json-stream", "jsonlines")


def replies_of(api: str, body: Body) -> list[list[Message]]:
    """The replies to choose from, mostly one, an item a message; an error is an `Unknown` of that kind."""
    content, kind = body.content or b"", (body.content_type or "").lower()
    medium = next((each for each in _MEDIA if kind.startswith(f"{each}/")), None)
    if medium is not None:
        data = base64.b64encode(content).decode("ascii")
        return [[Message("assistant", (Media(medium, kind.partition(";")[0], data=data),))]] if data else []
    making, events = maker(api), list(events_of(api, body))
    errors: list[Message] = []
    for event in events:
        if making is not None:
            making.feed(event)
        if (error := read_error(event)) is not None and not error.bare:
            errors.append(Message("assistant", (Unknown("error", event),)))
    rows = [] if making is None else [_row(row) for row in making.messages()]
    rows = [row for row in rows if row]
    if errors:
        rows = [[*rows[0], *errors], *rows[1:]] if rows else [errors]
    return rows or _as_it_is(api, content, events)


def _as_it_is(api: str, content: bytes, events: list[JsonObject]) -> list[list[Message]]:
    """A reply in which no message was found: its events, or its text."""
    if events:
        said: object = events[0] if len(events) == 1 else events
        return [[Message("assistant", (Unknown(_what(api, events[0]), said),))]]
    words = clean(content.decode("utf-8", "replace"))
    if not words.strip():
        return []
    part = Text(words) if APIS[api].text_replies else Unknown("reply", words)
    return [[Message("assistant", (part,))]]


def events_of(api: str, body: Body) -> Iterator[JsonObject]:
    """The events of a reply; all of a plain one. What is no JSON object is passed over."""
    for data in _texts(api, body):
        if data == _DONE:
            continue
        try:
            value = decode_shallow(data)
        except WireError:
            continue
        # Google answers some errors as a list of one object.
        yield from (
            each for each in (value if isinstance(value, list) else [value]) if isinstance(each, dict)
        )


def _texts(api: str, body: Body) -> Iterator[bytes]:
    content, kind = body.content or b"", body.content_type or ""
    if body.content_type is None and APIS[api].socket is not None:
        yield from socket_messages(body)
        return
    is_json = content.lstrip(b" \t\r\n\xef\xbb\xbf")[:1] in {b"{", b"["}
    if is_json and not any(name in kind.lower() for name in _LINES):
        # Not through the framing for one: it shortens what is long.
        yield mended(content)
        return
    framing = framing_for(kind, array=api in APIS and APIS[api].array_stream)
    try:
        yield from (event.data for event in framing.feed(content))
        yield from (event.data for event in framing.close())
    except WireError:
        return


def _row(row: object) -> list[Message]:
    found = row if isinstance(row, list | tuple) else []
    return [message for value in found for message in messages_of(value, "assistant")]


def _what(api: str, event: JsonObject) -> str:
    if read_error(event) is not None:
        return "error"
    return APIS[api].operation if api in APIS else "reply"
