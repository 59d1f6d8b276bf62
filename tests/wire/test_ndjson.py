from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sessiontap.wire.event import Event, Framing
from sessiontap.wire.ndjson import NDJSON

Cut = Callable[[Callable[[], Framing], bytes, Sequence[int]], list[Event]]
AnyWay = Callable[[Callable[[], Framing], bytes], list[Event]]

CASES = {
    "lines": (b'{"a":1}\n{"b":2}\n', [b'{"a":1}', b'{"b":2}']),
    "no last line end": (b'{"a":1}\n{"b":2}', [b'{"a":1}', b'{"b":2}']),
    "carriage returns and spaces": (b' {"a":1}\r\n\t{"b": 2} \r\n', [b'{"a":1}', b'{"b": 2}']),
    "blank lines": (b'\n\n{"a":1}\n \n\r\n{"b":2}\n\n', [b'{"a":1}', b'{"b":2}']),
    "byte order mark": (b'\xef\xbb\xbf{"a":1}\n', [b'{"a":1}']),
    "byte order mark on a line of its own": (b'\n\xef\xbb\xbf\n{"a":1}\n', [b'{"a":1}']),
    "a cut text is given as it is": (b'{"a":1}\n{"b":', [b'{"a":1}', b'{"b":']),
    "other line separators are data": (b'"\x0b\x85\xe2\x80\xa8"\n', [b'"\x0b\x85\xe2\x80\xa8"']),
    "nothing": (b"", []),
}


@pytest.mark.parametrize("name", CASES)
def test_cases_are_read_alike_however_they_are_cut(name: str, any_way: AnyWay) -> None:
    """Each case gives its lines, whole, byte by byte, and cut at any place."""
    body, expected = CASES[name]
    assert any_way(NDJSON, body) == [Event("", line) for line in expected]


@given(
    st.lists(st.sampled_from([b"{}", b'"x"', b"\n", b"\r\n", b" ", b"\xff"])), st.lists(st.integers(0, 1000))
)
def test_any_body_gives_its_lines_that_are_not_blank(cut: Cut, pieces: list[bytes], cuts: list[int]) -> None:
    """The events are the lines, stripped of white space, however the body is cut."""
    body = b"".join(pieces)
    expected = [Event("", line.strip()) for line in body.split(b"\n") if line.strip()]
    assert cut(NDJSON, body, cuts) == expected


@given(st.binary(), st.lists(st.integers(0, 1000)))
def test_arbitrary_bytes_are_read_without_an_error(cut: Cut, body: bytes, cuts: list[int]) -> None:
    """Bytes of any kind raise nothing, and give the same however they are cut."""
    assert cut(NDJSON, body, cuts) == cut(NDJSON, body, [])


def test_a_line_is_given_with_its_line_end() -> None:
    """Nothing waits for the next line."""
    lines = NDJSON()
    assert lines.feed(b"{}") == []
    assert lines.feed(b"\n") == [Event("", b"{}")]


def test_a_line_above_the_cap_is_dropped_and_the_stream_goes_on(cut: Cut) -> None:
    """A large line is counted once and left out, in the middle and at the end, however it is cut."""
    body = b"1\n" + b"x" * 40 + b"\n2\n" + b"y" * 40
    ways: list[Sequence[int]] = [[], range(len(body)), range(0, len(body), 7)]
    for cuts in ways:
        made: list[NDJSON] = []

        def make(made: list[NDJSON] = made) -> NDJSON:
            made.append(NDJSON(max_event=32))
            return made[-1]

        assert cut(make, body, cuts) == [Event("", b"1"), Event("", b"2")]
        assert made[0].dropped == 2
