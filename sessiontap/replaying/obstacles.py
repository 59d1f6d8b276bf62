"""obstacle: why a call cannot be sent again, in words for behind "skipped: "."""

from __future__ import annotations

from sessiontap.bodies import MEDIA_LEFT_OUT, Body, CallBodies
from sessiontap.call import UNRECORDED, UNSUPPORTED, Call
from sessiontap.conversation.sockets import on_socket
from sessiontap.replaying.members import value_of
from sessiontap.store.spending import REFUSED
from sessiontap.untrusted import JsonObject
from sessiontap.wire.form import is_form

_LEFT_OUT = {
    "asked": "its request was left out: the client asked for that",
    "media": "its request was left out: it is media, and only text is kept",
    "unreadable": "its request could not be read",
}
# Who keeps what was said, and would get it said twice.
_KEPT_BY_PROVIDER = frozenset({"openai.assistants", "bedrock.agent"})
# A job, whose result is asked for later.
_JOBS = frozenset({"openai.videos", "vertex.long_running"})


def obstacle(call: Call, bodies: CallBodies | None) -> str | None:
    """Why the call cannot be sent again; None where it can."""
    if call.error_type == REFUSED:
        return "a budget had refused it, and it was never sent"
    if call.error_type == UNRECORDED:
        return "a playback had refused it, and it was never sent"
    if call.error_type == UNSUPPORTED:
        return "it was to a gateway that leads to no provider, and it was never sent"
    if call.status == "running":
        return "it has not ended"
    if bodies is None or bodies.request is None:
        return "its request is not stored"
    request = bodies.request
    if on_socket(call.api, bodies):
        return "it went over a WebSocket"
    if is_form(request.content_type or ""):
        return "it is an upload"
    return _incomplete(request) or _kept_elsewhere(call, request.content or b"")


def _incomplete(request: Body) -> str | None:
    if request.left_out is not None:
        return _LEFT_OUT[request.left_out]
    if request.cut:
        return f"its request was cut at the limit: {len(request.content or b''):,} of {request.size:,} bytes"
    if request.masked:
        return "credentials in its request are masked"
    if MEDIA_LEFT_OUT in (request.content or b""):
        return "media in its request were left out"
    return None


def _kept_elsewhere(call: Call, content: bytes) -> str | None:
    """What would change what a provider keeps, or answers with a job."""
    if call.api in _KEPT_BY_PROVIDER:
        return "it goes on in a conversation that the provider keeps, and would be said in it twice"
    if call.api in _JOBS:
        return "it begins a job whose result is asked for later"
    said = value_of(content) if b'"background"' in content or b'"conversation"' in content else None
    top: JsonObject = said if isinstance(said, dict) else {}
    if top.get("background") is True:
        return "it works in the background, and its result is asked for later"
    if call.api == "openai.responses" and top.get("conversation"):
        return "it goes on in a conversation that the provider keeps, and would be said in it twice"
    return None
