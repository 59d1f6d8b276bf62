"""Recorded: a session as it can be played back. Its calls are read once, its replies as they are wanted."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from sessiontap.apis import APIS
from sessiontap.bodies import MEDIA_LEFT_OUT, Body, CallBodies
from sessiontap.call import Call
from sessiontap.conversation.sockets import on_socket, socket_messages
from sessiontap.errors import StoreError, WireError
from sessiontap.playback.asked import Asked, Reading, asked, kind_of
from sessiontap.providers import path_streams
from sessiontap.store.folders import BODIES_FILE
from sessiontap.store.ledger import Ledger
from sessiontap.store.session_bodies import SessionBodies
from sessiontap.store.spending import REFUSED
from sessiontap.wire.form import form_fields, is_form
from sessiontap.wire.jsontext import decode_head

PLAYED_ON_SOCKETS = frozenset({"openai.responses"})
"""The wire shapes whose sockets can be played: a call is one message, and the events after it its answer."""

_ENDED = frozenset({"ok", "error", "cancelled", "interrupted"})


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedCall:
    """A call that can be played back."""

    call: Call
    asked: Asked


class Recorded:
    """The calls of one session that can be played back, in the order in which they started.

    Only reads. Raises StoreError where the session has none that can be read.
    """

    def __init__(self, home: Path, session_id: str | None) -> None:
        self.session_id = session_id
        self._ledger = Ledger(home)
        self._reading = Reading()
        self._seen: tuple[object, ...] | None = None
        self._bodies: SessionBodies | None = None
        self.calls: list[RecordedCall] = []
        self.left_out: Counter[str] = Counter()
        """Why calls cannot be played back, in a few words, and how many."""
        self.text_only = False
        """True where media were left out of requests: what is asked has to be without, to be found in it."""
        self.look()

    def look(self) -> bool:
        """Reads again what has been recorded since; False where nothing has."""
        seen, self._seen = self._seen, self._stamp()
        if seen == self._seen:
            return False
        bodies = self._ledger.bodies(self.session_id)
        known = {each.call.call_id: each for each in self.calls}
        found: list[RecordedCall] = []
        left_out: Counter[str] = Counter()
        for call in self._ledger.calls(self.session_id):
            if (before := known.get(call.call_id)) is not None and before.call == call:
                found.append(before)
                continue
            of_call = _read(bodies, call.call_id)
            if (why := why_not(call, of_call)) is not None:
                left_out[why] += 1
            else:
                found.append(RecordedCall(call=call, asked=self._asked(call, of_call)))
        more = len(found) > len(self.calls)
        self.calls, self._bodies, self.left_out = found, bodies, left_out
        return more

    def _asked(self, call: Call, bodies: CallBodies | None) -> Asked:
        request = None if bodies is None else bodies.request
        if request is not None and MEDIA_LEFT_OUT in (request.content or b""):
            self.text_only = True
        socket = bodies is not None and on_socket(call.api, bodies)
        if socket and request is not None and not request.cut:
            # What else the client said of the call, to cancel it for instance, came later.
            messages = socket_messages(request)
            first = messages[0] if messages else b""
            request = Body(content=first, size=len(first))
        kind = kind_of(call, on_socket=socket)
        if not socket:
            kind = replace(kind, stream=_asked_to_stream(call, request))
        return asked(kind, call.session_path, request, None, self._reading)

    def _stamp(self) -> tuple[object, ...]:
        """What changes when a call, or what it was answered, is stored."""
        calls = self._ledger.path(self.session_id)
        return tuple(_stamp(path) for path in (calls, calls.with_name(BODIES_FILE)))

    def reply(self, call_id: str) -> Body:
        """What a call was answered. Raises StoreError where it is gone or damaged by now."""
        found = None if self._bodies is None else self._bodies.get(call_id)
        if found is None or found.reply is None or found.reply.content is None:
            message = f"the reply of call {call_id!r} is not there any more"
            raise StoreError(message)
        return found.reply


def why_not(call: Call, bodies: CallBodies | None) -> str | None:
    """Why a call cannot be played back, in a few words; None where it can."""
    if call.status not in _ENDED:
        return "not ended"
    if call.error_type == REFUSED:
        return "refused by a budget"
    if bodies is not None and on_socket(call.api, bodies) and call.api not in PLAYED_ON_SOCKETS:
        return "over a socket"
    if call.http_status is None:
        return "without a reply"
    reply = None if bodies is None else bodies.reply
    if reply is None or reply.content is None:
        return "reply not stored"
    if reply.cut:
        return "reply cut at the limit"
    return None


def _asked_to_stream(call: Call, request: Body | None) -> bool:
    """As it is known before the reply: the record calls a stream, too, what was one unasked.

    Or asked for in a word of its own, as speech is.
    """
    api = APIS.get(call.api)
    if not call.stream or api is None or request is None or not request.content or request.cut:
        return call.stream
    kind = request.content_type or ""
    try:
        if is_form(kind):
            said = form_fields(request.content, kind)
        else:
            said = decode_head(request.content, long=api.long_fields)
    except WireError:
        return call.stream
    return path_streams(call.url_path) or api.read_request(said).stream


def session_beside(session_id: str, begun: datetime) -> str:
    """The session of what is played with the very id of the recorded one, which stays as it is."""
    return f"{session_id}-playback-{begun:%Y%m%d-%H%M%S}"


def _stamp(path: Path) -> tuple[int, int, int] | None:
    try:
        there = path.stat()
    except OSError:
        return None
    return there.st_ino, there.st_size, there.st_mtime_ns


def _read(bodies: SessionBodies, call_id: str) -> CallBodies | None:
    try:
        return bodies.get(call_id)
    except StoreError:
        return None
