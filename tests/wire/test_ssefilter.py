"""What a filter of server-sent events lets through, and when."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sessiontap.wire.ssefilter import SSEFilter

_ENDS = ("\n", "\r\n", "\r")


def _edit(data: bytes) -> bytes | None:
    return None if data.startswith(b"drop") else data.replace(b"out", b"")


def _filtered(stream: bytes, cuts: list[int]) -> bytes:
    made = SSEFilter(_edit)
    edges = [0, *sorted(cuts), len(stream)]
    return b"".join(made.feed(stream[start:end]) for start, end in pairwise(edges)) + made.close()


def _stream(events: list[str], end: str) -> bytes:
    return "".join(event.replace("\n", end) + 2 * end for event in events).encode()


_event = st.sampled_from(
    [
        "data: keep",
        "data:keepout",
        "event: x\ndata: out-y\nid: 3",
        ": comment",
        "data: a\ndata: out",
        "retry: 1",
    ]
)


@given(
    kept=st.lists(st.tuples(_event, st.booleans()), max_size=6),
    end=st.sampled_from(_ENDS),
    data=st.data(),
)
def test_only_what_the_edit_takes_is_missing(
    kept: list[tuple[str, bool]], end: str, data: st.DataObject
) -> None:
    """However the stream is cut, dropped events and edited words are gone, and every other byte is there."""
    events = [each for event, drop in kept for each in (["data: drop\nid: 1"] if drop else []) + [event]]
    stream = _stream(events, end)
    expected = _stream(
        [event if event.count("data:") == 2 else event.replace("out", "") for event, _ in kept], end
    )
    cuts = data.draw(st.lists(st.integers(0, len(stream)), max_size=12))
    assert _filtered(stream, cuts) == expected
    assert _filtered(stream, list(range(len(stream)))) == expected


@given(st.binary(max_size=60) | st.text("\r\n:data drop", max_size=40).map(str.encode), st.data())
def test_any_bytes_give_the_same_however_they_are_cut(stream: bytes, data: st.DataObject) -> None:
    """Arbitrary bytes raise nothing, and where they are cut does not show."""
    cuts = data.draw(st.lists(st.integers(0, len(stream)), max_size=6))
    assert _filtered(stream, cuts) == _filtered(stream, [])


@pytest.mark.parametrize("end", _ENDS)
def test_an_event_goes_on_with_its_last_byte(end: str) -> None:
    """Nothing is held once the blank line has come, and a comment goes when its line has ended."""
    made = SSEFilter(_edit)
    event = f"data: a{end}{end}".encode()
    assert made.feed(event[:-1]) + made.feed(event[-1:]) == event
    assert made.rest() == b""
    comment = f": waiting{end}".encode()
    assert made.feed(comment) == comment


def test_an_endless_event_is_let_through() -> None:
    """More than the largest event without an end goes on, and so does everything after it."""
    made = SSEFilter(_edit, max_event=10)
    assert made.feed(b"data: 0123") == b""
    assert made.feed(b"4") == b"data: 01234"
    assert made.feed(b"\n\ndata: drop\n\n") == b"\n\ndata: drop\n\n"


def test_what_is_held_can_be_had_when_the_edit_fails() -> None:
    """An edit that raises leaves the held bytes where `rest` finds them."""

    def fails(_: bytes) -> bytes:
        raise ZeroDivisionError

    made = SSEFilter(fails)
    assert made.feed(b"data: a\n") == b""
    with pytest.raises(ZeroDivisionError):
        made.feed(b"\n")
    assert made.rest() == b"data: a\n"
    assert made.close() == b""
