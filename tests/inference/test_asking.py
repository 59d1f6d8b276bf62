"""Reading requests: what is kept between them changes nothing, and nothing in one makes it raise."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sessiontap.inference import CONVERSATIONAL, NOT_READ, Asking, heard_by, listener
from sessiontap.inference.pieces import is_random

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                [
                    "role",
                    "content",
                    "type",
                    "text",
                    "parts",
                    "tool_calls",
                    "function",
                    "id",
                    "input",
                    "messages",
                    "message",
                    "choices",
                    "delta",
                    "output",
                    "toolUse",
                    "functionCall",
                    "item",
                    "index",
                    "candidates",
                ]
            ),
            inner,
            max_size=5,
        )
    ),
    max_leaves=20,
)


def _long(turns: int) -> list[dict[str, Any]]:
    """A conversation with small messages, large ones and instructions in its middle."""
    talk = []
    for number in range(turns):
        talk.append({"role": "user", "content": f"{number} " * (10_000 if number % 50 == 0 else 3)})
        talk.append({"role": "assistant", "content": f"Answer {number}."})
        if number % 30 == 0:
            talk.append({"role": "system", "content": f"Rule {number}."})
    return talk


def test_what_is_kept_between_requests_changes_nothing() -> None:
    """A conversation that grows reads the same as one that is read once; so does an edit in its middle."""
    asking, talk = Asking(), _long(150)
    for length in (1, 63, 64, 65, 128, 200, len(talk)):
        body = json.dumps({"messages": talk[:length], "model": "m"}).encode()
        once = Asking().read("openai.chat", body)
        assert asking.read("openai.chat", body) == asking.read("openai.chat", body) == once
    talk[70]["content"] = "Something else."
    body = json.dumps({"messages": talk, "model": "m"}).encode()
    assert asking.read("openai.chat", body) == Asking().read("openai.chat", body)
    dropped = json.dumps({"messages": talk[3:], "model": "m"}).encode()
    assert asking.read("openai.chat", dropped) == Asking().read("openai.chat", dropped)


def test_instructions_are_no_part_of_the_conversation() -> None:
    """Programs change them from call to call: they count for the context only, wherever they stand."""
    asking = Asking()
    bodies = [
        {"messages": [{"role": role, "content": text}, {"role": "user", "content": "hi"}]}
        for role, text in (("system", "a"), ("developer", "b"))
    ]
    one, two = (asking.read("openai.chat", json.dumps(body).encode()) for body in bodies)
    assert one.positions == two.positions
    assert one.context != two.context


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b"null", b'{"messages": 3}', b'{"messages": [3]}', b"\xff\xfe", b'{"messages": []}'],
    ids=repr,
)
@pytest.mark.parametrize("api", sorted(CONVERSATIONAL))
def test_a_body_that_cannot_be_read_is_no_conversation(api: str, body: bytes) -> None:
    """At most a message that is no object counts, by its bytes."""
    asked = Asking().read(api, body)
    assert len(asked.pieces) <= 1
    assert not asked.by_model


def test_other_apis_hold_no_conversation() -> None:
    """Embeddings, images and the rest are not even looked into."""
    body = b'{"messages": [{"role": "user", "content": "hi"}], "input": "hi", "prompt": "hi"}'
    assert Asking().read("openai.embeddings", body) is NOT_READ
    assert Asking().read("openai.completions", body) is NOT_READ
    assert listener("openai.embeddings") is None


def test_what_is_not_strictly_json_is_read_all_the_same() -> None:
    """Half a surrogate pair is what a client leaves of an emoji that it cut in two."""
    texts = ('"a \\ud83d"', '"a \\ud83d\\ude42"')
    odd, whole = (f'{{"messages": [{{"role": "user", "content": {text}}}]}}'.encode() for text in texts)
    asking = Asking()
    assert len(asking.read("openai.chat", odd).pieces) == 1
    assert asking.read("openai.chat", b"\xef\xbb\xbf" + whole) == asking.read("openai.chat", whole)


@settings(deadline=None)
@given(api=st.sampled_from(sorted(CONVERSATIONAL)), value=json_values)
def test_no_request_makes_it_raise(api: str, value: object) -> None:
    """Whatever stands in the body, in the messages, in a message."""
    for body in (
        value,
        {"messages": [value], "contents": [value], "input": [value], "chat_history": [value]},
    ):
        Asking().read(api, json.dumps(body).encode())


@settings(deadline=None)
@given(api=st.sampled_from(sorted(CONVERSATIONAL)), events=st.lists(json_values, max_size=4))
def test_no_reply_makes_it_raise(api: str, events: list[object]) -> None:
    """Whatever the events are."""
    ears = listener(api)
    for event in events:
        if ears is not None and isinstance(event, dict):
            ears.feed(event)
    if ears is not None:
        heard_by(ears, "{")


@pytest.mark.parametrize(
    ("call_id", "name", "random"),
    [
        ("call_Xy7aQ2mN8pR4tW9zB3cD6eF1", "read", True),
        ("toolu_01A09q90qw90lq917835lq9", "read", True),
        ("chatcmpl-tool-2b3f6c1e8d7a4950b1c2d3e4f5a6b7c8", "read", True),
        ("D681PevKs", "read", True),
        ("pyd_ai_4e1aa04b91dc4ccc9b5254aae846e015", "get_file", True),
        ("call_0", "read", False),
        ("functions.get_weather:0", "get_weather", False),
        ("get_current_weather", "get_current_weather", False),
        ("0", "read", False),
        ("", "read", False),
    ],
)
def test_ids_are_random_or_counted(call_id: str, name: str, random: bool) -> None:
    """Those that are counted, or are the tool's name, are the same in other conversations."""
    assert is_random(call_id, name) is random
