"""CallMeter: feed it the bytes of one call's request and reply, close it, and it gives the `Call`.

No I/O and no clock of its own: times are handed in. Bytes that cannot be read never raise; the call
is recorded as far as it is known, and `problem` says in one line what was wrong.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import msgspec

from sessiontap.apis.reading import ReplyFacts, RequestFacts
from sessiontap.call import Call, Status, UsageSource
from sessiontap.errors import WireError
from sessiontap.identity import Identity
from sessiontap.providers import Match
from sessiontap.redact import redact
from sessiontap.untrusted import LONGEST_LABEL, label
from sessiontap.wire.content import content_decoder
from sessiontap.wire.event import Event
from sessiontap.wire.jsontext import decode_head, decode_json
from sessiontap.wire.sniff import framing_for

Ending = Literal["clean", "cut", "client-left"]
"""How a reply ended: whole, cut by the proxy or upstream, or left by the client."""

_LONGEST_MESSAGE = 2000
_FIRST_ERROR_STATUS = 400
_END_OF_STREAM = b"[DONE]"
# What a compressed body may grow to; more would hold up the event loop for long.
_MOST_DECODED = 256 * 1024 * 1024
_MOST_DECODED_REQUEST = 64 * 1024 * 1024
_SENTENCES = {
    "clean": "the stream ended before its end",
    "cut": "the connection ended early",
    "client-left": "the client left",
}


@dataclass(frozen=True, slots=True)
class Moment:
    """One moment: the wall clock as the record has it, and a monotonic clock in seconds."""

    stamp: str
    monotonic: float


class CallMeter:
    """Measures one call. Use in this order: `request`, `running`, `reply`, `feed` …, `close`."""

    def __init__(self, match: Match, identity: Identity, call_id: str, started_at: str) -> None:
        self.match = match
        self.problem: str | None = None
        """What could not be read, in one line; None where all could."""
        self._request = RequestFacts()
        self._reader = match.api.reader()
        self._sent_at: float | None = None
        self._first_output_at: float | None = None
        self._http_status: int | None = None
        self._response_bytes = 0
        self._decoder = content_decoder("")
        self._framing = framing_for("", array=False)
        self._event_stream = False
        self._reading = True
        self._tapped = True
        self._call = Call(
            call_id=call_id,
            session_id=identity.session_id,
            session_name=identity.session_name,
            session_path=identity.session_path,
            session_source=identity.session_source,
            user_id=identity.user_id,
            properties=identity.properties,
            agent=identity.agent,
            provider=match.provider,
            api=match.api.name,
            operation=match.api.operation,
            host=match.host,
            url_path=match.url_path,
            attempt=identity.attempt,
            billing="free" if match.api.free else "metered",
            status="running",
            started_at=started_at,
        )

    def request(self, body: bytes | None, encoding: str, sent_at: float) -> None:
        """Takes the whole request body, as it was sent; `sent_at` is the monotonic time of its last byte.

        None is a body that nobody kept (it was streamed): what it says is not known.
        """
        self._sent_at = sent_at
        if body is None:
            return
        try:
            decoder = content_decoder(encoding, limit=_MOST_DECODED_REQUEST)
            text = decoder.feed(body) + decoder.close()
            self._request = self.match.api.read_request(decode_head(text) if text else {})
        except WireError as error:
            self._report(f"request body: {error}")
        self._call = msgspec.structs.replace(
            self._call,
            request_model=label(self._request.model or self.match.model),
            stream=self._request.stream or self.match.streams,
            user_id=self._call.user_id or self._request.user,
            request_bytes=len(body),
        )

    def running(self) -> Call:
        """The call as it stands before the reply."""
        return self._call

    def reply(self, status: int, content_type: str, encoding: str) -> None:
        """Takes the reply's status line and the two headers that say how to read its body."""
        self._http_status = status
        self._event_stream = "event-stream" in content_type.lower()
        self._framing = framing_for(content_type, array=self.match.api.array_stream)
        try:
            self._decoder = content_decoder(encoding, limit=_MOST_DECODED)
        except WireError as error:
            self._give_up(error)

    def not_tapped(self) -> None:
        """The reply went by without being handed in: what it said is not known."""
        self._tapped = False
        self._report("reply: another addon took the stream, so nothing of it was read")

    def feed(self, data: bytes, now: float) -> None:
        """Takes the next bytes of the reply's body, as they came over the wire."""
        self._response_bytes += len(data)
        if not self._reading:
            return
        try:
            self._read(self._framing.feed(self._decoder.feed(data)), now)
        except WireError as error:
            self._give_up(error)

    def close(self, ending: Ending, now: Moment) -> Call:
        """Ends the call and gives it, as far as it is known; unpriced."""
        self._flush(now.monotonic, whole=ending == "clean")
        facts = self._reader.facts()
        status = self._status(facts, ending)
        error_type, error_message = self._error(facts, status, ending)
        running = status == "running"
        return msgspec.structs.replace(
            self._call,
            status=status,
            response_model=label(facts.model),
            response_id=label(facts.response_id),
            stream=self._streamed,
            finish_reasons=tuple(reason[:LONGEST_LABEL] for reason in facts.finish_reasons),
            tools=facts.tools,
            http_status=self._http_status,
            error_type=error_type,
            error_message=error_message,
            ended_at=None if running else now.stamp,
            ttft_ms=self._since_sent(self._first_output_at),
            duration_ms=None if running else self._since_sent(now.monotonic),
            usage=facts.usage,
            usage_parts=facts.usage_parts,
            usage_source=self._usage_source(facts, ending),
            service_tier=label(facts.service_tier),
            response_bytes=self._response_bytes if self._tapped else None,
        )

    @property
    def _streamed(self) -> bool:
        return self._call.stream or self._event_stream

    def _read(self, events: list[Event], now: float) -> None:
        for event in events:
            if event.data == _END_OF_STREAM:
                continue
            try:
                parsed = decode_json(event.data)
            except WireError as error:
                self._report(f"reply: {error}")
                continue
            # Google answers some errors as a list of one object.
            for item in parsed if isinstance(parsed, list) else [parsed]:
                if isinstance(item, dict) and self._reader.feed(item) and self._first_output_at is None:
                    self._first_output_at = now

    def _flush(self, now: float, *, whole: bool) -> None:
        """Reads what decoder and framing still hold; a cut reply may end anywhere, which is no problem."""
        tail = b""
        if self._reading:
            try:
                tail = self._decoder.close()
            except WireError as error:
                if whole:
                    self._report(f"reply: {error}")
        problem = self.problem
        try:
            self._read(self._framing.feed(tail) + self._framing.close(), now)
        except WireError as error:
            self._give_up(error)
        if self._framing.dropped:
            self._report(f"reply: {self._framing.dropped} events were too large to be read")
        if not whole or (self._http_status or 0) >= _FIRST_ERROR_STATUS:
            # Half an event, or a gateway's page of HTML, is nothing that the user should look into.
            self.problem = problem

    def _give_up(self, error: WireError) -> None:
        self._reading = False
        self._report(f"reply: {error}")

    def _report(self, problem: str) -> None:
        self.problem = self.problem or redact(problem)

    def _status(self, facts: ReplyFacts, ending: Ending) -> Status:
        if (self._http_status or 0) >= _FIRST_ERROR_STATUS or facts.error_type is not None:
            return "error"
        if facts.pending and ending == "clean":
            return "running"
        if facts.complete or (ending == "clean" and not self._streamed):
            return "ok"
        return "cancelled" if ending == "client-left" else "interrupted"

    def _error(self, facts: ReplyFacts, status: Status, ending: Ending) -> tuple[str | None, str | None]:
        # Cut before as well: redacting megabytes takes time. Twice as long, so that no key is cut in two.
        message = redact((facts.error_message or "")[: 2 * _LONGEST_MESSAGE])[:_LONGEST_MESSAGE] or None
        if status == "error":
            return redact(label(facts.error_type) or str(self._http_status)), message
        if status in {"cancelled", "interrupted"}:
            return status, _SENTENCES[ending]
        return None, None

    def _usage_source(self, facts: ReplyFacts, ending: Ending) -> UsageSource:
        if not facts.usage:
            return "none"
        whole = facts.complete or (ending == "clean" and not self._streamed)
        return "reported" if whole else "partial"

    def _since_sent(self, moment: float | None) -> int | None:
        if moment is None or self._sent_at is None:
            return None
        return max(round((moment - self._sent_at) * 1000), 0)
