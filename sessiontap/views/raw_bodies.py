"""The bodies of a call as they are stored: JSON over several lines, everything else as it came."""

from __future__ import annotations

import json
from collections.abc import Iterator

from sessiontap.bodies import Body, CallBodies
from sessiontap.conversation.mending import decode_shallow
from sessiontap.errors import WireError
from sessiontap.untrusted import JsonObject
from sessiontap.views.message_parts import pretty
from sessiontap.views.numbers import size
from sessiontap.views.safe_text import safe, safe_lines


def raw_lines(bodies: CallBodies | None) -> Iterator[str]:
    """The request's line, kept headers and body, then the reply's body; lines as long as they are."""
    if bodies is None:
        yield "Nothing is stored of the bodies."
        return
    yield f"{safe(bodies.method)} {safe(bodies.target, 2000)}".strip()
    yield from (f"{safe(name)}: {safe(value)}" for name, value in bodies.headers.items())
    for name, body in (("Request", bodies.request), ("Reply", bodies.reply)):
        yield ""
        yield f"{name}: {_about(body)}"
        yield from safe_lines(_text(body))


def bodies_json(bodies: CallBodies | None) -> bytes:
    """The same as one JSON object; a body is a text, null where it is not there."""
    said: JsonObject = {"request": None, "reply": None}
    if bodies is not None:
        said = {
            "method": bodies.method,
            "target": bodies.target,
            "headers": dict(bodies.headers),
            "request": _side(bodies.request),
            "reply": _side(bodies.reply),
        }
    return json.dumps(said, ensure_ascii=False).encode("utf-8", "replace")


def _side(body: Body | None) -> JsonObject | None:
    if body is None:
        return None
    return {
        "content": None if body.content is None else body.content.decode("utf-8", "replace"),
        "size": body.size,
        "content_type": body.content_type,
        "left_out": body.left_out,
        "masked": body.masked,
    }


def _about(body: Body | None) -> str:
    if body is None:
        return "not stored"
    known = [safe(body.content_type or ""), size(body.size)]
    if body.left_out is not None:
        known.append(f"left out ({body.left_out})")
    elif body.cut:
        known.append(f"of which {size(len(body.content or b''))} are stored")
    if body.masked:
        known.append("credentials masked")
    return ", ".join(each for each in known if each)


def _text(body: Body | None) -> str:
    if body is None or not body.content:
        return ""
    try:
        value = decode_shallow(body.content)
    except WireError:
        return body.content.decode("utf-8", "replace")
    return pretty(value)
