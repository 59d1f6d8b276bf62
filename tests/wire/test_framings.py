"""What holds for every framing alike: cuts make no difference, and nothing but WireError is ever raised."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sessiontap.errors import WireError
from sessiontap.wire.event import Event, Framing
from sessiontap.wire.eventstream import EventStream
from sessiontap.wire.jsonarray import JSONArray
from sessiontap.wire.jsonbody import JSONBody
from sessiontap.wire.ndjson import NDJSON
from sessiontap.wire.sniff import framing_for
from sessiontap.wire.sse import SSE
from tests.aws_frames import frame

Make = Callable[[], Framing]

_BINARY = "application/vnd.amazon.eventstream"

FRAMINGS: dict[str, Make] = {
    "SSE": SSE,
    "NDJSON": NDJSON,
    "JSONArray": JSONArray,
    "JSONBody": JSONBody,
    "JSONBody that shortens": lambda: JSONBody(max_whole=8, max_kept=64),
    "EventStream": EventStream,
    "labelled SSE": lambda: framing_for("text/event-stream", array=False),
    "labelled NDJSON": lambda: framing_for("application/x-ndjson", array=False),
    "labelled binary": lambda: framing_for(_BINARY, array=False),
    "labelled JSON": lambda: framing_for("application/json", array=False),
    "labelled JSON, may be an array": lambda: framing_for("application/json", array=True),
    "not labelled": lambda: framing_for("", array=True),
}

_DOCUMENTS = st.lists(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
        max_leaves=6,
    ).map(lambda value: json.dumps({"value": value}, ensure_ascii=False).encode("utf-8", "replace")),
    max_size=5,
)
_NAMES = st.sampled_from(["chunk", "metadata", "messageStop", "é"])
_LINE_ENDS = st.sampled_from([b"\n", b"\r\n", b"\r"])


def _sse(documents: list[bytes], end: bytes = b"\n") -> bytes:
    return b"".join(b"event: e" + end + b"data: " + each + end + end for each in documents)


def _binary(documents: list[bytes]) -> bytes:
    return b"".join(frame("chunk", each) for each in documents)


# Every shape of body that some framing is for, whole; each framing is also fed those that it is not for.
_BODIES = st.one_of(
    st.builds(_sse, _DOCUMENTS, _LINE_ENDS),
    _DOCUMENTS.map(lambda each: b"".join(line + b"\n" for line in each)),
    _DOCUMENTS.map(lambda each: b"[" + b",\r\n".join(each) + b"]"),
    _DOCUMENTS.map(b"".join),
    _DOCUMENTS.map(_binary),
)
_DAMAGE = st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 255)), max_size=3)
_CUTS = st.lists(st.integers(0, 10_000), max_size=8)


def _outcome(make: Make, body: bytes, cuts: Sequence[int]) -> tuple[list[Event], list[str], int]:
    """The events of a body cut at these places (modulo its length), what was refused, and what was dropped.

    Anything raised but WireError is let through.
    """
    framing = make()
    events: list[Event] = []
    refused: list[str] = []
    places = [0, *sorted(cut % (len(body) + 1) for cut in cuts), len(body)]
    for start, end in pairwise(places):
        try:
            events += framing.feed(body[start:end])
        except WireError as error:
            refused.append(str(error))
    try:
        events += framing.close()
    except WireError as error:
        refused.append(str(error))
    return events, refused, framing.dropped


def _damaged(body: bytes, damage: list[tuple[int, int]]) -> bytes:
    changed = bytearray(body)
    for place, value in damage:
        if changed:
            changed[place % len(changed)] = value
    return bytes(changed)


@pytest.mark.parametrize("name", FRAMINGS)
@settings(max_examples=100)
@given(body=_BODIES, damage=_DAMAGE, keep=st.integers(0, 10_000), cuts=_CUTS)
def test_cuts_make_no_difference(
    name: str, body: bytes, damage: list[tuple[int, int]], keep: int, cuts: list[int]
) -> None:
    """A body, damaged or cut short or whole, gives the same in one piece, byte by byte and cut anywhere."""
    body = _damaged(body, damage)
    for each in (body, body[: keep % (len(body) + 1)]):
        whole = _outcome(FRAMINGS[name], each, [])
        assert _outcome(FRAMINGS[name], each, range(len(each))) == whole
        assert _outcome(FRAMINGS[name], each, cuts) == whole


@pytest.mark.parametrize("name", FRAMINGS)
@settings(max_examples=100)
@given(body=st.binary() | st.text(alphabet='dat:evn{}[]",\\\n\r ').map(str.encode), cuts=_CUTS)
def test_arbitrary_bytes_raise_nothing_but_the_wire_error(name: str, body: bytes, cuts: list[int]) -> None:
    """Bytes of any kind are read or refused with WireError, and alike however they are cut."""
    assert _outcome(FRAMINGS[name], body, cuts) == _outcome(FRAMINGS[name], body, [])


@settings(max_examples=100)
@given(documents=_DOCUMENTS, cuts=_CUTS, end=_LINE_ENDS, name=_NAMES)
def test_every_framing_gives_the_documents_that_it_frames(
    documents: list[bytes], cuts: list[int], end: bytes, name: str
) -> None:
    """The same documents come out of every framing that they were put into, under any label that fits."""

    def data(framing: str, body: bytes) -> list[bytes]:
        events, refused, dropped = _outcome(FRAMINGS[framing], body, cuts)
        assert (refused, dropped) == ([], 0)
        return [event.data for event in events]

    stream = _sse(documents, end)
    assert data("SSE", stream) == data("labelled SSE", stream) == documents
    if documents:
        assert data("labelled JSON", stream) == data("not labelled", stream) == documents
    lines = b"".join(each + b"\n" for each in documents)
    assert data("NDJSON", lines) == data("labelled NDJSON", lines) == documents
    array = b"[" + b",\r\n".join(documents) + b"]"
    assert data("JSONArray", array) == data("labelled JSON, may be an array", array) == documents
    binary = b"".join(frame(name, each) for each in documents)
    payloads = [json.loads(each)[name] for each in data("EventStream", binary)]
    assert payloads == [json.loads(each) for each in documents]
    assert data("EventStream", binary) == data("labelled binary", binary)
