"""The content codings (RFC 9110, section 8.4.1), each as a stream that gives bounded pieces.

https://www.rfc-editor.org/rfc/rfc9110#section-8.4.1
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable, Iterator
from typing import Protocol

import brotli  # type: ignore[import-untyped,unused-ignore]  # newer releases bring their types
import zstandard

from sessiontap.errors import WireError

# Output of one step of a decoder that can be stopped.
_STEP = 1 << 20
# Deflate grows its input 1,032 times at most: 16 steps a slice.
_ZLIB_SLICE = 1 << 14
# These two cannot be stopped within a step (brotli before 1.2). Four bytes of zstd give 128 KiB at most,
# ten of brotli 16 MiB: small slices bound what one step can take.
_ZSTD_SLICE = 1 << 8
_BROTLI_SLICE = 1 << 5
# The largest window that the "zstd" coding may ask for (RFC 9659, section 3).
_ZSTD_WINDOW = 8 << 20

_MAX_WINDOW = 7
_BROTLI_STOPS = hasattr(brotli.Decompressor, "can_accept_more_data")
_FAULTS = (zlib.error, brotli.error, zstandard.ZstdError)


class _Member(Protocol):
    """One compressed stream: a gzip member, a zstd frame, a whole brotli or deflate body."""

    def pieces(self, data: bytes) -> Iterator[bytes]:
        """What data decodes to; stops at the end of the member."""
        ...

    def rest(self) -> bytes | None:
        """The bytes after the member's end; None while it has not ended."""
        ...


class _Zlib:
    __slots__ = ("_stream",)

    def __init__(self, wbits: int) -> None:
        self._stream = zlib.decompressobj(wbits)

    def pieces(self, data: bytes) -> Iterator[bytes]:
        stream = self._stream
        full = False
        while data or full:
            piece = stream.decompress(data, _STEP)
            if piece:
                yield piece
            data = stream.unconsumed_tail
            # All input may be taken while output still waits inside.
            full = len(piece) == _STEP

    def rest(self) -> bytes | None:
        return self._stream.unused_data if self._stream.eof else None


class _Brotli:
    __slots__ = ("_stream",)

    def __init__(self) -> None:
        self._stream = brotli.Decompressor()

    def pieces(self, data: bytes) -> Iterator[bytes]:
        stream = self._stream
        if not _BROTLI_STOPS:
            yield stream.process(data)
            return
        more = True
        while more:
            piece = stream.process(data, output_buffer_limit=_STEP)
            yield piece
            data = b""
            # A step that stopped just at its limit may not have seen the end that follows.
            more = not stream.can_accept_more_data() or (len(piece) >= _STEP and not stream.is_finished())

    def rest(self) -> bytes | None:
        return b"" if self._stream.is_finished() else None


class _Zstd:
    __slots__ = ("_stream",)

    def __init__(self, decompressor: zstandard.ZstdDecompressor) -> None:
        self._stream = decompressor.decompressobj(write_size=1 << 16)

    def pieces(self, data: bytes) -> Iterator[bytes]:
        yield self._stream.decompress(data)

    def rest(self) -> bytes | None:
        return self._stream.unused_data if self._stream.eof else None


class Coding:
    """Decodes one coding: one member, or several behind each other.

    What follows them is ignored, but for brotli: its decoder cannot tell where such bytes start.
    """

    __slots__ = (
        "_again",
        "_done",
        "_head",
        "_head_size",
        "_member",
        "_name",
        "_offset",
        "_open",
        "_slice",
        "_strict",
    )

    def __init__(
        self,
        name: str,
        open_member: Callable[[bytes], _Member],
        *,
        head_size: int,
        again: re.Pattern[bytes] | None,
        input_slice: int,
        strict: bool = False,
    ) -> None:
        """Members are opened with their first head_size bytes; `again` tells another one from garbage.

        Where strict, garbage is a fault.
        """
        self._name = name
        self._open = open_member
        self._head_size = head_size
        self._again = again
        self._slice = input_slice
        self._strict = strict
        self._head = b""
        self._member: _Member | None = None
        self._done = 0
        self._offset = 0

    @property
    def ended(self) -> bool:
        """True where the input may end: after a member, and before the first byte."""
        return self._member is None and (self._done > 0 or not self._head)

    def steps(self, data: bytes) -> Iterator[bytes]:
        """What data decodes to, in pieces of bounded size; raises WireError where it is corrupt."""
        for start in range(0, len(data), self._slice):
            chunk = data[start : start + self._slice]
            try:
                yield from self._slice_steps(chunk)
            except _FAULTS as error:
                message = f"corrupt {self._name} content at byte {self._offset} or shortly after: {error}"
                raise WireError(message) from error
            self._offset += len(chunk)

    def _slice_steps(self, chunk: bytes) -> Iterator[bytes]:
        while chunk:
            if self._member is None:
                self._head += chunk
                if self._done and self._again is None:
                    self._head = b""
                    if self._strict:
                        message = f"corrupt {self._name} content at byte {self._offset}: data behind its end"
                        raise WireError(message)
                    return
                if len(self._head) < self._head_size:
                    return
                if self._done and self._again is not None and not self._again.match(self._head):
                    self._again, self._head = None, b""
                    return
                chunk, self._head = self._head, b""
                self._member = self._open(chunk)
            yield from self._member.pieces(chunk)
            rest = self._member.rest()
            if rest is None:
                return
            self._member = None
            self._done += 1
            chunk = rest


def _open_deflate(head: bytes) -> _Member:
    """Zlib's wrapper where its header is there, else the bare stream that some servers send instead."""
    # RFC 1950, section 2.2: method 8, a window of up to 32 KiB, and a checksum over both bytes.
    method, window = head[0] & 0x0F, head[0] >> 4
    wrapped = method == zlib.DEFLATED and window <= _MAX_WINDOW and int.from_bytes(head[:2]) % 31 == 0
    return _Zlib(zlib.MAX_WBITS if wrapped else -zlib.MAX_WBITS)


def _gzip() -> Coding:
    magic = re.compile(rb"\x1f\x8b")
    return Coding(
        "gzip",
        lambda _: _Zlib(zlib.MAX_WBITS | 16),
        head_size=2,
        again=magic,
        input_slice=_ZLIB_SLICE,
    )


def _deflate() -> Coding:
    return Coding("deflate", _open_deflate, head_size=2, again=None, input_slice=_ZLIB_SLICE)


def _brotli() -> Coding:
    size = _ZLIB_SLICE if _BROTLI_STOPS else _BROTLI_SLICE
    return Coding("br", lambda _: _Brotli(), head_size=1, again=None, input_slice=size, strict=True)


def _zstd() -> Coding:
    decompressor = zstandard.ZstdDecompressor(max_window_size=_ZSTD_WINDOW)
    # A frame, or one to be skipped (RFC 8878, sections 3.1.1 and 3.1.2).
    magic = re.compile(rb"\x28\xb5\x2f\xfd|[\x50-\x5f]\x2a\x4d\x18")
    return Coding("zstd", lambda _: _Zstd(decompressor), head_size=4, again=magic, input_slice=_ZSTD_SLICE)


CODINGS: dict[str, Callable[[], Coding]] = {
    "gzip": _gzip,
    "x-gzip": _gzip,
    "deflate": _deflate,
    "br": _brotli,
    "zstd": _zstd,
}
"""Makes the decoder of each coding that a Content-Encoding header may name."""
