"""SocketPlayback: the sockets that are played, and which recorded call answers each question on them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from sessiontap.bodies import Body
from sessiontap.capture import Metered
from sessiontap.conversation.sockets import socket_messages
from sessiontap.errors import WireError
from sessiontap.masking import Masker
from sessiontap.playback import Found, Kind, Matcher, Recorded, asked
from sessiontap.proxy.socket_stage import Line, Script
from sessiontap.socket_meter import SocketMeter
from sessiontap.untrusted import JsonObject, obj, text
from sessiontap.wire.jsontext import decode_json

_QUESTIONS = frozenset({"response.create", "response.append"})


@dataclass(slots=True)
class _Played:
    script: Script
    model: str | None = None
    answered: dict[str | None, Found] = field(default_factory=dict)
    """By the id of the response that was given."""


class SocketPlayback:
    """The open sockets of one proxy that are played, by flow."""

    def __init__(self) -> None:
        self._open: dict[str, _Played] = {}

    def begin(self, flow_id: str) -> Script:
        """The script of a socket that opens; it is empty until a question comes."""
        script = Script(takes=lambda said: question(said.encode("utf-8", "replace")) is not None)
        self._open[flow_id] = _Played(script)
        return script

    def end(self, flow_id: str) -> None:
        """Forgets a socket."""
        self._open.pop(flow_id, None)

    def plays(self, flow_id: str) -> bool:
        """True for a socket that is played."""
        return flow_id in self._open

    def hear(
        self,
        flow_id: str,
        data: bytes,
        meter: SocketMeter,
        matcher: Matcher,
        recorded: Recorded,
        *,
        masker: Masker,
        at_once: bool,
    ) -> bool:
        """Takes a client's message, before it reaches the stage; False for a question without an answer.

        Raises StoreError where the answer cannot be read any more.
        """
        played, said = self._open[flow_id], question(data)
        if said is None:
            return True
        played.model = (
            text(said, "model") or text(obj(said, "response"), "model") or played.model or meter.model
        )
        kind = Kind(api=meter.api, model=played.model, stream=True, on_socket=True)
        body = Body(content=data, size=len(data))
        found = matcher.find(asked(kind, meter.path, body, masker), meter.session_id or "")
        if found is None:
            return False
        call = found.recorded.call
        played.script.answers.append(_lines(recorded.reply(call.call_id), at_once=at_once))
        played.answered[call.response_id] = found
        return True

    def found(self, flow_id: str, metered: Metered) -> Found | None:
        """The recorded call that has answered one of a socket's calls; None while it is under way."""
        played = self._open.get(flow_id)
        return None if played is None else played.answered.get(metered.call.response_id)


def question(data: bytes) -> JsonObject | None:
    """A client's message that begins a call; None for any other."""
    try:
        said = decode_json(data)
    except WireError:
        return None
    return said if isinstance(said, dict) and text(said, "type") in _QUESTIONS else None


def _lines(reply: Body, *, at_once: bool) -> Sequence[Line]:
    messages = socket_messages(reply)
    times = [piece.at_ms for piece in reply.pieces]
    if at_once or len(times) != len(messages):
        times = [0] * len(messages)
    return [Line(at_ms, each.decode("utf-8", "replace")) for at_ms, each in zip(times, messages, strict=True)]
