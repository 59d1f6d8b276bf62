"""Reads the fixtures of this folder and meters them: what both of its test modules need.

A fixture is one call as a provider documents it, in a file named after its wire shape, and where that is
crowded `<wire shape>@<provider>`. Its `request` is an object (JSON) or, beside a `request_type`, a text as
it stands. Its `response` is a text as it stands, an object (one JSON body), or a list: of the elements of
a JSON array where the content type is JSON, of JSON lines where it says so, of AWS's binary messages, each
an `{"event" or "exception", "data"}` pair, else of server-sent events, each an object (its `type` is the
event's name), an `{"event", "data"}` pair, or the text of an event. `headers` are further reply headers.
"""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import brotli  # type: ignore[import-untyped,unused-ignore]  # newer releases bring their types
import zstandard

from sessiontap.call import Call
from sessiontap.identity import identify
from sessiontap.meter import CallMeter
from sessiontap.providers import DIRECTORY, Match
from sessiontap.record import Moment
from tests.aws_frames import frame

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
_NO_HEADERS: Mapping[str, str] = {}


@dataclass(frozen=True, slots=True)
class Fixture:
    """One call of a provider, and the record that it must become."""

    file: str
    name: str
    source: str
    provider: str
    method: str
    url: str
    request: str | dict[str, Any] | None
    status: int
    content_type: str
    response: str | dict[str, Any] | list[Any]
    expect: dict[str, Any]
    request_type: str = "application/json"
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def api(self) -> str:
        """The wire shape, which the file is named after."""
        return self.file.partition("@")[0]

    @property
    def host(self) -> str:
        """The host of the URL, without a port."""
        return urlsplit(self.url).hostname or ""

    @property
    def path(self) -> str:
        """The path of the URL, without its query."""
        return urlsplit(self.url).path

    @property
    def request_body(self) -> bytes:
        """The request's body; empty where the call has none."""
        if isinstance(self.request, str):
            return self.request.encode()
        return b"" if self.request is None else json.dumps(self.request).encode()

    @property
    def response_body(self) -> bytes:
        """The reply's body, not compressed."""
        if isinstance(self.response, str):
            return self.response.encode()
        if isinstance(self.response, list) and "event-stream" in self.content_type:
            return b"".join(_event(each) for each in self.response)
        if isinstance(self.response, list) and "amazon.eventstream" in self.content_type:
            return b"".join(_message(each) for each in self.response)
        if isinstance(self.response, list) and self.content_type.partition(";")[0] != "application/json":
            return b"".join(json.dumps(each).encode() + b"\n" for each in self.response)
        return json.dumps(self.response, ensure_ascii=False, indent=1).encode()

    def request_headers(self, encoding: str = "") -> dict[str, str]:
        """What the request's headers say of its body."""
        return {"content-type": self.request_type, "content-encoding": encoding}

    def response_headers(self, encoding: str = "") -> dict[str, str]:
        """The reply's headers."""
        return {**self.headers, "content-type": self.content_type, "content-encoding": encoding}

    def match(self) -> Match:
        """What the table of providers says of the URL."""
        target = self.url.partition(urlsplit(self.url).netloc)[2]
        found = DIRECTORY.match(self.method, self.host, target)
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


def _message(item: dict[str, Any]) -> bytes:
    kind = "event" if "event" in item else "exception"
    return frame(item[kind], json.dumps(item["data"]).encode(), kind=kind)


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


def meter(found: Match, request: bytes, headers: Mapping[str, str] = _NO_HEADERS) -> CallMeter:
    """A meter that has taken a whole request with these headers."""
    claims = identify([], proxy_user=None, today=TODAY, provider=found.provider, url_path=found.url_path)
    started = CallMeter(found, claims, "the-call", STARTED_AT)
    started.request(request, headers, _SENT)
    return started


def finish(started: CallMeter, status: int, headers: Mapping[str, str], pieces: Iterable[bytes]) -> Call:
    """The record of a call whose reply came whole, in these pieces, one second after its request."""
    started.reply(status, headers)
    for piece in pieces:
        started.feed(piece, _RECEIVED)
    return started.close("clean", Moment(ENDED_AT, _RECEIVED))
