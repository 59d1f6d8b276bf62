"""Credentials that a model says piecewise are masked like those it says at once."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sessiontap.bodies import Body, Piece
from sessiontap.masking import MASK, Masker
from sessiontap.masking_events import mask_events
from tests.aws_frames import frame

KEY = "sk-" + "ant-api03-" + "Zz9" * 20
TEXT = f"The key is {KEY}, keep it. Again: {KEY}."
MASKED = f"The key is {MASK}, keep it. Again: {MASK}."


def pieces_of(text: str, size: int) -> list[str]:
    """The text in pieces, as a model says it."""
    return [text[at : at + size] for at in range(0, len(text), size)]


def chat(piece: str) -> dict[str, Any]:
    """An event of OpenAI's chat completions."""
    return {"id": "c1", "choices": [{"index": 0, "delta": {"content": piece}}]}


def messages(piece: str) -> dict[str, Any]:
    """An event of Anthropic's messages."""
    return {"type": "content_block_delta", "index": 1, "delta": {"type": "text_delta", "text": piece}}


def gemini(piece: str) -> dict[str, Any]:
    """A chunk of Gemini's."""
    return {"candidates": [{"content": {"parts": [{"text": piece}], "role": "model"}}]}


def responses(piece: str) -> dict[str, Any]:
    """An event of OpenAI's responses."""
    return {"type": "response.output_text.delta", "output_index": 0, "content_index": 0, "delta": piece}


EVENTS = (chat, messages, gemini, responses)


def sse(events: list[dict[str, Any]]) -> bytes:
    """Server-sent events."""
    return (
        b"".join(b"event: e\ndata: %b\n\n" % json.dumps(event).encode() for event in events)
        + b"data: [DONE]\n\n"
    )


def masked(
    content: bytes, content_type: str | None = "text/event-stream", pieces: tuple[Piece, ...] = ()
) -> bytes:
    """What is left of a reply."""
    body = Body(content=content, size=len(content), content_type=content_type, pieces=pieces)
    return mask_events(body, content, Masker())


def read(content: bytes) -> list[dict[str, Any]]:
    """The events of a stream."""
    lines = [line.removeprefix(b"data: ") for line in content.splitlines() if line.startswith(b"data: {")]
    return [json.loads(line) for line in lines]


@pytest.mark.parametrize("event", EVENTS)
@pytest.mark.parametrize("size", [1, 3, 7, 40, 90])
def test_a_key_in_pieces_is_masked(event: Any, size: int) -> None:
    """However it is cut: the text that the events make is the text with the key masked."""
    plain = sse([event(piece) for piece in pieces_of(TEXT, size)])
    found = read(masked(plain))
    skeleton = event("")
    expected = [event(piece) for piece in pieces_of(TEXT, size)]
    assert len(found) == len(expected)
    said = "".join(_text(each, skeleton) for each in found)
    assert said == MASKED


def _text(event: Any, skeleton: Any) -> str:
    """The string of an event that its skeleton has empty."""
    if isinstance(skeleton, dict):
        return "".join(_text(event[key], inner) for key, inner in skeleton.items())
    if isinstance(skeleton, list):
        return "".join(map(_text, event, skeleton))
    return str(event) if skeleton == "" else ""


def test_tool_calls_side_by_side_are_told_apart() -> None:
    """The pieces of two tool calls alternate; each has its own text."""

    def call(index: int, piece: str) -> dict[str, Any]:
        return {"type": "content_block_delta", "index": index, "delta": {"partial_json": piece}}

    pairs = zip(pieces_of(f'{{"a":"{KEY}"}}', 9), pieces_of('{"b":"' + "plain words " * 8, 9), strict=False)
    # What lets the fast look find it: the key also stands in pieces that follow each other.
    events = [call(2, piece) for piece in pieces_of(KEY, 9)] + [
        call(index, piece) for pair in pairs for index, piece in enumerate(pair)
    ]
    found = read(masked(sse(events)))
    texts = [
        "".join(each["delta"]["partial_json"] for each in found if each["index"] == index)
        for index in range(3)
    ]
    assert texts[2] == MASK
    assert texts[0].startswith(f'{{"a":"{MASK}')
    assert texts[1].startswith('{"b":"plain words plain')


def test_events_without_a_key_keep_their_bytes() -> None:
    """Only what has a piece of the key is written anew."""
    odd = b'data: {"id" :  "c1", "choices":[{"index":0,"delta":{"content":"\\u0041 "}}]}\n\n'
    plain = odd + sse([chat(piece) for piece in pieces_of(TEXT, 5)]) + odd
    found = masked(plain)
    assert found.startswith(odd)
    assert found.endswith(odd)
    assert KEY not in "".join(_text(each, chat("")) for each in read(found))


@pytest.mark.parametrize("event", EVENTS)
def test_a_stream_without_a_key_is_the_very_same(event: Any) -> None:
    """Nothing is written anew for nothing."""
    plain = sse([event(piece) for piece in pieces_of("Nothing to see here. " * 20, 4)])
    assert masked(plain) is plain


def test_json_lines_and_arrays_are_read() -> None:
    """Ollama streams lines, Gemini without `alt=sse` an array."""
    lines = b"\n".join(json.dumps({"message": {"content": piece}}).encode() for piece in pieces_of(TEXT, 6))
    found = [
        json.loads(line)["message"]["content"] for line in masked(lines, "application/x-ndjson").splitlines()
    ]
    assert "".join(found) == MASKED
    array = json.dumps([gemini(piece) for piece in pieces_of(TEXT, 6)]).encode()
    said = [_text(each, gemini("")) for each in json.loads(masked(array, "application/json"))]
    assert "".join(said) == MASKED


def test_the_messages_of_a_socket_are_read() -> None:
    """They follow each other without anything between them."""
    sent = [json.dumps(responses(piece)).encode() for piece in pieces_of(TEXT, 6)]
    pieces = tuple(Piece(0, len(each)) for each in sent)
    found = masked(b"".join(sent), None, pieces).replace(b"}{", b"}\n{").splitlines()
    assert "".join(json.loads(each)["delta"] for each in found) == MASKED


@pytest.mark.parametrize("wrapped", [False, True])
def test_an_aws_event_stream_is_read(wrapped: bool) -> None:
    """JSON in frames, also where it is wrapped in base64."""
    content = b""
    for piece in pieces_of(TEXT, 6):
        inner = json.dumps(messages(piece)).encode()
        payload = (
            json.dumps({"bytes": base64.b64encode(inner).decode(), "p": "abc"}).encode() if wrapped else inner
        )
        content += frame("chunk", payload)
    found = masked(content, "application/vnd.amazon.eventstream")
    said = ""
    for start in (at for at in range(len(found)) if found.startswith(b'{"', at)):
        try:
            event, _ = json.JSONDecoder().raw_decode(found[start:].decode("latin-1"))
        except ValueError:
            continue
        if wrapped and "bytes" in event:
            event = json.loads(base64.b64decode(event["bytes"]))
        said += _text(event, messages("")) if "index" in event else ""
    assert said == MASKED


@given(
    content=st.one_of(
        st.binary(max_size=300),
        st.lists(st.sampled_from([b"data: {}\n\n", b'data: {"a":"b"}\n', b"[", b"{", b'{"a":', b"\xff"])).map(
            b"".join
        ),
    ),
    content_type=st.sampled_from(
        ["text/event-stream", "application/x-ndjson", None, "application/vnd.amazon.eventstream"]
    ),
)
def test_nothing_raises_and_what_holds_no_key_stays(content: bytes, content_type: str | None) -> None:
    """Whatever a provider sends."""
    assert masked(content, content_type) == content
