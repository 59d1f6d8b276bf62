"""How fast the wire readers are: MB/s and the slowest feed of each, on the kinds of body that agents get.

Run: `python benchmarks/wire.py` where sessiontap is installed, else `python -m benchmarks.wire` in the
project's folder.
"""

from __future__ import annotations

import base64
import gc
import gzip
import json
import random
import time
from collections.abc import Callable, Sized
from typing import NamedTuple

import brotli  # type: ignore[import-untyped,unused-ignore]
import zstandard

from sessiontap.wire.content import content_decoder
from sessiontap.wire.jsonarray import JSONArray
from sessiontap.wire.jsonbody import JSONBody
from sessiontap.wire.jsontext import decode_json
from sessiontap.wire.ndjson import NDJSON
from sessiontap.wire.sse import SSE

FEED = 1 << 16
RUNS = 3
Feed = Callable[[bytes], Sized]
Close = Callable[[], Sized]


class Result(NamedTuple):
    """One line of the table."""

    name: str
    megabytes: float
    rate: float
    slowest_ms: float
    given: int


def chat_chunk(number: int) -> bytes:
    """One event's data as a chat completion streams it."""
    delta = {"index": 0, "delta": {"content": f"word {number} \u00e9\n"}, "finish_reason": None}
    chunk = {
        "id": "chatcmpl-" + "x" * 29,
        "object": "chat.completion.chunk",
        "created": 1763928000 + number,
        "model": "gpt-4o-2024-08-06",
        "choices": [delta],
        "usage": None,
    }
    return json.dumps(chunk).encode()


def gemini_chunk(number: int) -> bytes:
    """One element as streamGenerateContent sends it, indented."""
    part = {"text": f'Some words "quoted" {number}, and some more of them so that it has a usual length.'}
    chunk = {
        "candidates": [{"content": {"parts": [part], "role": "model"}, "index": 0}],
        "usageMetadata": {"promptTokenCount": 12, "totalTokenCount": 12 + number},
        "modelVersion": "gemini-2.5-flash",
    }
    return json.dumps(chunk, indent=2).encode()


def measure(
    name: str,
    body: bytes,
    make: Callable[[], tuple[Feed, Close]],
    *,
    feed_size: int = FEED,
    size: int | None = None,
) -> Result:
    """The best rate of some runs for a body of this size, and the least of their slowest feeds."""
    best, calmest, given = float("inf"), float("inf"), 0
    cuts = [body[at : at + feed_size] for at in range(0, len(body), feed_size)]
    for _ in range(RUNS):
        feed, close = make()
        gc.collect()
        gc.disable()
        given, slowest = 0, 0.0
        started = last = time.perf_counter()
        for cut in cuts:
            given += len(feed(cut))
            now = time.perf_counter()
            slowest = max(slowest, now - last)
            last = now
        given += len(close())
        best = min(best, time.perf_counter() - started)
        calmest = min(calmest, slowest)
        gc.enable()
    megabytes = (len(body) if size is None else size) / 1e6
    return Result(name, megabytes, megabytes / best, calmest * 1e3, given)


def framing(kind: type[SSE | NDJSON | JSONArray | JSONBody]) -> Callable[[], tuple[Feed, Close]]:
    """Makes the two methods of a new framing."""

    def make() -> tuple[Feed, Close]:
        reader = kind()
        return reader.feed, reader.close

    return make


def coding(name: str) -> Callable[[], tuple[Feed, Close]]:
    """Makes the two methods of a new content decoder."""

    def make() -> tuple[Feed, Close]:
        decoder = content_decoder(name)
        return decoder.feed, decoder.close

    return make


def texts() -> tuple[Feed, Close]:
    """Reads each feed as one JSON text."""

    def feed(data: bytes) -> Sized:
        decode_json(data)
        return (None,)

    return feed, tuple


def results() -> list[Result]:
    """Every reader on its realistic bodies; the sizes of compressed ones are those of what they decode to."""
    chunks = [chat_chunk(number) for number in range(40_000)]
    openai = b"".join(b"data: " + chunk + b"\n\n" for chunk in chunks) + b"data: [DONE]\n\n"
    anthropic = b"".join(b"event: content_block_delta\ndata: " + chunk + b"\n\n" for chunk in chunks)
    lines = b"".join(chunk + b"\n" for chunk in chunks)
    array = b"[" + b"\n,\r\n".join(gemini_chunk(number) for number in range(20_000)) + b"]"
    image = base64.b64encode(random.Random(1).randbytes(750_000))
    images = b'{"data":[' + b",".join([b'{"b64_json":"%s"}' % image] * 100) + b'],"usage":{"total_tokens":7}}'
    vector = ",".join(f"{random.Random(2).uniform(-1, 1):.9f}" for _ in range(3072)).encode()
    vectors = b'{"data":[' + b",".join([b'{"embedding":[%s]}' % vector] * 1000) + b"]}"
    dense = b"[" + b",".join([b'{"a":"b","c":[1,"d"]}'] * 600_000) + b"]"
    escaped = json.dumps({"text": '\n"\\' * 5_000_000}).encode()
    reply = b'{"choices":[' + b",".join(chunks[:160]) + b"]}"
    return [
        measure("SSE, data lines", openai, framing(SSE)),
        measure("SSE, event and data lines", anthropic, framing(SSE)),
        measure("SSE, CR LF", openai.replace(b"\n", b"\r\n"), framing(SSE)),
        measure("SSE, feeds of 300 bytes", openai, framing(SSE), feed_size=300),
        measure("NDJSON", lines, framing(NDJSON)),
        measure("JSONArray, Gemini", array, framing(JSONArray)),
        measure(
            "JSONArray, 1 MB strings",
            b"[" + b",".join([b'{"data":"%s"}' % image] * 50) + b"]",
            framing(JSONArray),
        ),
        measure("JSONBody, 100 MB of images", images, framing(JSONBody)),
        measure("JSONBody, the same in one feed", images, framing(JSONBody), feed_size=len(images)),
        measure("JSONBody, embeddings", vectors, framing(JSONBody)),
        measure("JSONBody, short strings", dense, framing(JSONBody)),
        measure("JSONBody, one long escaped string", escaped, framing(JSONBody)),
        measure("decode_json, 40 KB replies", reply * 200, texts, feed_size=len(reply)),
        measure("gzip", gzip.compress(openai, 6), coding("gzip"), feed_size=FEED // 16, size=len(openai)),
        measure(
            "br", brotli.compress(openai, quality=5), coding("br"), feed_size=FEED // 16, size=len(openai)
        ),
        measure(
            "zstd", zstandard.compress(openai, 3), coding("zstd"), feed_size=FEED // 16, size=len(openai)
        ),
    ]


def main() -> None:
    """Prints the table."""
    print(f"{'reader':36}{'MB':>8}{'MB/s':>9}{'slowest feed':>15}{'given':>12}")
    for one in results():
        slowest = f"{one.slowest_ms:.2f} ms"
        print(f"{one.name:36}{one.megabytes:8.1f}{one.rate:9.0f}{slowest:>15}{one.given:12}")


if __name__ == "__main__":
    main()
