from __future__ import annotations

import json
import tracemalloc
from collections.abc import Callable, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sessiontap.errors import WireError
from sessiontap.wire.event import Event, Framing
from sessiontap.wire.jsonbody import MAX_WHOLE, JSONBody

Cut = Callable[[Callable[[], Framing], bytes, Sequence[int]], list[Event]]
AnyWay = Callable[[Callable[[], Framing], bytes], list[Event]]

IMAGE_REPLY = b'{"data":[{"b64_json":"%s"}],"usage":{"total_tokens":7}}'


@pytest.mark.parametrize("body", [b'{"a": [1, "\xc3\xa9"]}', b" null\n", b'{"cut":', b"\xff"])
def test_a_body_is_one_event_as_it_came(body: bytes, any_way: AnyWay) -> None:
    """The bytes come back at the close, readable or not, however they were cut."""
    assert any_way(JSONBody, body) == [Event("", body)]


@pytest.mark.parametrize("body", [b"", b" \r\n\t"])
def test_a_blank_body_is_no_event(body: bytes, any_way: AnyWay) -> None:
    """There is no event where there is nothing to read."""
    assert any_way(JSONBody, body) == []


def test_nothing_is_given_before_the_close() -> None:
    """A body is whole only when its input has ended."""
    body = JSONBody()
    assert body.feed(b"{}") == []
    assert body.close() == [Event("", b"{}")]
    assert body.feed(b"more") == []
    assert body.close() == []


def test_a_body_of_a_mebibyte_is_given_whole_and_a_larger_one_shortened() -> None:
    """The last byte that fits is the 1,048,576th."""
    room = MAX_WHOLE - len(IMAGE_REPLY % b"")
    whole = IMAGE_REPLY % (b"A" * room)
    larger = IMAGE_REPLY % (b"A" * (room + 1))
    for body, kept in ((whole, room), (larger, 4096)):
        framing = JSONBody()
        framing.feed(body)
        (event,) = framing.close()
        assert event.data == IMAGE_REPLY % (b"A" * kept)


@given(
    st.lists(st.sampled_from([b'"short",', b'"' + b"A" * 5000 + b'",', b"0.25," * 900, b"{},"]), max_size=30),
    st.lists(st.integers(0, 10**6)),
)
def test_a_large_body_is_shortened_alike_however_it_is_cut(
    cut: Cut, pieces: list[bytes], cuts: list[int]
) -> None:
    """The one event of a body above max_whole does not depend on its feeds, and stays JSON."""
    body = b'{"a":[' + b"".join(pieces) + b'0],"usage":{"total_tokens":7}}'

    def make() -> JSONBody:
        return JSONBody(max_whole=1000)

    (event,) = cut(make, body, cuts)
    assert [event] == cut(make, body, [])
    assert json.loads(event.data)["usage"] == {"total_tokens": 7}


def test_a_hundred_megabytes_of_image_cost_little_memory() -> None:
    """The usage behind a very large string is read, and the string is not kept."""
    block = b"A" * (1 << 20)
    framing = JSONBody()
    tracemalloc.start()
    try:
        framing.feed(b'{"data":[{"b64_json":"')
        for _ in range(100):
            framing.feed(block)
        framing.feed(b'"}],"usage":{"total_tokens":7}}')
        (event,) = framing.close()
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert event.data == IMAGE_REPLY % (b"A" * 4096)
    assert peak < 4 << 20


def test_a_body_that_stays_too_large_is_refused_once_and_then_ignored() -> None:
    """One WireError, then silence: no later feed raises, and the close gives nothing."""
    framing = JSONBody(max_kept=100_000)
    block = b'{"a":1},' * 8192
    framing.feed(block)
    with pytest.raises(WireError, match="more than 100000 bytes"):
        framing.feed(block)
    assert framing.feed(block) == []
    assert framing.close() == []


def test_a_body_that_is_too_large_by_its_last_bytes_is_refused_at_the_close() -> None:
    """The cap holds for what no feed has looked at yet."""
    framing = JSONBody(max_whole=10, max_kept=1000)
    assert framing.feed(b'{"a":1},' * 200) == []
    with pytest.raises(WireError, match="more than 1000 bytes"):
        framing.close()
    assert framing.close() == []
