from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator

import brotli  # type: ignore[import-untyped,unused-ignore]  # newer releases bring their types
import pytest
import zstandard

from sessiontap.demo.answer import Answer, ReceivedCall
from sessiontap.demo.compression import ENCODINGS, accepted_encoding, compressed

DECODERS: dict[str, Callable[[], Callable[[bytes], bytes]]] = {
    "gzip": lambda: zlib.decompressobj(31).decompress,
    "br": lambda: brotli.Decompressor().process,
    "zstd": lambda: zstandard.ZstdDecompressor().decompressobj().decompress,
}


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_each_chunk_can_be_read_at_once(encoding: str) -> None:
    """A client that decodes as it reads has every chunk as soon as that chunk has come."""
    chunks = [b"data: one\n\n", b"data: two\n\n", b"", b"data: three\n\n"]
    answer = compressed(Answer(chunks=chunks), encoding)
    decode = DECODERS[encoding]()

    assert [decode(chunk) for chunk in answer.chunks] == [*chunks, b""]
    assert ("Content-Encoding", encoding) in answer.headers


def test_chunks_are_made_when_asked_for() -> None:
    """Compression does not run ahead of a generator that waits."""
    asked: list[int] = []

    def chunks() -> Iterator[bytes]:
        for number in range(3):
            asked.append(number)
            yield b"x"

    sent = iter(compressed(Answer(chunks=chunks()), "gzip").chunks)
    next(sent)
    assert asked == [0]


def test_unknown_encoding() -> None:
    """An encoding that it does not have is refused by name."""
    with pytest.raises(ValueError, match=r"cannot compress as 'lzma'; allowed: zstd, br, gzip"):
        compressed(Answer(), "lzma")


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        (None, None),
        ("identity", None),
        ("gzip", "gzip"),
        ("gzip, deflate, br", "br"),
        ("gzip;q=1.0, ZSTD ; q=0.5", "zstd"),
        ("br;q=0, gzip", "gzip"),
        ("br; q=0", None),
    ],
)
def test_accepted_encoding(accept: str | None, expected: str | None) -> None:
    """The best of its encodings that the client names, and none that it refuses."""
    headers = () if accept is None else (("accept-encoding", accept),)
    assert accepted_encoding(ReceivedCall("h", "POST", "/", headers, b"")) == expected
