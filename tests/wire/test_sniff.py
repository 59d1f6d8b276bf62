from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sessiontap.wire.event import Event, Framing
from sessiontap.wire.sniff import framing_for

Cut = Callable[[Callable[[], Framing], bytes, Sequence[int]], list[Event]]
AnyWay = Callable[[Callable[[], Framing], bytes], list[Event]]

SSE_BODY = b"event: a\ndata: 1\n\ndata: 2\n\n"
SSE_EVENTS = [Event("a", b"1"), Event("", b"2")]
LINES = b'{"a":1}\n{"b":2}\n'
LINES_EVENTS = [Event("", b'{"a":1}'), Event("", b'{"b":2}')]
ARRAY = b'[{"a":1},{"b":2}]'

CASES = [
    ("text/event-stream", False, SSE_BODY, SSE_EVENTS),
    ("Text/Event-Stream; charset=utf-8", False, SSE_BODY, SSE_EVENTS),
    ("text/event-stream", True, b"id: 1\ndata: 1\n\n", [Event("", b"1")]),
    ("text/event-stream", False, b'\n{"error":{}}', [Event("", b'{"error":{}}')]),
    ("text/event-stream", False, b"unknown: 1\ndata: 1\n\n", [Event("", b"1")]),
    ("application/x-ndjson", False, LINES, LINES_EVENTS),
    ("application/jsonl; charset=utf-8", False, LINES, LINES_EVENTS),
    ("application/stream+json", False, LINES, LINES_EVENTS),
    ("application/json", False, b' {"a":1} ', [Event("", b'{"a":1} ')]),
    ("application/json", True, ARRAY, LINES_EVENTS),
    ("application/json", False, ARRAY, [Event("", ARRAY)]),
    ("application/json", True, b'{"error":{}}', [Event("", b'{"error":{}}')]),
    ("", False, b'{"a":1}', [Event("", b'{"a":1}')]),
    ("", False, b"d", [Event("", b"d")]),
    ("", False, b"", []),
    ("text/event-stream", False, b"", []),
    ("text/html", False, b"<html>", [Event("", b"<html>")]),
    *[
        (label, array, before + body, events)
        for label in ("application/json", "text/plain", "")
        for array in (False, True)
        for before in (b"", b"\r\n\n", b"\xef\xbb\xbf")
        for body, events in (
            (SSE_BODY, SSE_EVENTS),
            (b"data:1\n\n", [Event("", b"1")]),
            (b": hello\n\ndata: 1\n\n", [Event("", b"1")]),
            (b"id: 7\ndata: 1\n\n", [Event("", b"1")]),
            (b"retry: 7\ndata: 1\n\n", [Event("", b"1")]),
        )
    ],
]


@pytest.mark.parametrize(("label", "array", "body", "events"), CASES)
def test_the_framing_fits_the_label_and_the_first_bytes(
    label: str, array: bool, body: bytes, events: list[Event], any_way: AnyWay
) -> None:
    """Each labelled or mislabelled body gives its events, however it is cut."""
    assert any_way(lambda: framing_for(label, array=array), body) == events


@given(
    st.sampled_from(["text/event-stream", "application/x-ndjson", "application/json", "", "\x00;;"]),
    st.booleans(),
    st.binary() | st.text(alphabet="dat:evnidrety[{\n ").map(str.encode),
    st.lists(st.integers(0, 1000)),
)
def test_arbitrary_bytes_are_read_without_an_error(
    cut: Cut, label: str, array: bool, body: bytes, cuts: list[int]
) -> None:
    """Bytes of any kind raise nothing, and give the same however they are cut."""

    def make() -> Framing:
        return framing_for(label, array=array)

    assert cut(make, body, cuts) == cut(make, body, [])


def test_an_event_of_a_mislabelled_stream_does_not_wait() -> None:
    """The first bytes are looked at and handed on in the same feed."""
    assert framing_for("application/json", array=False).feed(b"data: 1\n\n") == [Event("", b"1")]
