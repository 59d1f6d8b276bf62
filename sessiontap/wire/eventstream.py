"""EventStream: Amazon's binary event stream, application/vnd.amazon.eventstream.

https://smithy.io/2.0/aws/amazon-eventstream.html. Every check sum is checked, so a message is given as it
was sent or not at all.
"""

from __future__ import annotations

import json
import struct
import zlib

from sessiontap.errors import WireError
from sessiontap.wire.event import Event

# What AWS's own clients accept (botocore's eventstream.py); the format's page names 16 MiB for the payload.
MAX_HEADERS = 128 << 10
MAX_PAYLOAD = 24 << 20

_PRELUDE = struct.Struct(">III")
_CHECK_SUM = struct.Struct(">I")
_AROUND = _PRELUDE.size + _CHECK_SUM.size
# Bytes of a header's value by its type: true, false, byte, short, int, long, timestamp, UUID.
_FIXED = {0: 0, 1: 0, 2: 1, 3: 2, 4: 4, 5: 8, 8: 8, 9: 16}
# Bytes and text carry their length in front.
_BYTES, _TEXT = 6, 7


class EventStream:
    """Cuts the stream into messages, an event each.

    `data` is a JSON text with the message's type around its payload, `{"<type>": <payload>}`, as Smithy
    writes a union; a payload that is empty or not JSON is `{}`. The type is that of the event or of the
    exception; AWS's unmodelled errors become `{"error": {"type": ..., "message": ...}}`.

    A message that is damaged, or larger than AWS's limit, is a WireError, raised once, after the events in
    front of it were given; nothing behind it can be found, so later bytes are ignored. A stream that ends
    within a message is one too, raised by close.
    """

    dropped = 0
    """A message is at most 24 MiB by the format, so none is left out for its size."""

    __slots__ = ("_buffer", "_done", "_fault", "_length")

    def __init__(self) -> None:
        self._buffer = bytearray()
        # The length of the message that the buffer begins with; 0 until its prelude is there.
        self._length = 0
        self._fault: WireError | None = None
        self._done = False

    def feed(self, data: bytes) -> list[Event]:
        """The events whose last byte has now come."""
        self._raise_fault()
        if self._done:
            return []
        self._buffer += data
        events: list[Event] = []
        try:
            while message := self._next():
                events.append(_event(message))
        except WireError as error:
            self._end(error)
            if not events:
                self._raise_fault()
        return events

    def close(self) -> list[Event]:
        """Nothing: every message says itself where it ends."""
        self._raise_fault()
        if self._buffer:
            left = len(self._buffer)
            self._end(WireError(f"the event stream ends within a message, {left} bytes into it"))
            self._raise_fault()
        self._done = True
        return []

    def _next(self) -> bytes:
        """The message that the buffer begins with, its last check sum checked; b"" until it is whole."""
        buffer = self._buffer
        if not self._length and len(buffer) >= _PRELUDE.size:
            self._length = _message_length(bytes(buffer[: _PRELUDE.size]))
        if not self._length or len(buffer) < self._length:
            return b""
        message = bytes(buffer[: self._length])
        (stated,) = _CHECK_SUM.unpack_from(message, self._length - _CHECK_SUM.size)
        if zlib.crc32(message[: -_CHECK_SUM.size]) != stated:
            text = "an event stream's message does not fit its check sum"
            raise WireError(text)
        del buffer[: self._length]
        self._length = 0
        return message

    def _end(self, fault: WireError) -> None:
        self._fault = fault
        self._done = True
        self._buffer = bytearray()

    def _raise_fault(self) -> None:
        fault, self._fault = self._fault, None
        if fault is not None:
            raise fault


def _message_length(prelude: bytes) -> int:
    """The length of the whole message. Raises WireError where the prelude is damaged or impossible."""
    length, headers, stated = _PRELUDE.unpack(prelude)
    if zlib.crc32(prelude[: -_CHECK_SUM.size]) != stated:
        text = "an event stream's prelude does not fit its check sum"
        raise WireError(text)
    if headers > MAX_HEADERS or not 0 <= length - headers - _AROUND <= MAX_PAYLOAD:
        text = f"an event stream's message claims {length} bytes, {headers} of them headers"
        raise WireError(text)
    return int(length)


def _event(message: bytes) -> Event:
    _, length, _ = _PRELUDE.unpack_from(message)
    start = _PRELUDE.size + length
    headers = _text_headers(message[_PRELUDE.size : start])
    payload = message[start : -_CHECK_SUM.size]
    kind = headers.get(":message-type", "event")
    if kind == "error":
        said = {"type": headers.get(":error-code", "error"), "message": headers.get(":error-message", "")}
        return Event("error", _union("error", json.dumps(said).encode()))
    name = headers.get(f":{kind}-type", "")
    is_json = "json" in headers.get(":content-type", "json")
    return Event(name, _union(name, payload if payload and is_json else b"{}"))


def _union(name: str, payload: bytes) -> bytes:
    return b"{%b:%b}" % (json.dumps(name).encode(), payload)


def _text_headers(block: bytes) -> dict[str, str]:
    """The headers whose value is text; the others are passed over. Raises WireError for a torn block."""
    found: dict[str, str] = {}
    pos = 0
    try:
        while pos < len(block):
            name_end = pos + 1 + block[pos]
            name, kind = block[pos + 1 : name_end], block[name_end]
            pos = name_end + 1
            if kind in _FIXED:
                pos += _FIXED[kind]
            elif kind in (_BYTES, _TEXT):
                (size,) = struct.unpack_from(">H", block, pos)
                pos += 2 + size
                if kind == _TEXT:
                    found[_decoded(name)] = _decoded(block[pos - size : pos])
            else:
                pos = len(block) + 1
    except (IndexError, struct.error):
        pos = len(block) + 1
    if pos != len(block):
        text = "an event stream's message has headers that cannot be read"
        raise WireError(text)
    return found


def _decoded(value: bytes) -> str:
    return value.decode("utf-8", "replace")
