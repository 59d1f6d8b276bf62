"""SocketMeter: feed it the messages of one WebSocket, and it gives the calls that begin and end in them.

No I/O and no clock of its own: times are handed in. A message that is no JSON object is passed over, and
no message makes it raise.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from urllib.parse import parse_qs

import msgspec

from sessiontap.apis.reading import ErrorFacts, RequestFacts, SocketRouter, Step
from sessiontap.call import Call
from sessiontap.capture import Capture, Metered
from sessiontap.errors import WireError
from sessiontap.identity import Claims, Follower, Identity
from sessiontap.providers import Match
from sessiontap.record import ANSWERED, Ending, Moment, Reply, begin, end
from sessiontap.untrusted import JsonObject, clean, label, obj
from sessiontap.usage import Usage
from sessiontap.wire.jsontext import SMALL_WITHIN, decode_head, decode_json

MOST_OPEN = 256
"""How many calls of one socket may be open at a time; of more, the oldest ends as cut."""

SWITCHING_PROTOCOLS = 101

# A client sends its whole conversation with each turn; only what stands on top of it is wanted.
_LARGE_SENT = 64 * 1024
_LARGE_RECEIVED = 16 * 1024 * 1024
_MODEL_KEYS = ("model", "deployment")


class SocketMeter:
    """Measures the calls of one socket. Feed `sent` and `received`; `close` once.

    Each gives the records of the calls that the message begins (their status is `running`) and ends.
    `target` is the path of the handshake with its query, which may name the model. A call's `http_status`
    is the handshake's 101 once the provider has answered it, and unknown before.
    """

    def __init__(
        self,
        match: Match,
        claims: Claims,
        *,
        target: str,
        new_call_id: Callable[[], str],
        new_capture: Callable[[], Capture | None] = lambda: None,
    ) -> None:
        self._match = match
        self._claims = claims
        self._identity: Identity | None = None
        self._new_call_id = new_call_id
        self._new_capture = new_capture
        self._model = match.model or _model_in_query(target)
        self._router: SocketRouter | None = match.api.socket() if match.api.socket else None
        self._open: dict[str, _OpenCall] = {}

    @property
    def budget(self) -> Decimal | None:
        """What the client lets its session cost, in USD; None where it does not say."""
        return self._claims.budget

    @property
    def path(self) -> str:
        """The path of the call that the client's latest message belongs to; `/` before there is one."""
        return "/" if self._identity is None else self._identity.session_path

    @property
    def session_id(self) -> str | None:
        """Its session."""
        return None if self._identity is None else self._identity.session_id

    @property
    def api(self) -> str:
        """The wire shape of its calls."""
        return self._match.api.name

    @property
    def model(self) -> str | None:
        """The model that the handshake names."""
        return self._model

    def sent(self, data: bytes, now: Moment) -> list[Metered]:
        """Takes a whole message of the client."""
        message = _read(data, _LARGE_SENT)
        if message is None or self._router is None:
            return []
        return self._take(self._router.sent(message), now, sent=data, message=message)

    def received(self, data: bytes, now: Moment) -> list[Metered]:
        """Takes a whole message of the provider."""
        message = _read(data, _LARGE_RECEIVED)
        if message is None or self._router is None:
            return []
        return self._take(self._router.received(message), now, received=data)

    def close(self, ending: Ending, now: Moment, error: ErrorFacts | None = None) -> list[Metered]:
        """Ends the calls that are open; `error` is the provider's reason for closing the socket."""
        ended = [self._end(key, ending, now, error) for key in list(self._open)]
        return [metered for metered in ended if metered is not None]

    def _take(
        self,
        steps: list[Step],
        now: Moment,
        *,
        sent: bytes = b"",
        received: bytes = b"",
        message: JsonObject | None = None,
    ) -> list[Metered]:
        calls: list[Metered | None] = []
        for step in steps:
            if step.begins is not None:
                identity = self._whose(message, sent)
                calls.append(self._begin(step, step.begins, identity, now, by_client=bool(sent)))
                if len(self._open) > MOST_OPEN:
                    calls.append(self._end(next(iter(self._open)), "cut", now))
            if (call := self._open.get(step.call)) is None:
                continue
            call.take(sent, received, now)
            if step.event is not None:
                call.read(step.event, now)
            if step.ends:
                calls.append(self._end(step.call, "clean", now))
        return [metered for metered in calls if metered is not None]

    def _whose(self, message: JsonObject | None, sent: bytes) -> Identity:
        """Whose a call is: its message may say so.

        One that says nothing goes with the one before, and so does one that the provider begins.
        """
        if message is None and self._identity is not None:
            return self._identity
        # The parameters stand at the top, or where the realtime APIs have them.
        said = {} if message is None else {**obj(message, "response"), **message}
        if self._identity is None:
            identity = self._claims.settled(said, sent)
            # Who follows it follows its first call; the others go with that.
            self._identity = replace(identity, follower=None)
            return identity
        identity = self._claims.unfollowed().settled(said, sent)
        if identity.session_source != "none":
            self._identity = identity
        return self._identity

    def _begin(
        self, step: Step, facts: RequestFacts, identity: Identity, now: Moment, *, by_client: bool
    ) -> Metered | None:
        record = begin(self._match, identity, self._new_call_id(), now.stamp)
        record = msgspec.structs.replace(
            record,
            operation=step.operation or record.operation,
            request_model=label(facts.model or self._model),
            stream=True,
            user_id=record.user_id or facts.user,
        )
        tentative = step.tentative or self._match.recognised_by_reply
        self._open[step.call] = _OpenCall(
            self._match,
            record,
            now,
            self._new_capture(),
            identity.follower,
            by_client=by_client,
            tentative=tentative,
        )
        return None if tentative else Metered(record)

    def _end(self, key: str, ending: Ending, now: Moment, error: ErrorFacts | None = None) -> Metered | None:
        return self._open.pop(key).end(ending, now, error)


class _OpenCall:
    """A call under way: what its messages have said so far."""

    __slots__ = (
        "_answered",
        "_began_at",
        "_by_client",
        "_capture",
        "_first_output_at",
        "_follower",
        "_reader",
        "_received",
        "_record",
        "_sent",
        "_sent_at",
        "_tentative",
    )

    def __init__(
        self,
        match: Match,
        record: Call,
        now: Moment,
        capture: Capture | None,
        follower: Follower | None,
        *,
        by_client: bool,
        tentative: bool,
    ) -> None:
        self._record = record
        self._capture = capture
        self._follower = follower
        self._reader = match.api.reader()
        self._by_client = by_client
        self._tentative = tentative
        self._began_at = self._sent_at = now.monotonic
        self._first_output_at: float | None = None
        self._sent = 0
        self._received = 0
        self._answered = False

    def take(self, sent: bytes, received: bytes, now: Moment) -> None:
        """Takes a message that belongs to the call; one of the two is empty."""
        self._sent += len(sent)
        self._received += len(received)
        self._answered = self._answered or bool(received)
        if self._capture is not None:
            at_ms = max(round((now.monotonic - self._began_at) * 1000), 0)
            if sent:
                self._capture.sent(sent, at_ms)
            if received:
                self._capture.received(received, at_ms)
        if sent and self._first_output_at is None:
            self._sent_at = now.monotonic

    def read(self, event: JsonObject, now: Moment) -> None:
        """Takes an event of the call."""
        if self._reader.feed(event) and self._first_output_at is None:
            self._first_output_at = now.monotonic
        if self._follower is not None:
            self._follower.hear(event)

    def end(self, ending: Ending, now: Moment, error: ErrorFacts | None) -> Metered | None:
        """The record of the ended call; None where it has turned out to be none."""
        facts = self._reader.facts()
        if self._tentative and not facts.usage and facts.error is None:
            return None
        if error is not None and not facts.complete:
            facts = replace(facts, error=facts.error or error)
        record = msgspec.structs.replace(self._record, request_bytes=self._sent or None)
        reply = Reply(
            facts=facts,
            ending=ending,
            streamed=True,
            http_status=SWITCHING_PROTOCOLS if self._answered else None,
            ended_at=now.stamp,
            # Nobody knows when the provider was asked for what it began by itself.
            ttft_ms=self._since_sent(self._first_output_at) if self._by_client else None,
            duration_ms=self._since_sent(now.monotonic),
            response_bytes=self._received,
        )
        call = end(record, reply, known_before=Usage())
        if self._follower is not None:
            self._follower.ended(answered=call.status in ANSWERED, heard=True, response_id=call.response_id)
        if self._capture is None:
            return Metered(call)
        return Metered(self._capture.stated_in(call), self._capture.bodies(call))

    def _since_sent(self, moment: float | None) -> int | None:
        return None if moment is None else max(round((moment - self._sent_at) * 1000), 0)


_members = msgspec.json.Decoder(dict[str, msgspec.Raw])


def _read(data: bytes, large: int) -> JsonObject | None:
    """The object of a message; of a large one, what is small in it and in the objects that it holds."""
    try:
        message = decode_json(data) if len(data) <= large else _without_the_large(data)
    except WireError:
        return None
    return message if isinstance(message, dict) else None


def _without_the_large(data: bytes) -> JsonObject | None:
    try:
        members = _members.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    message = decode_head(data)
    for key, raw in members.items():
        text = bytes(raw)
        if key not in message and text.startswith(b"{"):
            message[key] = decode_head(text, small=SMALL_WITHIN)
    return message


def _model_in_query(target: str) -> str | None:
    query = parse_qs(target.partition("?")[2].partition("#")[0], errors="replace")
    return next((clean(query[key][-1]) for key in _MODEL_KEYS if key in query), None)
