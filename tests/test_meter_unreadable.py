from __future__ import annotations

import gzip
import json
import tracemalloc
import zlib
from collections.abc import Iterable, Iterator
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sessiontap.call import decode, encode
from sessiontap.identity import identify
from sessiontap.meter import CallMeter
from sessiontap.providers import PROVIDERS, Match
from sessiontap.record import Ending
from sessiontap.usage import Usage
from tests.aws_frames import frame
from tests.conformance.metering import COMPRESSORS, fixtures
from tests.metered import (
    CHAT,
    EMBEDDINGS,
    END,
    GEMINI,
    JSON,
    MESSAGE_DELTA,
    MESSAGE_START,
    MESSAGE_STOP,
    MESSAGES,
    RESPONSES,
    SENT_AT,
    SSE,
    TEXT_DELTA,
    chat_reply,
    meter,
    metered,
    sse,
)

# --- bytes that cannot be read


def test_a_cut_gzip_stream_gives_what_came() -> None:
    """Of a compressed stream that was cut, every event before the cut is read."""
    cut = zlib.compressobj(wbits=31)
    wire = cut.compress(sse(MESSAGE_START, TEXT_DELTA)) + cut.flush(zlib.Z_SYNC_FLUSH)
    call, problem = metered(MESSAGES, wire, content_type=SSE, encoding="gzip", ending="cut")
    assert (call.status, call.usage_source) == ("interrupted", "partial")
    assert call.usage == Usage(input_tokens=25, output_tokens=1)
    assert call.response_bytes == len(wire)
    assert problem is None


def test_a_gzip_body_without_its_end_is_a_problem_where_http_says_that_it_is_whole() -> None:
    """A truncated gzip body in a reply that ended cleanly is told, and what it held is recorded."""
    wire = gzip.compress(chat_reply(usage={"prompt_tokens": 3, "completion_tokens": 4}))[:-8]
    call, problem = metered(CHAT, wire, encoding="gzip")
    assert call.usage == Usage(input_tokens=3, output_tokens=4)
    _one_line(problem)


def test_bytes_that_are_not_gzip_are_a_problem() -> None:
    """A body that is not what its Content-Encoding says leaves usage unknown and the problem told."""
    call, problem = metered(CHAT, chat_reply(usage={"prompt_tokens": 3}), encoding="gzip")
    assert (call.status, call.usage, call.usage_source) == ("ok", Usage(), "none")
    _one_line(problem)


def test_an_unknown_content_encoding_is_a_problem_and_the_bytes_are_counted() -> None:
    """A coding that nobody knows leaves usage unknown; the call is ended and its bytes are counted."""
    body = chat_reply(usage={"prompt_tokens": 3})
    call, problem = metered(CHAT, body, encoding="dcb\x1b[31m\n")
    assert (call.status, call.usage, call.usage_source, call.response_bytes) == (
        "ok",
        Usage(),
        "none",
        len(body),
    )
    _one_line(problem)


def test_a_request_that_cannot_be_read_is_a_problem_and_the_reply_is_read_all_the_same() -> None:
    """An unreadable request is told; the reply's usage is recorded."""
    started = meter(CHAT, b"\x00\xff", "gzip")
    started.reply(200, {"content-type": JSON})
    started.feed(chat_reply(usage={"prompt_tokens": 3, "completion_tokens": 4}), SENT_AT)
    call = started.close("clean", END)
    assert call.usage == Usage(input_tokens=3, output_tokens=4)
    assert (call.request_model, call.request_bytes) == (None, 2)
    _one_line(started.problem)


def test_a_stream_cut_within_an_event_loses_that_event_only() -> None:
    """Half an event at the end of a cut stream is neither read nor reported as a problem."""
    body = sse(MESSAGE_START, TEXT_DELTA) + sse(MESSAGE_DELTA)[:-30]
    call, problem = metered(MESSAGES, body, content_type=SSE, ending="client-left")
    assert call.usage == Usage(input_tokens=25, output_tokens=1)
    assert problem is None


def test_a_broken_event_in_the_middle_loses_that_event_only() -> None:
    """Events behind one that is not JSON are read, and the problem is told in one line."""
    body = sse(MESSAGE_START) + b"data: {oh\x1b[2J no}\n\n" + sse(TEXT_DELTA, MESSAGE_DELTA, MESSAGE_STOP)
    call, problem = metered(MESSAGES, body, content_type=SSE)
    assert call.usage == Usage(input_tokens=25, output_tokens=15)
    _one_line(problem)


def _one_line(problem: str | None) -> None:
    assert problem
    assert problem.isprintable(), "a problem is one line without control characters"


# --- figures that are none

NO_COUNTS = ["12", -1, None, 1.5, True, [], {}, float("inf"), float("nan"), 2**53]


@pytest.mark.parametrize("figure", NO_COUNTS, ids=repr)
@pytest.mark.parametrize("where", [CHAT, RESPONSES, MESSAGES, GEMINI], ids=lambda where: where[1])
def test_a_figure_that_is_no_count_is_not_known(where: tuple[str, str], figure: object) -> None:
    """Text, negative, broken, huge or missing figures are unknown, never zero, and their neighbours stand."""
    usage = dict.fromkeys(("prompt_tokens", "input_tokens", "promptTokenCount"), figure)
    usage |= dict.fromkeys(("completion_tokens", "output_tokens", "candidatesTokenCount"), 7)
    reply = {"type": "message", "object": "response", "usage": usage, "usageMetadata": usage}
    call, problem = metered(where, json.dumps(reply).encode())
    assert call.usage == Usage(output_tokens=7)
    assert problem is None


@pytest.mark.parametrize("usage", ["many", 3, [], [1], None, True, {}], ids=repr)
def test_a_usage_that_is_no_object_is_no_usage(usage: object) -> None:
    """A usage of any other type than an object is none."""
    call, _ = metered(CHAT, chat_reply(usage=usage))
    assert (call.status, call.usage, call.usage_source) == ("ok", Usage(), "none")


def test_a_number_beyond_every_float_is_not_known() -> None:
    """1e400 is read as what it is, no count."""
    body = b'{"id": "c1", "choices": [], "usage": {"prompt_tokens": 1e400, "completion_tokens": 7}}'
    call, _ = metered(CHAT, body)
    assert call.usage == Usage(output_tokens=7)


@pytest.mark.parametrize("opening", [b"[", b'{"usage":'], ids=["lists", "objects"])
def test_a_reply_nested_too_deeply_is_a_problem(opening: bytes) -> None:
    """A reply nested 10,000 deep ends in one line of text, not in a RecursionError."""
    closing = {b"[": b"]", b'{"usage":': b"}"}[opening]
    body = b'{"usage": ' + opening * 10_000 + b"1" + closing * 10_000 + b"}"
    call, problem = metered(CHAT, body)
    assert (call.status, call.usage) == ("ok", Usage())
    _one_line(problem)


def test_text_that_is_not_utf8_is_read_around() -> None:
    """Bytes that are no UTF-8 become U+FFFD; the usage beside them is read, and the record can be stored."""
    body = b'{"id": "c\xff1", "model": "gpt\\ud800", "choices": [], "usage": {"prompt_tokens": 5}}'
    call, problem = metered(CHAT, body)
    assert call.usage == Usage(input_tokens=5)
    assert call.response_id == "c\N{REPLACEMENT CHARACTER}1"
    assert decode(encode(call)) == call
    assert problem is None


# --- large replies


@pytest.mark.parametrize(
    ("opening", "unit", "closing"),
    [
        (b'{"embedding": [', b"0.0123456789,-0.9876543210,", b"0]}"),
        (b'{"b64_json": "', b"iVBORw0KGgoAAAANSUhEUgAAAAEA", b'"}'),
    ],
    ids=["embeddings", "an image"],
)
def test_a_reply_of_100_mb_is_read_in_bounded_memory(opening: bytes, unit: bytes, closing: bytes) -> None:
    """Usage behind 100 MB of numbers or of base64 is found, and less than 24 MB are held at any time."""
    piece = unit * 2_400
    pieces = 100_000_000 // len(piece)
    started = meter(EMBEDDINGS)
    started.reply(200, {"content-type": JSON})
    tracemalloc.start()
    try:
        started.feed(b'{"object": "list", "model": "m", "data": [' + opening, SENT_AT)
        for _ in range(pieces):
            started.feed(piece, SENT_AT)
        started.feed(closing + b'], "usage": {"prompt_tokens": 77, "total_tokens": 77}}', SENT_AT)
        call = started.close("clean", END)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert call.usage == Usage(input_tokens=77)
    assert call.response_bytes is not None
    assert call.response_bytes > 99_000_000
    assert peak < 24_000_000
    assert started.problem is None


# --- anything at all

AWS = "application/vnd.amazon.eventstream"

# For each wire shape a URL that has a fixture. (Sockets have a meter of their own.)
_SAMPLES: dict[str, Match] = {
    each.api: found for each in fixtures() if (found := each.match()).kind != "socket"
}
_LONGEST_WORD = 40


def _words(value: object) -> Iterator[tuple[str, bool]]:
    """Every key (True) and every short text (False) in a JSON value."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield key, True
            yield from _words(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _words(inner)
    elif isinstance(value, str) and len(value) <= _LONGEST_WORD:
        yield value, False


# The vocabulary is that of the fixtures, so that what is fed goes deep into every reader.
_VOCABULARY = {word for each in fixtures() for word in _words([each.request, each.response])}
_KEYS = st.sampled_from(sorted(word for word, is_key in _VOCABULARY if is_key))
_WORDS = st.sampled_from(
    [*sorted(word for word, is_key in _VOCABULARY if not is_key), "\ud800", "sk-abcdefghijkl"]
)
_LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | _WORDS | st.text(max_size=5)
_VALUES = st.recursive(
    _LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_KEYS, inner, max_size=4),
    max_leaves=12,
)
_DOCUMENTS = _VALUES.map(lambda value: json.dumps(value).encode())
_BODIES = st.one_of(
    st.binary(max_size=200),
    _DOCUMENTS,
    st.lists(_DOCUMENTS, max_size=4).map(lambda each: b"".join(b"data: " + one + b"\n\n" for one in each)),
    st.lists(st.tuples(_KEYS, _DOCUMENTS), max_size=4).map(
        lambda each: b"".join(frame(name, one) for name, one in each)
    ),
)
_ENCODINGS = {**COMPRESSORS, "nonsense": bytes}


def test_the_samples_cover_every_wire_shape() -> None:
    """The test below feeds every wire shape that is spoken over plain HTTP."""
    spoken = {each.api.name for provider in PROVIDERS for each in provider.routes if each.kind != "socket"}
    assert {found.api.name for found in _SAMPLES.values()} == spoken


@settings(deadline=None, max_examples=400)
@given(
    api=st.sampled_from(sorted(_SAMPLES)),
    request=_BODIES,
    reply=_BODIES,
    content_type=st.sampled_from(
        [JSON, SSE, "application/x-ndjson", AWS, "text/html", "audio/mp3", "", "\ud800;;"]
    )
    | st.text(),
    encodings=st.tuples(st.sampled_from(list(_ENCODINGS)), st.sampled_from(list(_ENCODINGS)) | st.text()),
    compressed=st.booleans(),
    status=st.integers(100, 999),
    ending=st.sampled_from(["clean", "cut", "client-left"]),
    cuts=st.lists(st.integers(0, 400), max_size=3),
)
def test_nothing_that_anybody_sends_raises(
    api: str,
    request: bytes,
    reply: bytes,
    content_type: str,
    encodings: tuple[str, str],
    *,
    compressed: bool,
    status: int,
    ending: Ending,
    cuts: list[int],
) -> None:
    """Whatever the bytes and headers are, the call ends as a record that can be stored and read again."""
    started = CallMeter(
        _SAMPLES[api],
        identify([], proxy_user=None, today="2026-01-01"),
        "the-call",
        "2026-01-01T00:00:00.000Z",
    )
    request_encoding, reply_encoding = encodings
    if compressed:
        request = _ENCODINGS[request_encoding](request)
        reply = _ENCODINGS.get(reply_encoding, bytes)(reply)
    started.request(request, {"content-encoding": request_encoding}, SENT_AT)
    started.reply(status, {"content-type": content_type, "content-encoding": reply_encoding})
    for piece in _pieces(reply, cuts):
        started.feed(piece, SENT_AT + 1)
    call = started.close(ending, END)
    assert decode(encode(call)) == call
    assert call.response_bytes == len(reply)
    if started.problem is not None:
        _one_line(started.problem)


def _pieces(data: bytes, cuts: list[int]) -> Iterable[bytes]:
    edges = [0, *sorted(min(cut, len(data)) for cut in cuts), len(data)]
    return (data[start:end] for start, end in pairwise(edges))


def test_a_record_is_bounded() -> None:
    """Texts and parts of a hostile reply do not make a record of megabytes."""
    parts = [{"type": "message", "input_tokens": 1, "model": "x" * 4000}] * 5000
    body = {"type": "message", "model": "m", "stop_reason": "end_turn", "usage": {"iterations": parts}}
    call, _ = metered(MESSAGES, json.dumps(body).encode())
    assert len(encode(call)) < 1_000_000
