"""Reads the fixtures of this folder and meters them: what both of its test modules need.

A fixture is one call as a provider documents it. Its `response` is a text as it stands, an object (one
JSON body), or a list: of the elements of a JSON array where the content type is JSON, else of
server-sent events, each an object (its `type` is the event's name), an `{"event", "data"}` pair, or the
text of an event.
"""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import brotli  # type: ignore[import-untyped,unused-ignore]  # newer releases bring their types
import zstandard

from sessiontap.call import Call
from sessiontap.identity import identify
from sessiontap.meter import CallMeter, Moment
from sessiontap.providers import Match, match

FOLDER = Path(__file__).parent / "fixtures"

COMPRESSORS: dict[str, Callable[[bytes], bytes]] = {
    "": bytes,
    "gzip": gzip.compress,
    "br": lambda data: bytes(brotli.compress(data)),
    "zstd": lambda data: zstandard.ZstdCompressor().compress(data),
    "deflate": zlib.compress,
}

STARTED_AT = "2026-01-01T00:00:00.000Z"
ENDED_AT = "2026-01-01T00:00:01.000Z"
TODAY = "2026-01-01"
_SENT, _RECEIVED = 1.0, 2.0


@dataclass(frozen=True, slots=True)
class Fixture:
    """One call of a provider, and the record that it must become."""

    file: str
    name: str
    source: str
    provider: str
    method: str
    url: str
    request: dict[str, Any] | None
    status: int
    content_type: str
    response: str | dict[str, Any] | list[Any]
    expect: dict[str, Any]

    @property
    def api(self) -> str:
        """The wire shape, which the file is named after."""
        return self.file

    @property
    def host(self) -> str:
        """The host of the URL."""
        return urlsplit(self.url).netloc

    @property
    def path(self) -> str:
        """The path of the URL, without its query."""
        return urlsplit(self.url).path

    @property
    def request_body(self) -> bytes:
        """The request's body; empty where the call has none."""
        return b"" if self.request is None else json.dumps(self.request).encode()

    @property
    def response_body(self) -> bytes:
        """The reply's body, not compressed."""
        if isinstance(self.response, str):
            return self.response.encode()
        if isinstance(self.response, list) and "event-stream" in self.content_type:
            return b"".join(_event(each) for each in self.response)
        return json.dumps(self.response, ensure_ascii=False, indent=1).encode()

    def match(self) -> Match:
        """What the table of providers says of the URL."""
        target = self.url.partition(self.host)[2]
        found = match(self.method, self.host, target)
        assert found is not None, f"{self.url} is no model call"
        return found


def _event(item: str | dict[str, Any]) -> bytes:
    if isinstance(item, str):
        return f"{item}\n\n".encode()
    name, data = (
        (item["event"], item["data"]) if item.keys() == {"event", "data"} else (item.get("type"), item)
    )
    named = f"event: {name}\n" if name else ""
    return f"{named}data: {json.dumps(data, ensure_ascii=False)}\n\n".encode()


def fixtures() -> list[Fixture]:
    """Every fixture, in the order of the files."""
    return [
        Fixture(file=path.stem, **each)
        for path in sorted(FOLDER.glob("*.json"))
        for each in json.loads(path.read_text("utf-8"))
    ]


def fixture(file: str, name: str) -> Fixture:
    """The fixture with this name."""
    return next(each for each in fixtures() if (each.file, each.name) == (file, name))


def meter(found: Match, request: bytes, *, request_encoding: str = "") -> CallMeter:
    """A meter that has taken a whole request."""
    identity = identify([], proxy_user=None, today=TODAY)
    started = CallMeter(found, identity, "the-call", STARTED_AT)
    started.request(request, request_encoding, _SENT)
    return started


def finish(
    started: CallMeter, status: int, content_type: str, encoding: str, pieces: Iterable[bytes]
) -> Call:
    """The record of a call whose reply came whole, in these pieces, one second after its request."""
    started.reply(status, content_type, encoding)
    for piece in pieces:
        started.feed(piece, _RECEIVED)
    return started.close("clean", Moment(ENDED_AT, _RECEIVED))
