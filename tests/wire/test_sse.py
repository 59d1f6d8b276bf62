from __future__ import annotations

import re
from collections.abc import Callable, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sessiontap.wire.event import Event, Framing
from sessiontap.wire.sse import SSE

Cut = Callable[[Callable[[], Framing], bytes, Sequence[int]], list[Event]]
AnyWay = Callable[[Callable[[], Framing], bytes], list[Event]]

CASES = {
    "the standard's first example": (
        (
            b"data: This is the first message.\n\n"
            b"data: This is the second message, it\ndata: has two lines.\n\n"
            b"data: This is the third message.\n\n"
        ),
        [
            ("", b"This is the first message."),
            ("", b"This is the second message, it\nhas two lines."),
            ("", b"This is the third message."),
        ],
    ),
    "the standard's named events": (
        b"event: add\ndata: 73857293\n\nevent: remove\ndata: 2153\n\nevent: add\ndata: 113411\n\n",
        [("add", b"73857293"), ("remove", b"2153"), ("add", b"113411")],
    ),
    "the standard's comment, id and leading spaces": (
        b": test stream\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\ndata:  third event\n\n",
        [("", b"first event"), ("", b"second event"), ("", b" third event")],
    ),
    "data without a colon is an empty line of data": (b"data\n\ndata\ndata\n\n", [("", b""), ("", b"\n")]),
    "the space after the colon is optional": (b"data:test\n\ndata: test\n\n", [("", b"test"), ("", b"test")]),
    "carriage returns": (b"event: a\rdata: 1\rdata: 2\r\rdata: 3\r\r", [("a", b"1\n2"), ("", b"3")]),
    "carriage returns with line feeds": (
        b"event: a\r\ndata: 1\r\ndata: 2\r\n\r\ndata: 3\r\n\r\n",
        [("a", b"1\n2"), ("", b"3")],
    ),
    "mixed line ends": (b"data: 1\r\n\ndata: 2\r\rdata: 3\n\r\n", [("", b"1"), ("", b"2"), ("", b"3")]),
    "byte order mark": (b"\xef\xbb\xbfdata: 1\n\n", [("", b"1")]),
    "byte order mark before a blank line": (b"\xef\xbb\xbf\ndata: 1\n\n", [("", b"1")]),
    "a second byte order mark spoils its line": (b"data: 1\n\n\xef\xbb\xbfdata: 2\n\n", [("", b"1")]),
    "a name without data is no event": (b"event: ping\n\ndata: 1\n\n", [("", b"1")]),
    "the last name counts": (
        b"event: a\nevent: b\ndata: 1\n\nevent: c\nevent\ndata: 2\n\n",
        [("b", b"1"), ("", b"2")],
    ),
    "other fields are ignored": (
        b"retry: 10\nid: 7\nfoo: bar\ndataset: 1\neventual: x\ndata: 1\n\n",
        [("", b"1")],
    ),
    "comments between": (b": OPENROUTER PROCESSING\n\ndata: 1\n: more\ndata: 2\n\n", [("", b"1\n2")]),
    "invalid UTF-8 stays bytes": (b"event: \xff\ndata: \xff\xfe\n\n", [("\ufffd", b"\xff\xfe")]),
    "other line separators are data": (
        b"data: 1\x0b\x0c\x1c\x1d\x85\xe2\x80\xa8\n\n",
        [("", b"1\x0b\x0c\x1c\x1d\x85\xe2\x80\xa8")],
    ),
    "nothing": (b"", []),
    "blank lines": (b"\n\r\n\r", []),
    "without the last blank line": (b"data: 1\n\nevent: a\ndata: 2\n", [("", b"1"), ("a", b"2")]),
    "without the last line end": (b'data: {"a":1}', [("", b'{"a":1}')]),
    "byte order mark without a line end": (b"\xef\xbb\xbfdata: 1", [("", b"1")]),
    "half a line of another kind": (b"data: 1\nevent: mess", [("", b"1")]),
    "half a field name": (b"data: 1\n\ndat", [("", b"1")]),
}


def by_the_book(body: bytes) -> list[Event]:
    """The standard's algorithm on a whole stream, word for word."""
    events, name, data = [], b"", b""
    lines = re.split(rb"\r\n|\n|\r", body.removeprefix(b"\xef\xbb\xbf"))
    for line in lines[:-1]:
        field, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if line == b"":
            if data:
                events.append(Event(name.decode("utf-8", "replace"), data[:-1]))
            name, data = b"", b""
        elif field == b"event":
            name = value
        elif field == b"data":
            data += value + b"\n"
    return events


@pytest.mark.parametrize("name", CASES)
def test_cases_are_read_alike_however_they_are_cut(name: str, any_way: AnyWay) -> None:
    """Each case gives its events, whole, byte by byte, and cut at any place."""
    body, expected = CASES[name]
    assert any_way(SSE, body) == expected


@given(
    st.lists(
        st.sampled_from(
            [b"data:", b"data", b"event: ", b":", b" ", b"\r", b"\n", b"\r\n", b"x", b"\xef\xbb\xbf"]
        )
    ),
    st.lists(st.integers(0, 1000)),
)
def test_streams_are_read_by_the_book(cut: Cut, pieces: list[bytes], cuts: list[int]) -> None:
    """Any stream, cut anywhere, gives the events of the standard's algorithm."""
    body = b"".join(pieces) + b"\n\n"
    assert cut(SSE, body, cuts) == by_the_book(body)


@given(st.binary(), st.lists(st.integers(0, 1000)))
def test_arbitrary_bytes_are_read_without_an_error(cut: Cut, body: bytes, cuts: list[int]) -> None:
    """Bytes of any kind raise nothing, and give the same however they are cut."""
    assert cut(SSE, body, cuts) == cut(SSE, body, [])


def test_an_event_is_given_with_its_blank_line_and_not_later() -> None:
    """The event comes with the byte that ends it, a carriage return included."""
    sse = SSE()
    assert sse.feed(b"data: 1\n") == []
    assert sse.feed(b"\r") == [Event("", b"1")]
    assert sse.feed(b"\ndata: 2\r\n\r") == [Event("", b"2")]
    assert sse.close() == []


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
@pytest.mark.parametrize(
    "large",
    [
        b"data: " + b"x" * 40,
        b"data: xxxxxxxxxxxx|data: xxxxxxxxxxxx|data: xxxxxxxxxxxx",
        b"junk " * 9 + b"|data: 1",
    ],
    ids=["one line", "many lines", "a line of another kind"],
)
def test_an_event_above_the_cap_is_dropped_and_the_stream_goes_on(cut: Cut, large: bytes, end: bytes) -> None:
    """A large event is counted once and left out; its neighbours are whole, however it is cut."""
    lines = [b"event: a|data: 1", large, b"data: 3"]
    body = b"".join(line.replace(b"|", end) + end + end for line in lines)
    ways: list[Sequence[int]] = [[], range(len(body)), range(0, len(body), 7)]
    for cuts in ways:
        made: list[SSE] = []

        def make(made: list[SSE] = made) -> SSE:
            made.append(SSE(max_event=32))
            return made[-1]

        assert cut(make, body, cuts) == [Event("a", b"1"), Event("", b"3")]
        assert made[0].dropped == 1


def test_a_large_event_that_the_input_cuts_is_counted_too() -> None:
    """What goes over the cap and never ends gives nothing at the close."""
    sse = SSE(max_event=32)
    assert sse.feed(b"data: " + b"x" * 40) == []
    assert sse.close() == []
    assert sse.dropped == 1


def test_comments_are_not_kept_and_not_counted() -> None:
    """A comment of any length, in any number of feeds, drops nothing."""
    sse = SSE(max_event=32)
    sse.feed(b"data: 1\n:")
    for _ in range(100):
        assert sse.feed(b"comment") == []
        assert len(sse._line) <= len(b":comment")
    assert sse.feed(b"\n\n") == [Event("", b"1")]
    assert sse.feed(b":" + b"x" * 100 + b"\ndata: 2\n\n") == [Event("", b"2")]
    assert sse.dropped == 0
