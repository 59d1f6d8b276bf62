"""Asking a stream for its usage, and hiding the answer."""

from __future__ import annotations

import json
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sessiontap.stream_usage import MOST_BYTES, with_usage, without_usage
from sessiontap.wire.ssefilter import SSEFilter
from tests.streams_with_usage import Stream

_ASKED = b'"stream_options":{"include_usage":true}'

_streams = st.builds(
    Stream,
    words=st.lists(st.text(max_size=8) | st.sampled_from(['"usage":null,', '{"usage":{}}']), max_size=5).map(
        tuple
    ),
    line_end=st.sampled_from(["\n", "\r\n", "\r"]),
    places=st.lists(st.integers(0, 6), min_size=1, max_size=4).map(tuple),
    spaced=st.booleans(),
)


@given(stream=_streams, data=st.data())
def test_the_filtered_stream_is_the_one_without_usage(stream: Stream, data: st.DataObject) -> None:
    """Whatever it says and however it is cut, a stream with usage becomes the stream without."""
    asked = stream.body(with_usage=True)
    edges = [0, *sorted(data.draw(st.lists(st.integers(0, len(asked)), max_size=8))), len(asked)]
    made = SSEFilter(without_usage)
    left = b"".join(made.feed(asked[start:end]) for start, end in pairwise(edges)) + made.close()
    assert left == stream.body(with_usage=False)


@pytest.mark.parametrize(
    ("body", "asking"),
    [
        (b'{"stream":true}', b"{" + _ASKED + b',"stream":true}'),
        (b' {\n "model": "m", "stream": true }', b" {" + _ASKED + b',\n "model": "m", "stream": true }'),
        (b'{"stream":true,"stream_options":null}', b'{"stream":true,' + _ASKED + b"}"),
        (
            b'{"stream_options": {}, "stream":true}',
            b'{"stream_options": {"include_usage":true}, "stream":true}',
        ),
        (
            b'{"stream":true,"stream_options":{"include_obfuscation":false}}',
            b'{"stream":true,"stream_options":{"include_usage":true,"include_obfuscation":false}}',
        ),
        (
            b'{"stream":true,"stream_options":{"a":"include_usage","include_usage": false}}',
            b'{"stream":true,"stream_options":{"a":"include_usage","include_usage": true}}',
        ),
        (
            b'{"messages":[{"stream_options":1}],"stream_options":{"include_usage":null},"stream":true}',
            b'{"messages":[{"stream_options":1}],"stream_options":{"include_usage":true},"stream":true}',
        ),
    ],
)
def test_a_request_is_asked_and_nothing_else_is_changed(body: bytes, asking: bytes) -> None:
    """The question is spliced in where it belongs; every other byte stays."""
    assert with_usage(body) == asking
    assert json.loads(asking)["stream_options"]["include_usage"] is True


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"not JSON",
        b"[]",
        b'{"stream":false}',
        b'{"stream":"true"}',
        b'{"messages":[{"stream":true}]}',
        b'{"stream":true,"stream_options":{"include_usage":true}}',
        b'{"stream":true,"stream_options":{"include_usage":1}}',
        b'{"stream":true,"stream_options":"x"}',
        b'{"stream":true,"stream_options":{},"stream_options":{}}',
        b'{"stream":true',
        b'{"a":' + b"[" * 100_000,
        b'{"stream":true,"a":"' + b"x" * MOST_BYTES + b'"}',
    ],
    ids=lambda body: str(body[:60]),
)
def test_other_requests_are_left_alone(body: bytes) -> None:
    """No stream, a client that asks itself, what cannot be read, and what is too large give None."""
    assert with_usage(body) is None


@pytest.mark.parametrize(
    "chunk",
    [
        b'{"choices":[{"index":0}],"usage":{"prompt_tokens":1}}',
        b'{"choices":[],"prompt_filter_results":[{}]}',
        b'{"usage":{"prompt_tokens":1}}',
        b'{"choices":[],"usage":7}',
        b'{"choices":[{"usage":null}]}',
        b'"usage"',
        b"[DONE]",
    ],
)
def test_what_the_question_did_not_cause_stays(chunk: bytes) -> None:
    """Usage beside choices, other chunks without choices, and what is no chunk go on as they are."""
    assert without_usage(chunk) == chunk


def test_azures_first_chunk_stays() -> None:
    """A chunk without choices whose usage is null loses the null only."""
    chunk = b'{"choices":[],"prompt_filter_results":[{}],"usage":null}'
    assert without_usage(chunk) == b'{"choices":[],"prompt_filter_results":[{}]}'
