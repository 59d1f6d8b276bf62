"""Calls without any id through a real mitmdump: conversations are told apart by what is said in them."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openai
import pytest

from sessiontap.call import Call
from sessiontap.demo import replies
from sessiontap.demo.answer import Answer, ReceivedCall
from sessiontap.sessions.rollup import summarize
from sessiontap.store import Ledger
from tests.end_to_end.place import USAGE, Place, open_place

MODEL = "gpt-5-mini"
SYSTEM = {"role": "system", "content": "You are a coding agent. Follow CLAUDE.md."}
_replies: Counter[str] = Counter()


def _answer(call: ReceivedCall) -> Answer:
    """Says something that no other reply says; of embeddings, a vector."""
    body: dict[str, Any] = json.loads(call.body)
    if call.path.endswith("/embeddings"):
        vector = {"object": "embedding", "index": 0, "embedding": [0.5]}
        usage = {"prompt_tokens": 3, "total_tokens": 3}
        made = {"object": "list", "model": body["model"], "data": [vector], "usage": usage}
        return Answer(headers=(("Content-Type", "application/json"),), chunks=(json.dumps(made).encode(),))
    _replies["all"] += 1
    words = f"This is the answer number {_replies['all']}."
    return replies.openai_chat(MODEL, words, USAGE, stream=bool(body.get("stream")))


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    """A proxy before a double; the SDK's environment."""
    with open_place(tmp_path) as opened:
        opened.handlers[""] = _answer
        monkeypatch.setenv("HTTPS_PROXY", opened.proxy.url)
        monkeypatch.setenv("SSL_CERT_FILE", str(opened.proxy.ca_file))
        monkeypatch.delenv("NO_PROXY", raising=False)
        yield opened


def _say(client: openai.OpenAI, said: list[Any], words: str, *, stream: bool) -> None:
    """One turn of a conversation: a question, and the reply as the next call will quote it."""
    said.append({"role": "user", "content": words})
    if stream:
        chunks = client.chat.completions.create(
            model=MODEL, messages=said, stream=True, stream_options={"include_usage": True}
        )
        reply = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
    else:
        reply = client.chat.completions.create(model=MODEL, messages=said).choices[0].message.content or ""
    said.append({"role": "assistant", "content": reply})


def _sessions(place: Place) -> dict[str, list[Call]]:
    place.proxy.stop()
    return {found.session_id or "": found.calls for found in Ledger(place.proxy.home).sessions()}


def test_two_conversations_of_one_client_are_two_sessions(place: Place) -> None:
    """Interleaved, begun with the very same messages, one of them streamed; each keeps its own."""
    one: list[Any] = [SYSTEM]
    other: list[Any] = [SYSTEM]
    with openai.OpenAI(api_key="k") as client:
        for words in ("Where are the tests?", "Run them.", "And now?"):
            _say(client, one, words, stream=False)
            _say(client, other, words, stream=True)
    sessions = _sessions(place)
    assert sorted(len(calls) for calls in sessions.values()) == [3, 3]
    for name, calls in sessions.items():
        assert name.startswith("conv-")
        assert {call.session_source for call in calls} == {"inferred"}
        assert {call.stream for call in calls} in ({True}, {False})
        assert summarize(name, calls).calls == 3


def test_a_response_that_is_continued_keeps_its_session(place: Place) -> None:
    """`previous_response_id` is the provider's own field: source `api`."""

    def respond(_: ReceivedCall) -> Answer:
        return replies.openai_responses(MODEL, "Yes.", USAGE, stream=False)

    place.handlers[""] = respond
    with openai.OpenAI(api_key="k") as client:
        first = client.responses.create(model=MODEL, input="Is it so?")
        client.responses.create(model=MODEL, input="Sure?", previous_response_id=first.id)
    ((name, calls),) = _sessions(place).items()
    assert name.startswith("conv-")
    assert [call.session_source for call in sorted(calls, key=lambda call: call.started_at)] == [
        "inferred",
        "api",
    ]


def test_what_is_no_conversation_goes_to_its_client(place: Place) -> None:
    """Embeddings name nothing and continue nothing: one session for the client, source `none`."""
    with openai.OpenAI(api_key="k") as client:
        for words in ("one", "two"):
            client.embeddings.create(model="text-embedding-3-small", input=words, encoding_format="float")
    ((name, calls),) = _sessions(place).items()
    assert name.startswith("127.0.0.1-")
    assert [call.session_source for call in calls] == ["none", "none"]


def test_off_leaves_them_to_the_day(tmp_path: Path) -> None:
    """`sessiontap_infer=off`: nothing is guessed."""
    with open_place(tmp_path, options={"sessiontap_infer": "off"}) as place:
        place.handlers["x"] = _answer
        connection = place.connection()
        body = json.dumps({"model": MODEL, "messages": [SYSTEM]})
        connection.request("POST", "/v1/chat/completions", body, {"x-test": "x"})
        assert connection.getresponse().read()
        connection.close()
        ((name, _),) = _sessions(place).items()
        assert name.startswith("unassigned-")
