"""Reads recorded exchanges with model providers, where they lie beside the checkout.

They are no part of the project: tests that use them skip where they are absent.
"""

from __future__ import annotations

import base64
import gzip
import json
import struct
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, urlsplit

FOLDER = Path(__file__).parents[3] / "shared" / "corpus"
HTTP_FILE = FOLDER / "recorded-http.jsonl.gz"
HOSTS = ("api.openai.com", "api.anthropic.com", "generativelanguage.googleapis.com")
"""The hosts that most of what is recorded went to."""

# What the transport of the day made of the reply; whoever plays it again makes its own.
_TRANSPORT = frozenset(
    {"content-encoding", "content-length", "transfer-encoding", "connection", "keep-alive", "date", "trailer"}
)


@dataclass(frozen=True, slots=True)
class Exchange:
    """One recorded exchange; `wire` is the reply's body as it was sent, `body` the same decoded.

    The names of `headers` (the reply's, without those of the transport) are lower case.
    """

    source: str
    method: str
    url: SplitResult
    request: bytes
    request_type: str
    status: int
    headers: Mapping[str, str]
    content_encoding: str
    wire: bytes
    body: bytes

    @property
    def host(self) -> str:
        """The host, without the port."""
        return self.url.hostname or ""

    @property
    def target(self) -> str:
        """The path with its query."""
        return self.url.path + (f"?{self.url.query}" if self.url.query else "")

    @property
    def content_type(self) -> str:
        """The reply's Content-Type; empty where it has none."""
        return self.headers.get("content-type", "")

    @property
    def request_is_json(self) -> bool:
        """True where the request's body is empty or JSON; a few were recorded with a mistake in them."""
        try:
            json.loads(self.request or b"{}")
        except ValueError:
            return False
        return True

    def documents(self) -> list[dict[str, Any]]:
        """Every JSON object of the reply.

        That is the one body, the elements of a body that is a list, the data of each server-sent event, each
        line, or of each binary message of AWS `{"<event type>": payload}`.
        """
        if "amazon.eventstream" in self.content_type:
            return list(_aws_messages(self.body))
        text = self.body.decode("utf-8", "replace")
        if "event-stream" in self.content_type:
            lines = [line[5:].strip() for line in text.splitlines() if line.startswith("data:")]
        elif "ndjson" in self.content_type:
            lines = text.splitlines()
        else:
            try:
                found = json.loads(text)
            except ValueError:
                return []
            return [
                each for each in (found if isinstance(found, list) else [found]) if isinstance(each, dict)
            ]
        return [json.loads(line) for line in lines if line.startswith("{")]


def exchanges() -> list[Exchange]:
    """Every exchange, in the recorded order."""
    with gzip.open(HTTP_FILE, "rt", encoding="utf-8") as lines:
        return [_exchange(json.loads(line)) for line in lines]


def _exchange(row: dict[str, Any]) -> Exchange:
    raw = (
        base64.b64decode(row["response_b64"])
        if "response_b64" in row
        else (row.get("response") or "").encode()
    )
    compressed = raw.startswith(b"\x1f\x8b")
    sent = {name.lower(): value for name, value in row["request_headers"].items()}
    received = {name.lower(): value for name, value in row["response_headers"].items()}
    return Exchange(
        source=row["source"],
        # Some recorders kept "post" as it was handed to the client's library, which sent "POST".
        method=row["method"].upper(),
        url=urlsplit(row["url"]),
        request=(row["request"] or "").encode(),
        request_type=sent.get("content-type", ""),
        status=row["status"],
        headers={name: value for name, value in received.items() if name not in _TRANSPORT},
        content_encoding="gzip" if compressed else "",
        wire=raw,
        body=gzip.decompress(raw) if compressed else raw,
    )


def _aws_messages(body: bytes) -> Iterator[dict[str, Any]]:
    """The messages of application/vnd.amazon.eventstream; a wrong check sum is an AssertionError.

    https://docs.aws.amazon.com/transcribe/latest/dg/streaming-setting-up.html#streaming-event-stream
    """
    while body:
        size, head_size, head_sum = struct.unpack(">III", body[:12])
        message, body = body[:size], body[size:]
        assert zlib.crc32(message[:8]) == head_sum
        assert zlib.crc32(message[:-4]) == struct.unpack(">I", message[-4:])[0]
        head, payload = message[12 : 12 + head_size], message[12 + head_size : -4]
        names: dict[bytes, str] = {}
        while head:
            name_end = 1 + head[0]
            # Every header of these streams is a text, which is type 7.
            kind, length = struct.unpack(">BH", head[name_end : name_end + 3])
            assert kind == 7
            names[head[1:name_end]] = head[name_end + 3 : name_end + 3 + length].decode()
            head = head[name_end + 3 + length :]
        kind_name = names.get(b":event-type") or names[b":exception-type"]
        yield {kind_name: json.loads(payload or b"{}")}
