from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from sessiontap.bodies import CallBodies, Piece
from sessiontap.call import UNRECORDED, UNSUPPORTED, Call
from sessiontap.providers import DIRECTORY
from sessiontap.replaying.changes import Changes, read_member, read_place
from sessiontap.replaying.plan import Planned, Skipped, body_of, planned
from sessiontap.store.spending import REFUSED
from tests.replaying.samples import bodies, chat, gemini, json_body

CHAT = {"model": "gpt-5-mini", "messages": []}


def plan(call: Call, stored: CallBodies | None, changes: Changes | None = None) -> Planned:
    """The plan of a call that is sent."""
    made = planned(1, call, stored, changes or Changes(), DIRECTORY)
    assert isinstance(made, Planned), made
    return made


def why(call: Call, stored: CallBodies | None, changes: Changes | None = None) -> str:
    """Why a call is not."""
    made = planned(1, call, stored, changes or Changes(), DIRECTORY)
    assert isinstance(made, Skipped), made
    return made.why


@pytest.mark.parametrize(
    ("call", "stored", "said"),
    [
        (chat(), None, "its request is not stored"),
        (chat(), replace(bodies(CHAT), request=None), "its request is not stored"),
        (chat(error_type=REFUSED), bodies(CHAT), "a budget had refused it, and it was never sent"),
        (chat(error_type=UNRECORDED), bodies(CHAT), "a playback had refused it, and it was never sent"),
        (
            chat(error_type=UNSUPPORTED, host="ai-gateway.helicone.ai"),
            bodies(CHAT),
            "it was to a gateway that leads to no provider, and it was never sent",
        ),
        (chat(status="running"), bodies(CHAT), "it has not ended"),
        (
            chat(),
            bodies(json_body(CHAT, content=None, left_out="asked")),
            "left out: the client asked for that",
        ),
        (chat(), bodies(json_body(CHAT, content=None, left_out="media")), "left out: it is media"),
        (chat(), bodies(json_body(CHAT, left_out="unreadable")), "its request could not be read"),
        (chat(), bodies(json_body(b'{"mod', size=40)), "was cut at the limit: 5 of 40 bytes"),
        (chat(), bodies(json_body(CHAT, masked=True)), "credentials in its request are masked"),
        (chat(), bodies({"model": "[media left out]"}), "media in its request were left out"),
        (
            chat(),
            bodies(json_body(b"--x", content_type="multipart/form-data; boundary=x")),
            "it is an upload",
        ),
        (
            chat(api="openai.realtime"),
            bodies(json_body({"type": "response.create"}, content_type=None), method="GET"),
            "it went over a WebSocket",
        ),
        (
            chat(api="openai.responses"),
            bodies(json_body(b"{}{}", pieces=(Piece(0, 2), Piece(9, 2))), method="GET"),
            "it went over a WebSocket",
        ),
        (chat(api="openai.assistants"), bodies({}), "a conversation that the provider keeps"),
        (
            chat(api="openai.responses"),
            bodies({"conversation": "conv_1"}),
            "a conversation that the provider keeps",
        ),
        (chat(api="openai.responses"), bodies({"background": True}), "its result is asked for later"),
        (chat(api="openai.videos"), bodies({"prompt": "a"}), "a job whose result is asked for later"),
        (
            chat(host="chatgpt.com", api="openai.responses"),
            bodies({}, target="/backend-api/codex/responses"),
            "its host takes a log-in and no key",
        ),
        (
            chat(host="llm.corp.example"),
            bodies(CHAT),
            "no provider's that is known; to send it your key, give --base-url openai=https://llm.corp.example",
        ),
        (
            chat(host="localhost", provider="local"),
            bodies(CHAT),
            "the port of a server on this machine is not",
        ),
    ],
)
def test_what_cannot_be_sent_again(call: Call, stored: CallBodies | None, said: str) -> None:
    """It is named with the reason, in words."""
    assert said in why(call, stored)


@pytest.mark.parametrize(
    "said", [{"conversation": None}, {"background": False}, {"input": '"background": true'}]
)
def test_what_only_looks_so_is_sent(said: dict[str, Any]) -> None:
    """A member that says no, or a text that quotes it."""
    call = chat(api="openai.responses", url_path="/v1/responses")
    assert plan(call, bodies({"model": "m", **said}, target="/v1/responses")).target == "/v1/responses"


def test_without_changes_nothing_changes() -> None:
    """Byte for byte."""
    content = b'{ "model" : "gpt-5-mini" }'
    stored = bodies(json_body(content))
    made = plan(chat(), stored)
    assert body_of(made, stored, Changes()) == content
    assert made.url == "https://api.openai.com/v1/chat/completions"
    assert (made.model, made.new_model, made.provider, made.known) == ("gpt-5-mini", None, "openai", True)


def test_a_model_in_the_body() -> None:
    """Only the member changes."""
    stored = bodies(json_body(b'{"model": "gpt-5-mini", "temperature": 1.0}'))
    changes = Changes(models={"gpt-5-mini": "gpt-5"}, members=(read_member("temperature=0"),))
    made = plan(chat(), stored, changes)
    assert body_of(made, stored, changes) == b'{"model":"gpt-5","temperature":0}'
    assert (made.model, made.new_model) == ("gpt-5", "gpt-5")


@pytest.mark.parametrize(
    ("fields", "target", "old", "new", "expected"),
    [
        (
            {"host": "generativelanguage.googleapis.com"},
            "/v1beta/models/gemini-2.5-flash:streamGenerateContent?alt=sse",
            "gemini-2.5-flash",
            "gemini-3-pro",
            "/v1beta/models/gemini-3-pro:streamGenerateContent?alt=sse",
        ),
        (
            {"host": "us-central1-aiplatform.googleapis.com", "provider": "gcp.vertex_ai"},
            "/v1/projects/p/locations/us-central1/publishers/anthropic/models/claude-sonnet-4-5@20250929:rawPredict",
            "claude-sonnet-4-5@20250929",
            "claude-haiku-4-5@20251001",
            "/v1/projects/p/locations/us-central1/publishers/anthropic/models/claude-haiku-4-5@20251001:rawPredict",
        ),
        (
            {"host": "mine.openai.azure.com", "provider": "azure.ai.openai", "api": "openai.chat"},
            "/openai/deployments/my-dep/chat/completions?api-version=2024-10-21",
            "my-dep",
            "other",
            "/openai/deployments/other/chat/completions?api-version=2024-10-21",
        ),
        (
            {"host": "bedrock-runtime.us-east-1.amazonaws.com", "provider": "aws.bedrock"},
            "/model/us.amazon.nova-lite-v1%3A0/converse-stream",
            "us.amazon.nova-*",
            "us.amazon.nova-pro-v1:0",
            "/model/us.amazon.nova-pro-v1%3A0/converse-stream",
        ),
        (
            {"host": "api.replicate.com", "provider": "replicate"},
            "/v1/models/meta/llama-3/predictions",
            "meta/llama-3",
            "meta/llama-4",
            "/v1/models/meta/llama-4/predictions",
        ),
        # A gateway that only the proxy knew.
        (
            {"host": "llm.corp.example"},
            "/team/v1beta/models/gemini-2.5-flash:generateContent",
            "gemini-2.5-flash",
            "gemini-3-pro",
            "/team/v1beta/models/gemini-3-pro:generateContent",
        ),
    ],
)
def test_a_model_in_the_path(fields: dict[str, Any], target: str, old: str, new: str, expected: str) -> None:
    """It is written there as a path has it, and a body without a model stays as it is."""
    stored = bodies({"contents": []}, target=target)
    # A host that nobody knows gets no key but one that is given for it.
    changes = Changes(models={old: new}, headers={"Authorization": "Bearer mine"})
    made = plan(gemini(**fields), stored, changes)
    assert made.target == expected
    assert made.model == new
    assert body_of(made, stored, changes) == b'{"contents": []}'


def test_a_body_that_names_the_model_beside_the_path_follows() -> None:
    """Azure's clients write it in both; Gemini's with the word that stands before it."""
    stored = bodies({"model": "gpt-4o"}, target="/openai/deployments/my-dep/chat/completions", call_id="c01")
    call = chat("gpt-4o", host="mine.openai.azure.com", provider="azure.ai.openai")
    changes = Changes(models={"gpt-4o": "new-dep"})
    made = plan(call, stored, changes)
    assert made.target == "/openai/deployments/new-dep/chat/completions"
    assert body_of(made, stored, changes) == b'{"model":"new-dep"}'
    embeds = bodies({"model": "models/embed-1"}, target="/v1beta/models/embed-1:embedContent")
    changes = Changes(models={"embed-1": "embed-2"})
    made = plan(gemini("embed-1", api="gemini.embeddings"), embeds, changes)
    assert body_of(made, embeds, changes) == b'{"model":"models/embed-2"}'


def test_a_body_that_cannot_be_changed_is_named() -> None:
    """Without the change it would be sent."""
    stored = bodies(json_body(b"not json"))
    assert plan(chat(), stored)
    assert why(chat(), stored, Changes(models={"gpt*": "x"})) == "its body is no JSON object"
    assert why(chat(), stored, Changes(members=(read_member("a=1"),))) == "its body is no JSON object"
    assert "names no model" in why(chat(), bodies({"a": 1}), Changes(models={"gpt*": "x"}))


@pytest.mark.parametrize(
    ("base", "url", "provider", "free", "known"),
    [
        ("http://localhost:11434/v1", "http://localhost:11434/v1/chat/completions", "local", True, True),
        ("http://localhost:8000", "http://localhost:8000/v1/chat/completions", "local", True, True),
        (
            "https://api.groq.com/openai/v1",
            "https://api.groq.com/openai/v1/chat/completions",
            "groq",
            False,
            True,
        ),
        (
            "https://llm.corp.example/x",
            "https://llm.corp.example/x/v1/chat/completions",
            "openai",
            False,
            False,
        ),
    ],
)
def test_another_place(base: str, url: str, provider: str, free: bool, known: bool) -> None:
    """The base URL's path stands before the recorded one, a version only once; whose it is there follows."""
    made = plan(chat(), bodies(CHAT), Changes(places=dict([read_place(base)])))
    assert (made.url, made.provider, made.free, made.known) == (url, provider, free, known)


def test_a_place_that_has_no_such_call_is_named() -> None:
    """It would be sent, and not recorded."""
    call = chat(api="openai.responses")
    stored = bodies({"model": "m"}, target="/v1/responses")
    changes = Changes(places=dict([read_place("https://api.cerebras.ai")]))
    assert "api.cerebras.ai has at /v1/responses" in why(call, stored, changes)


def test_a_call_whose_target_is_not_stored_goes_to_its_path() -> None:
    """Records have it without the query."""
    made = plan(chat(), bodies(CHAT, target="", method=""))
    assert (made.method, made.target) == ("POST", "/v1/chat/completions")


def test_the_stored_body_says_it_in_any_spelling() -> None:
    """The new model is JSON, whatever is in its name."""
    stored = bodies(CHAT)
    changes = Changes(models={"gpt-5-mini": 'a"b'})
    assert json.loads(body_of(plan(chat(), stored, changes), stored, changes))["model"] == 'a"b'
