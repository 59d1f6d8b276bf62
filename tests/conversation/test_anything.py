"""Whatever stands in the bodies: nothing raises, and nothing is passed over in silence."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sessiontap.apis import APIS
from sessiontap.bodies import Body
from sessiontap.call import Call
from sessiontap.conversation import Turns, call_messages
from sessiontap.conversation.comparing import key_of
from sessiontap.export.messages_json import call_json, turn_json
from sessiontap.replies import WHOLE, WORDS, maker
from sessiontap.views.conversation import Look, said_lines, turn_lines
from tests.conversation.samples import JSON, SSE, body, call, stored, stream

_NAMES = [
    "messages",
    "role",
    "content",
    "type",
    "text",
    "parts",
    "input",
    "output",
    "tool_calls",
    "function",
    "name",
    "arguments",
    "id",
    "tools",
    "system",
    "choices",
    "delta",
    "message",
    "contents",
    "functionCall",
    "args",
    "candidates",
    "response",
    "prompt",
    "image_url",
    "source",
    "data",
    "url",
    "content_block",
    "index",
    "partial_json",
    "item",
    "output_index",
    "summary",
    "reasoning",
    "toolUse",
    "toolResult",
    "json",
    "thinking",
    "tool_use",
    "tool_result",
    "input_text",
    "message_start",
    "content_block_start",
    "content_block_delta",
    "candidates",
    "steps",
    "outputs",
    "step",
    "contentBlockDelta",
    "contentBlockIndex",
    "contentBlockStart",
    "start",
    "reasoningContent",
    "chunk",
    "bytes",
    "chat_history",
    "message",
    "tool_results",
    "response.output_item.done",
    "response.output_text.delta",
    "event_type",
    "serverContent",
    "modelTurn",
    "inlineData",
    "mimeType",
    "functionResponse",
    "refusal",
    "audio",
    "images",
    "error",
    "user",
    "assistant",
]
_words = st.sampled_from(_NAMES) | st.text(max_size=4)
_leaves = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | _words
_values = st.recursive(
    _leaves,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_words, inner, max_size=5),
    max_leaves=25,
)
_objects = st.dictionaries(_words, _values, max_size=6)
_apis = st.sampled_from([*sorted(APIS), "of.tomorrow"])


def _shown(record: Call, request: Body | None, reply: Body | None) -> None:
    """Reads and shows a call in every way that there is."""
    bodies = stored(request, reply)
    found = call_messages(record, bodies)
    json.loads(call_json(record, found))
    turn = Turns().feed(record, bodies)
    json.loads(turn_json(turn, 1))
    for full in (False, True):
        look = Look(width=40, full=full)
        for line in (*said_lines(found, look), *turn_lines(turn, 1, look)):
            assert not set(line.plain) & set("\x1b\r\n\x9b")
    for message in (*found.request, *(each for reply_ in found.replies for each in reply_)):
        key_of(message)


@settings(max_examples=150, deadline=None)
@given(_apis, _objects, _objects)
def test_any_json_is_messages(api: str, request: dict[str, Any], reply: dict[str, Any]) -> None:
    """Objects of the names that the dialects have, put together at random."""
    _shown(call(api), body(request), body(reply))


@settings(max_examples=120, deadline=None)
@given(_apis, st.lists(_objects, max_size=6))
def test_any_events_are_messages(api: str, events: list[dict[str, Any]]) -> None:
    """Streams of them, heard in both ways."""
    _shown(call(api), None, stream(events))
    for bounds in (WHOLE, WORDS):
        making = maker(api, bounds)
        for event in events if making is not None else ():
            making.feed(event)  # type: ignore[union-attr]
            list(making.messages())  # type: ignore[union-attr]


@settings(max_examples=120, deadline=None)
@given(_apis, st.binary(max_size=60), st.sampled_from([None, JSON, SSE, "text/plain", "audio/mpeg", "x"]))
def test_any_bytes_are_messages(api: str, content: bytes, content_type: str | None) -> None:
    """Bodies that are nothing at all."""
    _shown(call(api), body(content, content_type), body(content, content_type))


@pytest.mark.parametrize("api", ["openai.chat", "openai.responses", "gemini.generate_content"])
@pytest.mark.parametrize("value", [b'{"messages":%b}', b'{"input":%b}', b'{"contents":%b}', b"%b"])
def test_deep_nesting_is_messages(api: str, value: bytes) -> None:
    """JSON nested as deep as readers take it, and deeper."""
    for depth in (300, 900, 5000):
        for opening, closing in ((b"[", b"]"), (b'{"content":', b"}"), (b'{"parts":[', b"]}")):
            deep = value % (opening * depth + b"1" + closing * depth)
            _shown(call(api), body(deep), body(deep))


def test_half_a_character_is_shown() -> None:
    """A lone surrogate, which no encoding can hold, comes out as U+FFFD."""
    raw = rb'{"messages":[{"role":"user","content":"a\ud800b"}],"model":"m"}'
    found = call_messages(call(), stored(body(raw)))
    assert "a\ufffdb" in call_json(call(), found).decode() or "a?b" in call_json(call(), found).decode()
    _shown(call(), body(raw), None)


def test_numbers_that_json_does_not_have_are_texts() -> None:
    """What is given as JSON can be read by everybody."""
    raw = b'{"choices":[{"message":{"content":{"a":[NaN,-Infinity,1e999,0.5]}}}]}'
    said = json.loads(
        call_json(call(), call_messages(call(), stored(None, body(raw)))), parse_constant=pytest.fail
    )
    (part,) = said["messages"]["replies"][0][0]["parts"]
    assert part["content"] == {"a": ["nan", "-inf", "inf", 0.5]}


def test_what_is_not_there_is_told() -> None:
    """No bodies at all, and none yet."""
    assert call_messages(call(), None).missing == ("request and reply are not stored",)
    assert call_messages(call(status="running"), stored(body({"messages": []}))).missing == ()
