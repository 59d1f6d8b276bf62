"""Writes messages of application/vnd.amazon.eventstream, as AWS does: for doubles and fixtures.

https://docs.aws.amazon.com/transcribe/latest/dg/streaming-setting-up.html#streaming-event-stream
"""

from __future__ import annotations

import struct
import zlib

_TEXT = 7


def frame(name: str, payload: bytes, *, kind: str = "event") -> bytes:
    """One message: an `event` or an `exception` of this name, with both check sums."""
    headers = b"".join(
        struct.pack(">B", len(key)) + key + struct.pack(">BH", _TEXT, len(value)) + value
        for key, value in (
            (b":%s-type" % kind.encode(), name.encode()),
            (b":content-type", b"application/json"),
            (b":message-type", kind.encode()),
        )
    )
    prelude = struct.pack(">II", 16 + len(headers) + len(payload), len(headers))
    body = prelude + struct.pack(">I", zlib.crc32(prelude)) + headers + payload
    return body + struct.pack(">I", zlib.crc32(body))
