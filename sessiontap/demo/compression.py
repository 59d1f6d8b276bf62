"""Answers compressed as providers compress them: by what the client accepts, flushed at every chunk."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Protocol

import brotli  # type: ignore[import-untyped,unused-ignore]  # newer releases bring their types
import zstandard

from sessiontap.demo.answer import Answer, ReceivedCall

# In the order in which the double prefers them.
ENCODINGS = ("zstd", "br", "gzip")


class _Compressor(Protocol):
    def feed(self, data: bytes) -> bytes: ...

    def close(self) -> bytes: ...


class _Gzip:
    def __init__(self) -> None:
        self._deflate = zlib.compressobj(wbits=31)

    def feed(self, data: bytes) -> bytes:
        return self._deflate.compress(data) + self._deflate.flush(zlib.Z_SYNC_FLUSH)

    def close(self) -> bytes:
        return self._deflate.flush()


class _Brotli:
    def __init__(self) -> None:
        self._brotli = brotli.Compressor(quality=4)

    def feed(self, data: bytes) -> bytes:
        return bytes(self._brotli.process(data) + self._brotli.flush())

    def close(self) -> bytes:
        return bytes(self._brotli.finish())


class _Zstd:
    def __init__(self) -> None:
        self._zstd = zstandard.ZstdCompressor().compressobj()

    def feed(self, data: bytes) -> bytes:
        return self._zstd.compress(data) + self._zstd.flush(zstandard.COMPRESSOBJ_FLUSH_BLOCK)

    def close(self) -> bytes:
        return self._zstd.flush(zstandard.COMPRESSOBJ_FLUSH_FINISH)


def accepted_encoding(call: ReceivedCall) -> str | None:
    """The first of `ENCODINGS` that the call's Accept-Encoding names, or None.

    Weights are not weighed, only `q=0` is heeded (RFC 9110, section 12.5.3): no client here sends more.
    """
    accepted: set[str] = set()
    for part in (call.header("accept-encoding") or "").split(","):
        name, _, weight = part.partition(";")
        if weight.replace(" ", "") not in {"q=0", "q=0.0"}:
            accepted.add(name.strip().lower())
    return next((name for name in ENCODINGS if name in accepted), None)


def compressed(answer: Answer, encoding: str) -> Answer:
    """The answer with its chunks compressed, each so that the client can read it at once.

    Raises ValueError for an encoding that is none of `ENCODINGS`.
    """
    compressor: _Compressor
    match encoding:
        case "gzip":
            compressor = _Gzip()
        case "br":
            compressor = _Brotli()
        case "zstd":
            compressor = _Zstd()
        case _:
            message = f"cannot compress as {encoding!r}; allowed: {', '.join(ENCODINGS)}"
            raise ValueError(message)
    return replace(
        answer,
        headers=(*answer.headers, ("Content-Encoding", encoding), ("Vary", "Accept-Encoding")),
        chunks=_feed(compressor, answer.chunks),
    )


def _feed(compressor: _Compressor, chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Each chunk compressed when it is asked for, and the compressor's end as a chunk of its own."""
    for chunk in chunks:
        yield compressor.feed(chunk)
    yield compressor.close()
