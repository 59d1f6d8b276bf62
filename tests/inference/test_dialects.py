"""Every dialect: what is heard of a reply is what is read when a client sends it again."""

from __future__ import annotations

import base64
import json
import random
from collections.abc import Iterator
from typing import Any

import pytest

from benchmarks.dialects import DIALECTS, Dialect, Style, ToolUse, Turn
from sessiontap.apis import APIS
from sessiontap.inference import CONVERSATIONAL, Asking, heard_by, listener
from sessiontap.inference.pieces import chain

STYLES = (
    Style(),
    Style(blocks=True),
    Style(marks=True),
    Style(strips=True),
    Style(drops_thinking=True),
    Style(trims_results=True),
)


def _replies(dialect: Dialect) -> Iterator[Turn]:
    rng = random.Random(7)
    uses = [ToolUse(dialect.call_id(rng), "read", {"path": "a.py", "n": 1}) for _ in range(2)]
    yield Turn("assistant", "Hello \u00e9\U0001f642 there.\n\nIt is so.\n")
    yield Turn("assistant", "Let me see.", uses[:1], thinking="Hm.")
    yield Turn("assistant", "", uses)


@pytest.mark.parametrize("style", STYLES, ids=repr)
@pytest.mark.parametrize("stream", [False, True], ids=["plain", "streamed"])
@pytest.mark.parametrize("dialect", DIALECTS, ids=lambda dialect: dialect.api)
def test_what_is_heard_is_what_is_read_again(dialect: Dialect, stream: bool, style: Style) -> None:
    """The position behind the reply is on the way to that of the next request, whoever writes it how."""
    rng = random.Random(1)
    for reply in _replies(dialect):
        talk = [Turn("user", "Where is it?")]
        asked = Asking().read(dialect.api, _body(dialect, talk, Style()))
        ears = listener(dialect.api)
        assert ears is not None
        for event in dialect.reply(rng, reply, stream):
            ears.feed(event)
        (heard,) = heard_by(ears).replies
        talk += [reply, Turn("results", results=[(use, "It is there." * 9) for use in reply.calls])][
            : 1 + bool(reply.calls)
        ]
        talk += [Turn("user", "And then?"), Turn("assistant", "Nothing."), Turn("user", "Go on.")]
        again = Asking().read(dialect.api, _body(dialect, talk, style))
        positions = chain(asked.positions[-1], heard)
        assert again.positions[: 1 + len(positions)] == (*asked.positions, *positions)
        anchors = [piece.anchor for piece in heard]
        assert [piece.anchor for piece in again.pieces[1 : 1 + len(heard)]] == anchors


def _body(dialect: Dialect, talk: list[Turn], style: Style) -> bytes:
    return json.dumps(dialect.body("Be brief.", "small", talk, style)).encode()


def test_every_wire_shape_of_conversations_is_one() -> None:
    """The names are those of the record, and nobody misspelt one."""
    assert set(APIS) >= CONVERSATIONAL
    assert all(listener(api) for api in CONVERSATIONAL - {"gemini.interactions"})


_DELTA = {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "Hi"}}
MESSAGES: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    (
        "anthropic in Bedrock's wrapping",
        {"chunk": {"bytes": base64.b64encode(json.dumps(_DELTA).encode()).decode()}},
        {"role": "assistant", "content": "Hi"},
    ),
    (
        "nova",
        {"output": {"message": {"role": "assistant", "content": [{"text": "Hi"}]}}},
        {"role": "assistant", "content": [{"text": "Hi"}]},
    ),
    (
        "a model with OpenAI's shape",
        {"choices": [{"message": {"role": "assistant", "content": "Hi"}}]},
        {"role": "assistant", "content": "Hi"},
    ),
]


@pytest.mark.parametrize(
    ("event", "message"), [row[1:] for row in MESSAGES], ids=[row[0] for row in MESSAGES]
)
def test_invoke_hears_each_models_own_shape(event: dict[str, Any], message: dict[str, Any]) -> None:
    """Behind InvokeModel stand many shapes."""
    assert _heard("bedrock.invoke", event) == _read("bedrock.invoke", {"messages": [message]})


def test_cohere_v1_has_its_history_and_the_message_apart() -> None:
    """`chat_history`, then `message`; the reply is a text."""
    reply = {"text": "Hi", "generation_id": "g", "finish_reason": "COMPLETE"}
    body = {"chat_history": [{"role": "CHATBOT", "message": "Hi"}], "message": "Go on."}
    assert _heard("cohere.chat_v1", reply) == _read("cohere.chat_v1", body)[:1]
    assert (
        _heard("cohere.chat_v1", {"event_type": "stream-end", "response": reply})
        == _read("cohere.chat_v1", body)[:1]
    )


def test_code_assist_wraps_both() -> None:
    """The request in `request`, the reply in `response`."""
    content = {"role": "model", "parts": [{"text": "Hi"}]}
    heard = _heard("gemini.code_assist", {"response": {"candidates": [{"content": content}]}})
    assert heard == _read("gemini.code_assist", {"model": "m", "request": {"contents": [content]}})


def test_interactions_have_ids_for_their_conversations() -> None:
    """The server keeps what was said; a call names the one before."""
    body = {"input": [{"type": "text", "text": "Go on."}], "previous_interaction_id": "i1"}
    asked = Asking().read("gemini.interactions", json.dumps(body).encode())
    assert (asked.continues, len(asked.pieces), asked.has_response_id) == ("i1", 1, True)
    assert Asking().read("gemini.interactions", b'{"input": "Go on."}').pieces == asked.pieces


def test_thinking_in_a_text_is_left_out() -> None:
    """Local servers and some clients write it before the text, in `<think>`."""
    plain, thought = "It is so.", "<think>\nHm, hm.\n</think>\n\nIt is so."
    assert _heard("openai.chat", {"choices": [{"message": {"content": thought}}]}) == _read(
        "openai.chat", {"messages": [{"role": "assistant", "content": plain}]}
    )
    only = {
        "messages": [{"role": "assistant", "content": "<think>Hm</think>"}, {"role": "user", "content": "a"}]
    }
    assert [piece.by_model for piece in Asking().read("openai.chat", json.dumps(only).encode()).pieces] == [
        False
    ]


def test_arguments_count_by_what_they_mean() -> None:
    """Their text may be written anew, with other spaces, another order, and fractions that are none."""
    written = '{ "b": 2.0, "a": [1,2.5, {}] }'
    meant = {"a": [1, 2.5, {}], "b": 2}
    assert _call("call_0", written) == _call("call_1", meant)
    assert _call("call_0", "") == _call("call_0", {}) == _call("call_0", None)
    assert _call("call_0", '{"a": 2}') != _call("call_0", '{"a": 20}')
    assert _call("call_0", "{broken") == _call("call_0", "{ broken")


def test_a_random_id_is_known_in_both_alphabets_of_base64() -> None:
    """Gemini's signatures come in one, and go back in the other."""
    parts = [
        {"functionCall": {"name": "f"}, "thoughtSignature": f"CiQ{a}9dYx7zQmR4tW{b}kk=="}
        for a, b in ("/+", "_-")
    ]
    one, other = (_read("gemini.generate_content", {"contents": [{"parts": [part]}]}) for part in parts)
    assert one == other
    assert one[0][1]


def _call(call_id: str, arguments: object) -> list[tuple[bytes, bytes]]:
    call = {"id": call_id, "function": {"name": "f", "arguments": arguments}}
    return _read("openai.chat", {"messages": [{"role": "assistant", "tool_calls": [call]}]})


def _heard(api: str, event: dict[str, Any]) -> list[tuple[bytes, bytes]]:
    ears = listener(api)
    assert ears is not None
    ears.feed(event)
    (reply,) = heard_by(ears).replies
    return [(piece.digest, piece.anchor) for piece in reply]


def _read(api: str, body: dict[str, Any]) -> list[tuple[bytes, bytes]]:
    asked = Asking().read(api, json.dumps(body).encode())
    return [(piece.digest, piece.anchor) for piece in asked.pieces]
