"""CallMeter: feed it the bytes of one call's request and reply, close it, and it gives the `Call`.

No I/O and no clock of its own: times are handed in. Bytes that cannot be read never raise; the call
is recorded as far as it is known, and `problem` says in one line what was wrong.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal

import msgspec

from sessiontap.apis.reading import ReplyFacts, RequestFacts
from sessiontap.call import Call, as_played
from sessiontap.capture import Capture
from sessiontap.errors import WireError
from sessiontap.identity import LARGE_MEMBERS, Claims, Follower
from sessiontap.providers import Match
from sessiontap.record import ANSWERED, FIRST_ERROR_STATUS, Ending, Moment, Reply, begin, end
from sessiontap.redact import redact
from sessiontap.untrusted import JsonObject, label
from sessiontap.usage import Usage
from sessiontap.wire.content import content_decoder
from sessiontap.wire.event import Event
from sessiontap.wire.form import form_fields, is_form
from sessiontap.wire.jsontext import decode_head, decode_json
from sessiontap.wire.sniff import framing_for

_END_OF_STREAM = b"[DONE]"
# What a compressed body may grow to; more would hold up the event loop for long.
_MOST_DECODED = 256 * 1024 * 1024
_MOST_DECODED_REQUEST = 64 * 1024 * 1024
# What a request may have for its input to be estimated: all of it is read then, at the stream's end.
_MOST_ESTIMATED = 16 * 1024 * 1024
# Sound and pictures: nothing in them says what they cost.
_MEDIA = ("audio/", "image/", "video/", "application/octet-stream")


class CallMeter:
    """Measures one call. Use in this order: `request`, `running`, `reply`, `feed` …, `close`."""

    def __init__(
        self,
        match: Match,
        claims: Claims,
        call_id: str,
        started_at: str,
        *,
        capture: Capture | None = None,
    ) -> None:
        self.match = match
        self.capture = capture
        """Gets both bodies, decoded; None where they are not to be kept."""
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
        self._media = False
        self._plain_text = False
        self._said_done = False
        self._decoding = True
        self._reading = True
        self._tapped = True
        self._headers: Mapping[str, str] = {}
        # The request's text, while it may be needed for an estimate; the proxy keeps the same bytes anyway.
        self._asked: bytes | None = None
        self._refused_as: str | None = None
        self._free = False
        self._follower: Follower | None = None
        self._claims = claims
        self._call_id = call_id
        self._started_at = started_at
        self._call: Call | None = None

    def request(self, body: bytes | None, headers: Mapping[str, str], sent_at: float) -> None:
        """Takes the whole request body, as it was sent; `sent_at` is the monotonic time of its last byte.

        None is a body that nobody kept (it was streamed): what it says is not known. Names of headers are
        lower case, or found in any case.
        """
        self._sent_at = sent_at
        if body is None:
            return
        text = self._decoded_request(body, headers.get("content-encoding", ""))
        said = {} if text is None else self._take_request(text, headers.get("content-type", ""))
        call = self._begun(said, text or b"")
        self._call = msgspec.structs.replace(
            call,
            request_model=label(self._request.model or self.match.model),
            stream=self._request.stream or self.match.streams,
            user_id=call.user_id or self._request.user,
            request_bytes=len(body),
        )

    def _decoded_request(self, body: bytes, encoding: str) -> bytes | None:
        try:
            decoder = content_decoder(encoding, limit=_MOST_DECODED_REQUEST)
            return decoder.feed(body) + decoder.close()
        except WireError as error:
            self._report(f"request body: {error}")
            if self.capture is not None:
                self.capture.unreadable_request()
            return None

    def _take_request(self, text: bytes, content_type: str) -> JsonObject:
        """Reads the request's body; what stands at the top of it, as far as it can be read."""
        # A poll has no body: it brings the reply of an earlier call.
        if self.capture is not None and self.match.kind != "poll":
            self.capture.request(text, content_type)
        try:
            said = self._top_of(text, content_type)
        except WireError as error:
            self._report(f"request body: {error}")
            return {}
        self._request = self.match.api.read_request(said)
        if self._request.stream and self.match.api.estimate_input and len(text) <= _MOST_ESTIMATED:
            self._asked = text
        return said

    def _top_of(self, text: bytes, content_type: str) -> JsonObject:
        """A form's fields, or the top of a JSON text."""
        if is_form(content_type):
            return form_fields(text, content_type)
        return decode_head(text, long=self.match.api.long_fields, within=LARGE_MEMBERS) if text else {}

    @property
    def budget(self) -> Decimal | None:
        """What the client lets the call's session cost, in USD; None where it does not say."""
        return self._claims.budget

    def refuse(self, kind: str) -> None:
        """The call is not sent: the reply that follows is ours, and this its `error_type`."""
        self._refused_as = kind

    def move(
        self, session_id: str | None, properties: Mapping[str, str] | None = None, *, free: bool = False
    ) -> None:
        """Has the call recorded in another session than it says, with more properties.

        `free` says that it costs nothing. To be used between `request` and the reply.
        """
        call = self.running()
        self._free = free
        self._call = msgspec.structs.replace(
            call, session_id=session_id, properties={**call.properties, **(properties or {})}
        )

    @property
    def told_id(self) -> str | None:
        """The call's id for a client that sends headers of Helicone's, and so may expect it; else None.

        A poll is no call, and has none.
        """
        return self._call_id if self._claims.by_helicone and self.match.kind == "call" else None

    @property
    def refused(self) -> bool:
        """True where the call is not sent."""
        return self._refused_as is not None

    def running(self) -> Call:
        """The call as it stands before the reply."""
        return self._begun({}, b"")

    def _begun(self, said: JsonObject, text: bytes) -> Call:
        """The record, whose it is settled by what the body says the first time that it is asked for."""
        if self._call is None:
            identity = self._claims.settled(said, text)
            self._follower = identity.follower
            self._call = begin(self.match, identity, self._call_id, self._started_at)
        return self._call

    def reply(self, status: int, headers: Mapping[str, str]) -> None:
        """Takes the reply's status and headers; names are lower case, or found in any case."""
        self._http_status = status
        self._headers = headers
        content_type = headers.get("content-type", "").lower()
        self._event_stream = "event-stream" in content_type or "eventstream" in content_type
        self._media = content_type.startswith(_MEDIA)
        plain = content_type.startswith("text/") and not self._event_stream
        self._plain_text = plain and self.match.api.text_replies
        self._framing = framing_for(content_type, array=self.match.api.array_stream)
        if self.capture is not None:
            self.capture.reply_type(headers.get("content-type", ""))
        try:
            self._decoder = content_decoder(headers.get("content-encoding", ""), limit=_MOST_DECODED)
        except WireError as error:
            self._decode_no_more(error)

    def not_tapped(self) -> None:
        """The reply went by without being handed in: what it said is not known."""
        self._tapped = False
        self._report("reply: another addon took the stream, so nothing of it was read")

    def feed(self, data: bytes, now: float) -> None:
        """Takes the next bytes of the reply's body, as they came over the wire."""
        self._response_bytes += len(data)
        if self._media:
            self._first_output_at = self._first_output_at or now
        to_read = self._reading and not self._media
        if not self._decoding or (self.capture is None and not to_read):
            return
        try:
            content = self._decoder.feed(data)
        except WireError as error:
            self._decode_no_more(error)
            return
        if self.capture is not None:
            self.capture.reply(content, self._since_sent(now) or 0)
        if not to_read:
            return
        try:
            self._read(self._framing.feed(content), now)
        except WireError as error:
            self._give_up(error)

    @property
    def over(self) -> bool:
        """True once the reply has said `[DONE]`: what may follow changes nothing."""
        return self._said_done

    @property
    def recognised(self) -> bool:
        """True where the call, as far as it has been read, can hardly be other than one of the wire shape.

        A reply that states usage is one. Any other may be a stranger's on the same path: there two have to
        come together of a model named by the request, one named by the reply, and output of it; or the
        first, and an error in its envelope.
        """
        facts, asked_for = self._reader.facts(), self.running().request_model is not None
        if facts.usage or (asked_for and facts.error is not None and not facts.error.bare):
            return True
        return asked_for + (facts.model is not None) + (self._first_output_at is not None) > 1

    def close(self, ending: Ending, now: Moment) -> Call:
        """Ends the call and gives it, as far as it is known; unpriced where the provider states no cost."""
        self._flush(now.monotonic, whole=ending == "clean")
        facts = self._facts()
        # What went by unseen may have said its end.
        if self._said_done or (ending == "clean" and not (self._tapped and self.match.api.says_its_end)):
            facts = replace(facts, complete=True)
        reply = Reply(
            facts=facts,
            ending=ending,
            streamed=self._streamed,
            http_status=self._http_status,
            ended_at=now.stamp,
            ttft_ms=self._since_sent(self._first_output_at),
            duration_ms=self._since_sent(now.monotonic),
            response_bytes=self._response_bytes if self._tapped else None,
            estimate=self._estimate(facts),
        )
        call = end(self.running(), reply, known_before=self._request.usage)
        if self._refused_as is not None:
            call = msgspec.structs.replace(call, error_type=self._refused_as)
        if self._free:
            call = as_played(call)
        if self._follower is not None:
            self._follower.ended(
                answered=call.status in ANSWERED,
                heard=self._tapped and self._reading,
                response_id=call.response_id,
            )
        return call if self.capture is None else self.capture.stated_in(call)

    def _facts(self) -> ReplyFacts:
        facts, read_headers = self._reader.facts(), self.match.api.read_headers
        return facts if read_headers is None else facts.filled_in_by(read_headers(self._headers))

    def _estimate(self, facts: ReplyFacts) -> Usage:
        """The usage by the text of request and reply; nothing where the reply stated it, or said nothing."""
        estimate_input = self.match.api.estimate_input
        unsaid = facts.usage.output_tokens is None and facts.tokens_seen > 0
        if estimate_input is None or self._asked is None or not unsaid:
            return Usage()
        try:
            body = decode_json(self._asked)
        except WireError:
            return Usage()
        if not isinstance(body, dict):
            return Usage()
        return Usage(input_tokens=estimate_input(body), output_tokens=max(round(facts.tokens_seen), 1))

    @property
    def _streamed(self) -> bool:
        return self.running().stream or self._event_stream

    def _read(self, events: list[Event], now: float) -> None:
        for event in events:
            if event.data == _END_OF_STREAM:
                self._said_done = True
                continue
            try:
                parsed = decode_json(event.data)
            except WireError as error:
                if not self._plain_text:
                    self._report(f"reply: {error}")
                continue
            # Google answers some errors as a list of one object.
            for item in parsed if isinstance(parsed, list) else [parsed]:
                if not isinstance(item, dict):
                    continue
                if self._reader.feed(item) and self._first_output_at is None:
                    self._first_output_at = now
                if self._follower is not None:
                    self._follower.hear(item)

    def _flush(self, now: float, *, whole: bool) -> None:
        """Reads what decoder and framing still hold; a cut reply may end anywhere, which is no problem."""
        tail = b""
        if self._media:
            return
        if self._reading:
            try:
                tail = self._decoder.close()
            except WireError as error:
                # A compressed stream's own end comes after [DONE].
                if whole and not self._said_done:
                    self._report(f"reply: {error}")
        problem = self.problem
        try:
            self._read(self._framing.feed(tail) + self._framing.close(), now)
        except WireError as error:
            self._give_up(error)
        if self._framing.dropped:
            self._report(f"reply: {self._framing.dropped} events were too large to be read")
        if not whole or (self._http_status or 0) >= FIRST_ERROR_STATUS:
            # Half an event, or a gateway's page of HTML, is nothing that the user should look into.
            self.problem = problem

    def _decode_no_more(self, error: WireError) -> None:
        self._decoding = False
        if self.capture is not None:
            self.capture.unreadable_reply()
        self._give_up(error)

    def _give_up(self, error: WireError) -> None:
        self._reading = False
        self._report(f"reply: {error}")

    def _report(self, problem: str) -> None:
        self.problem = self.problem or redact(problem)

    def _since_sent(self, moment: float | None) -> int | None:
        if moment is None or self._sent_at is None:
            return None
        return max(round((moment - self._sent_at) * 1000), 0)
