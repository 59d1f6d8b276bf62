from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Callable, Sequence
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sessiontap.errors import WireError
from sessiontap.wire.event import Event, Framing
from sessiontap.wire.eventstream import MAX_HEADERS, MAX_PAYLOAD, EventStream
from sessiontap.wire.sniff import framing_for
from tests.aws_frames import frame

AnyWay = Callable[[Callable[[], Framing], bytes], list[Event]]

_STREAM = (
    frame("messageStart", b'{"role":"assistant"}')
    + frame("contentBlockDelta", '{"delta":{"text":"Malmö"}}'.encode())
    + frame("throttlingException", b'{"message":"Slow down."}', kind="exception")
)
_EVENTS = [
    Event("messageStart", b'{"messageStart":{"role":"assistant"}}'),
    Event("contentBlockDelta", '{"contentBlockDelta":{"delta":{"text":"Malmö"}}}'.encode()),
    Event("throttlingException", b'{"throttlingException":{"message":"Slow down."}}'),
]


def _message(headers: bytes, payload: bytes = b"{}") -> bytes:
    """A message with these bytes for headers, both check sums right."""
    prelude = struct.pack(">II", 16 + len(headers) + len(payload), len(headers))
    body = prelude + struct.pack(">I", zlib.crc32(prelude)) + headers + payload
    return body + struct.pack(">I", zlib.crc32(body))


def _header(name: str, kind: int, value: bytes) -> bytes:
    return bytes([len(name)]) + name.encode() + bytes([kind]) + value


def _text(name: str, value: str) -> bytes:
    return _header(name, 7, struct.pack(">H", len(value.encode())) + value.encode())


def _read(body: bytes, cuts: Sequence[int]) -> tuple[list[Event], str | None]:
    """The events of a body cut at these places, and what its only WireError says."""
    framing = EventStream()
    places = [0, *sorted(cut % (len(body) + 1) for cut in cuts), len(body)]
    events: list[Event] = []
    errors = []
    for start, end in pairwise(places):
        try:
            events += framing.feed(body[start:end])
        except WireError as error:
            errors.append(str(error))
    try:
        events += framing.close()
    except WireError as error:
        errors.append(str(error))
    assert len(errors) <= 1
    return events, errors[0] if errors else None


def test_messages_become_events_however_they_are_cut(any_way: AnyWay) -> None:
    """Each message is one event, named after its type, its payload under that name."""
    assert any_way(EventStream, _STREAM) == _EVENTS


def test_a_message_is_given_with_its_last_byte() -> None:
    """No event waits for the message behind it, and none comes before its check sum."""
    body = frame("chunk", b"{}")
    stream = EventStream()
    assert stream.feed(body[:-1]) == []
    assert stream.feed(body[-1:] + body[:5]) == [Event("chunk", b'{"chunk":{}}')]


@pytest.mark.parametrize(
    ("payload", "content_type"),
    [(b"", "application/json"), (b"Hello", "text/plain"), (b"\x00\xff", "application/octet-stream")],
)
def test_what_is_no_json_is_left_out(payload: bytes, content_type: str) -> None:
    """A payload that is empty or of another type leaves an empty object."""
    headers = _text(":event-type", "end") + _text(":content-type", content_type)
    assert _read(_message(headers, payload), []) == ([Event("end", b'{"end":{}}')], None)


def test_headers_of_every_type_are_passed_over() -> None:
    """The event's type is found among headers of all the types that there are."""
    others = b"".join(
        _header(f"h{kind}", kind, value)
        for kind, value in (
            (0, b""),
            (1, b""),
            (2, b"\x01"),
            (3, b"\x00\x01"),
            (4, bytes(4)),
            (5, bytes(8)),
            (6, b"\x00\x03abc"),
            (8, bytes(8)),
            (9, bytes(16)),
        )
    )
    body = _message(others + _text(":event-type", "chunk") + others)
    assert _read(body, []) == ([Event("chunk", b'{"chunk":{}}')], None)


def test_an_unmodelled_error_is_an_error_envelope() -> None:
    """AWS's `error` messages have no payload: code and message are headers."""
    body = _message(
        _text(":message-type", "error")
        + _text(":error-code", "InternalFailure")
        + _text(":error-message", 'It "broke".'),
        b"",
    )
    ((name, data),), fault = _read(body, [])
    assert (name, fault) == ("error", None)
    assert json.loads(data) == {"error": {"type": "InternalFailure", "message": 'It "broke".'}}


@pytest.mark.parametrize(
    "headers",
    [b"\x05", b"\x01a", b"\x01a\x0a", b"\x01a\x07\x00", b"\x01a\x07\x00\x09abc", b"\x01a\x05\x00", b"\x00"],
)
def test_headers_that_cannot_be_read_are_an_error(headers: bytes) -> None:
    """Headers that end too early, or of a type that there is not, are a WireError."""
    events, fault = _read(_message(headers), [])
    assert events == []
    assert fault == "an event stream's message has headers that cannot be read"


@pytest.mark.parametrize(
    ("length", "headers"),
    [
        (0, 0),
        (15, 0),
        (16, 1),
        (MAX_PAYLOAD + 17, 0),
        (MAX_HEADERS + 18, MAX_HEADERS + 1),
        (2**32 - 1, 0),
        (2**32 - 1, 2**32 - 1),
    ],
)
def test_an_impossible_length_is_an_error_at_once(length: int, headers: int) -> None:
    """A prelude whose lengths cannot be is refused before anything is collected for it."""
    prelude = struct.pack(">II", length, headers)
    events, fault = _read(prelude + struct.pack(">I", zlib.crc32(prelude)), [])
    assert events == []
    assert fault == f"an event stream's message claims {length} bytes, {headers} of them headers"


def test_the_largest_message_is_read() -> None:
    """A message as large as AWS allows is no error."""
    payload = b'"' + bytes(MAX_PAYLOAD - 2).replace(b"\x00", b"x") + b'"'
    events, fault = _read(frame("chunk", payload), range(0, MAX_PAYLOAD, 1 << 20))
    assert fault is None
    assert [len(event.data) for event in events] == [len(payload) + len('{"chunk":}')]


def test_a_fault_is_raised_once_behind_the_events_before_it() -> None:
    """What was whole is given; then the fault is raised, once; what follows is ignored."""
    stream = EventStream()
    assert stream.feed(_STREAM + b"\x00" * 12 + _STREAM) == _EVENTS
    with pytest.raises(WireError, match="prelude does not fit its check sum"):
        stream.feed(_STREAM)
    assert stream.feed(_STREAM) == []
    assert stream.close() == []


def test_a_stream_that_ends_within_a_message_is_an_error() -> None:
    """Half a message at the end is said to be one."""
    events, fault = _read(_STREAM + _STREAM[:40], [])
    assert events == _EVENTS
    assert fault == "the event stream ends within a message, 40 bytes into it"


@given(
    st.lists(st.sampled_from([_STREAM, frame("chunk", b"{}"), b"\x00", _STREAM[:30], b"junk"]), max_size=4),
    st.lists(st.integers(0, 2000), max_size=9),
)
def test_cuts_do_not_matter(pieces: list[bytes], cuts: list[int]) -> None:
    """Whole, byte by byte or cut anywhere, a stream gives the same events and the same fault."""
    body = b"".join(pieces)
    whole = _read(body, [])
    assert _read(body, range(len(body))) == whole
    assert _read(body, cuts) == whole


@given(st.binary(), st.lists(st.integers(0, 200), max_size=9))
def test_arbitrary_bytes_raise_only_the_wire_error(body: bytes, cuts: list[int]) -> None:
    """Bytes of any kind raise nothing but one WireError, the same however they are cut."""
    assert _read(body, cuts) == _read(body, [])


@given(st.binary(max_size=60), st.binary(max_size=60))
def test_any_message_with_right_sums_raises_only_the_wire_error(headers: bytes, payload: bytes) -> None:
    """Headers and payloads of any kind, their check sums right, raise nothing but one WireError."""
    events, fault = _read(_message(headers, payload), [])
    assert bool(events) != bool(fault)


@given(st.integers(0, len(_STREAM) * 8 - 1), st.lists(st.integers(0, 2000), max_size=5))
def test_a_flipped_bit_is_found(bit: int, cuts: list[int]) -> None:
    """A stream with one bit flipped gives the messages in front of it and a WireError."""
    damaged = bytearray(_STREAM)
    damaged[bit // 8] ^= 1 << bit % 8
    events, fault = _read(bytes(damaged), cuts)
    assert fault is not None
    assert events == _EVENTS[: len(events)]
    assert len(events) < len(_EVENTS)


@pytest.mark.parametrize(
    "content_type", ["application/vnd.amazon.eventstream", "Application/Vnd.Amazon.EventStream; charset=x"]
)
def test_the_content_type_names_it(content_type: str) -> None:
    """The framing is chosen by its Content-Type, in any case, with parameters or without."""
    framing = framing_for(content_type, array=False)
    assert isinstance(framing, EventStream)
    assert framing.dropped == 0
