from __future__ import annotations

import contextlib
import gzip
import tracemalloc
import zlib
from collections.abc import Callable
from itertools import pairwise

import brotli  # type: ignore[import-untyped,unused-ignore]  # newer releases bring their types
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from sessiontap.errors import WireError
from sessiontap.wire.content import content_decoder

TEXT = b"".join(b'data: {"number": %d, "text": "caf\xc3\xa9"}\n\n' % number for number in range(300))
MEBIBYTE = bytes(1 << 20)


def raw_deflate(data: bytes) -> bytes:
    """Deflate without zlib's wrapper."""
    stream = zlib.compressobj(wbits=-15)
    return stream.compress(data) + stream.flush()


def br(data: bytes) -> bytes:
    """One brotli stream."""
    compressed: bytes = brotli.compress(data, quality=5)
    return compressed


ENCODERS: dict[str, tuple[str, Callable[[bytes], bytes]]] = {
    "gzip": ("gzip", gzip.compress),
    "x-gzip": ("x-gzip", gzip.compress),
    "zlib": ("deflate", zlib.compress),
    "zlib, small window": (
        "deflate",
        lambda data: (z := zlib.compressobj(wbits=9)).compress(data) + z.flush(),
    ),
    "raw deflate": ("deflate", raw_deflate),
    "br": ("br", br),
    "zstd": ("zstd", zstandard.compress),
    "identity": ("identity", bytes),
    "none": ("", bytes),
    "gzip then br": ("gzip, br", lambda data: br(gzip.compress(data))),
    "deflate, identity, zstd, gzip": (
        "deflate, identity , ZSTD,,GZip",
        lambda data: gzip.compress(zstandard.compress(zlib.compress(data))),
    ),
}
COMPRESSED = {name: pair for name, pair in ENCODERS.items() if pair[0] not in {"", "identity"}}


def decode(encoding: str, body: bytes, cuts: list[int]) -> bytes:
    """The decoded body, fed cut at these places and closed."""
    decoder = content_decoder(encoding)
    places = [0, *sorted(cut % (len(body) + 1) for cut in cuts), len(body)]
    given_so_far = b"".join(decoder.feed(body[a:b]) for a, b in pairwise(places))
    return given_so_far + decoder.close()


@pytest.mark.parametrize("name", ENCODERS)
@pytest.mark.parametrize(
    "data", [b"", b"x", TEXT, TEXT * 100 + MEBIBYTE], ids=["empty", "byte", "text", "large"]
)
def test_what_was_encoded_comes_back(name: str, data: bytes) -> None:
    """Every coding and stack is undone, whole and byte by byte."""
    encoding, encode = ENCODERS[name]
    body = encode(data)
    assert decode(encoding, body, []) == data
    assert decode(encoding.upper(), body, list(range(min(len(body), 20_000)))) == data


@given(st.sampled_from(sorted(ENCODERS)), st.binary(), st.lists(st.integers(0, 1000)))
def test_any_bytes_come_back_however_they_are_cut(name: str, data: bytes, cuts: list[int]) -> None:
    """The cuts between feeds do not show."""
    encoding, encode = ENCODERS[name]
    assert decode(encoding, encode(data), cuts) == data


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "zstd", "gzip, br", ""])
def test_an_empty_body_is_whole_whatever_its_label(encoding: str) -> None:
    """A reply without a body has nothing to decode and is not cut off."""
    assert decode(encoding, b"", []) == b""


def flushing(name: str) -> tuple[bytes, bytes]:
    """TEXT encoded up to a flush, as a server does that streams, and the rest of the same stream."""
    if name == "br":
        compressor = brotli.Compressor(quality=5)
        return compressor.process(TEXT) + compressor.flush(), compressor.process(TEXT) + compressor.finish()
    if name == "zstd":
        stream = zstandard.ZstdCompressor().compressobj()
        first = stream.compress(TEXT) + stream.flush(zstandard.COMPRESSOBJ_FLUSH_BLOCK)
        return first, stream.compress(TEXT) + stream.flush()
    deflate = zlib.compressobj(wbits=31 if name == "gzip" else 15)
    first = deflate.compress(TEXT) + deflate.flush(zlib.Z_SYNC_FLUSH)
    return first, deflate.compress(TEXT) + deflate.flush()


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "zstd"])
def test_what_a_server_has_flushed_is_given_at_once(encoding: str) -> None:
    """Nothing that can be decoded waits for more input or for the close."""
    first, rest = flushing(encoding)
    decoder = content_decoder(encoding)
    assert decoder.feed(first) == TEXT
    assert decoder.feed(rest) == TEXT
    assert decoder.close() == b""


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "zstd"])
def test_a_stream_that_was_cut_off_gives_what_it_held_and_then_an_error(encoding: str) -> None:
    """Everything up to the cut is given by feed; only the close says that it was cut."""
    first, rest = flushing(encoding)
    for cut in (0, 1, len(rest) // 2, len(rest) - 1):
        decoder = content_decoder(encoding)
        decoded = decoder.feed(first + rest[:cut])
        assert (TEXT * 2).startswith(decoded)
        assert len(decoded) >= len(TEXT)
        with pytest.raises(WireError, match="cut off"):
            decoder.close()


@pytest.mark.parametrize("beyond", [0, 1, 100, 257, 1000])
def test_deflate_keeps_nothing_back_where_a_step_is_full(beyond: int) -> None:
    """Output that does not fit a step of a mebibyte is still given by the same feed."""
    body = gzip.compress(MEBIBYTE + bytes(beyond))
    for end in range(len(body) - 20, len(body) + 1):
        at_once = zlib.decompressobj(wbits=31).decompress(body[:end])
        assert len(content_decoder("gzip").feed(body[:end])) == len(at_once)


@pytest.mark.parametrize("name", sorted(COMPRESSED))
def test_every_proper_prefix_is_cut_off(name: str) -> None:
    """No body that lacks a byte passes as whole."""
    encoding, encode = COMPRESSED[name]
    body = encode(b"some text")
    for end in range(1, len(body)):
        decoder = content_decoder(encoding)
        assert b"some text".startswith(decoder.feed(body[:end]))
        with pytest.raises(WireError, match="cut off"):
            decoder.close()


@pytest.mark.parametrize(("encoding", "encode"), [("gzip", gzip.compress), ("zstd", zstandard.compress)])
def test_several_members_are_one_body(encoding: str, encode: Callable[[bytes], bytes]) -> None:
    """Gzip members and zstd frames behind each other are read on, byte by byte too."""
    body = encode(b"one ") + encode(b"") + encode(b"two")
    assert decode(encoding, body, []) == b"one two"
    assert decode(encoding, body, list(range(len(body)))) == b"one two"


def test_zstd_frames_to_be_skipped_are_skipped() -> None:
    """A skippable frame before, between and behind the frames adds nothing."""
    skippable = b"\x5a\x2a\x4d\x18\x03\x00\x00\x00abc"
    body = skippable + zstandard.compress(b"one ") + skippable + zstandard.compress(b"two") + skippable
    assert decode("zstd", body, []) == b"one two"
    assert decode("zstd", body, list(range(len(body)))) == b"one two"


@pytest.mark.parametrize("name", ["gzip", "zlib", "raw deflate", "zstd"])
@pytest.mark.parametrize("garbage", [b"\x00", b"\x1f", b"\x28", b"garbage" * 9, b"\x00" * 40_000])
def test_what_follows_the_end_is_ignored(name: str, garbage: bytes) -> None:
    """Padding behind the last member is no fault, however it is cut."""
    encoding, encode = ENCODERS[name]
    body = encode(TEXT) + garbage
    assert decode(encoding, body, []) == TEXT
    assert decode(encoding, body, list(range(len(body)))) == TEXT


def test_bytes_behind_the_end_of_brotli_are_a_fault() -> None:
    """In the same feed or in the next one, brotli's decoder takes them for data."""
    with pytest.raises(WireError, match="corrupt br content at byte"):
        decode("br", br(b"x") + b"garbage", [])
    with pytest.raises(WireError, match="corrupt br content at byte"):
        decode("br", br(b"x") + b"garbage", [len(br(b"x"))])


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "zstd"])
def test_corrupt_content_is_refused_with_its_place(encoding: str) -> None:
    """The error says which coding and where, and stays for every later call."""
    decoder = content_decoder(encoding)
    with pytest.raises(WireError, match=f"corrupt {encoding} content at byte 0 "):
        decoder.feed(b"\xff\xff\xff\xff this is not compressed")
    with pytest.raises(WireError, match="corrupt"):
        decoder.feed(b"")
    with pytest.raises(WireError, match="corrupt"):
        decoder.close()


def test_what_came_before_a_fault_is_given_before_the_error() -> None:
    """A wrong checksum at the end of three megabytes loses none of what was decoded steps before."""
    body = gzip.compress(MEBIBYTE * 3)
    decoder = content_decoder("gzip")
    assert decoder.feed(body[:-8] + b"\x00" * 8).startswith(MEBIBYTE * 2)
    with pytest.raises(WireError, match="corrupt gzip content"):
        decoder.close()


@given(st.sampled_from(sorted(COMPRESSED)), st.binary(), st.integers(0, 10**6), st.integers(1, 255))
def test_a_flipped_byte_raises_only_the_wire_error(name: str, data: bytes, at: int, flip: int) -> None:
    """Damage anywhere gives some bytes or a WireError, and no other exception."""
    encoding, encode = COMPRESSED[name]
    body = bytearray(encode(data))
    body[at % len(body)] ^= flip
    with contextlib.suppress(WireError):
        decode(encoding, bytes(body), [])


@given(
    st.sampled_from(sorted({pair[0] for pair in COMPRESSED.values()})),
    st.binary(),
    st.lists(st.integers(0, 99)),
)
def test_arbitrary_bytes_raise_only_the_wire_error(encoding: str, data: bytes, cuts: list[int]) -> None:
    """No other exception leaves, whatever is decoded."""
    with contextlib.suppress(WireError):
        decode(encoding, data, cuts)


def bomb(encoding: str) -> bytes:
    """A compressed quarter of a gibibyte of zeros."""
    if encoding == "br":
        compressor = brotli.Compressor(quality=5)
        body: bytes = b"".join(compressor.process(MEBIBYTE) for _ in range(256)) + compressor.finish()
        return body
    if encoding == "zstd":
        stream = zstandard.ZstdCompressor().compressobj()
        return b"".join(stream.compress(MEBIBYTE) for _ in range(256)) + stream.flush()
    deflate = zlib.compressobj(wbits=31 if encoding.endswith("gzip") else 15)
    return b"".join(deflate.compress(MEBIBYTE) for _ in range(256)) + deflate.flush()


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "zstd"])
def test_a_bomb_is_refused_before_it_takes_memory(encoding: str) -> None:
    """A body above the cap ends in a WireError, having taken little more than the cap and one step."""
    body = bomb(encoding)
    decoder = content_decoder(encoding, limit=4 << 20)
    decoded = 0
    tracemalloc.start()
    try:
        refused = ""
        for start in range(0, len(body), 100):
            try:
                decoded += len(decoder.feed(body[start : start + 100]))
            except WireError as error:
                refused = str(error)
                break
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert "more than 4194304 bytes" in refused
    assert decoded <= 4 << 20
    assert peak < 80 << 20


def test_the_cap_holds_between_stacked_codings() -> None:
    """A bomb that the inner coding would shrink or skip is counted where it is large."""
    decoder = content_decoder("zstd, gzip", limit=4 << 20)
    skipped = b"\x50\x2a\x4d\x18" + (8 << 20).to_bytes(4, "little") + bytes(8 << 20)
    with pytest.raises(WireError, match="more than 4194304 bytes"):
        decoder.feed(gzip.compress(skipped))


def test_a_body_of_exactly_the_cap_is_whole() -> None:
    """The cap is a size that is still allowed."""
    decoder = content_decoder("gzip", limit=len(TEXT))
    assert decoder.feed(gzip.compress(TEXT)) + decoder.close() == TEXT


def test_a_zstd_window_above_eight_mebibytes_is_refused() -> None:
    """RFC 9659: a reply may not make its reader hold more than that."""
    for log, allowed in ((23, True), (24, False)):
        parameters = zstandard.ZstdCompressionParameters(window_log=log)
        stream = zstandard.ZstdCompressor(compression_params=parameters).compressobj()
        body = stream.compress(TEXT) + stream.flush()
        if allowed:
            assert decode("zstd", body, []) == TEXT
        else:
            with pytest.raises(WireError, match="corrupt zstd content at byte 0"):
                decode("zstd", body, [])


def test_an_unknown_coding_is_named_with_the_known_ones() -> None:
    """The error tells the value and what is allowed, in one line without control characters."""
    with pytest.raises(WireError) as caught:
        content_decoder("gzip, \x1b[31mcompress\n")
    assert str(caught.value) == (
        r"unknown Content-Encoding '\x1b[31mcompress'; known are gzip, x-gzip, deflate, br, zstd, identity"
    )


def test_a_tower_of_codings_is_refused() -> None:
    """A header cannot make the decoder build layers without end."""
    content_decoder("gzip," * 5)
    with pytest.raises(WireError, match="names 6 codings; at most 5"):
        content_decoder("gzip," * 6)
