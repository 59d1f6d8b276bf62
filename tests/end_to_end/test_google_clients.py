"""Google's SDK on Vertex AI and with interactions, and Anthropic's for Vertex AI, through a real mitmdump."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import anthropic
import pytest
from google import genai
from google.genai import types
from google.oauth2.credentials import Credentials

from sessiontap.call import Call
from sessiontap.demo import replies
from sessiontap.demo.answer import Answer, ReceivedCall
from sessiontap.demo.double import Double
from sessiontap.demo.proxy_process import ProxyProcess
from sessiontap.store import Ledger
from sessiontap.usage import Usage

VERTEX = "us-central1-aiplatform.googleapis.com"
VERTEX_GLOBAL = "aiplatform.googleapis.com"
GEMINI_API = "generativelanguage.googleapis.com"
GEMINI, CLAUDE, EMBEDDING = "gemini-2.5-flash", "claude-sonnet-4-5@20250929", "text-embedding-005"
ANSWERING_CLAUDE = "claude-sonnet-4-5-20250929"
TEXT = "The order is replaced today."
USAGE = Usage(input_tokens=1200, cache_read_input_tokens=1024, output_tokens=57, reasoning_output_tokens=20)
INTERACTION: dict[str, Any] = {
    "id": "v1_x",
    "object": "interaction",
    "model": GEMINI,
    "created": "2026-01-01T00:00:00Z",
    "updated": "2026-01-01T00:00:00Z",
    "status": "completed",
    "usage": {
        "total_input_tokens": 1200,
        "total_cached_tokens": 1024,
        "total_output_tokens": 37,
        "total_thought_tokens": 20,
        "total_tool_use_tokens": 0,
        "total_tokens": 1257,
    },
}


def _answer(call: ReceivedCall) -> Answer:
    body = json.loads(call.body)
    if "enerateContent" in call.path:
        return replies.gemini_generate_content(GEMINI, TEXT, USAGE, stream=":stream" in call.path)
    if "awPredict" in call.path:
        return replies.anthropic_messages(ANSWERING_CLAUDE, TEXT, USAGE, stream=":stream" in call.path)
    if call.path.endswith("/interactions"):
        return _interaction(stream=body.get("stream") is True)
    statistics = {"truncated": False, "token_count": 4}
    embeddings = [{"embeddings": {"values": [0.5], "statistics": statistics}} for _ in body["instances"]]
    return _json({"predictions": embeddings})


def _json(body: dict[str, Any]) -> Answer:
    headers = (("Content-Type", "application/json"),)
    return Answer(headers=headers, chunks=(json.dumps(body).encode(),), chunked=False)


def _interaction(*, stream: bool) -> Answer:
    output = {"type": "model_output", "content": [{"type": "text", "text": TEXT}]}
    if not stream:
        return _json({**INTERACTION, "steps": [output]})
    begun = {key: value for key, value in INTERACTION.items() if key != "usage"} | {"status": "in_progress"}
    events: tuple[dict[str, Any], ...] = (
        {"event_type": "interaction.created", "interaction": begun},
        {"event_type": "step.start", "index": 0, "step": {"type": "model_output"}},
        {"event_type": "step.delta", "index": 0, "delta": {"type": "text", "text": TEXT}},
        {"event_type": "step.stop", "index": 0},
        {"event_type": "interaction.completed", "interaction": INTERACTION},
    )
    chunks = [f"event: {each['event_type']}\ndata: {json.dumps(each)}\n\n".encode() for each in events]
    chunks.append(b"event: done\ndata: [DONE]\n\n")
    return Answer(headers=(("Content-Type", "text/event-stream"),), chunks=chunks)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A running proxy for all the tests here, and where it records; each test is a session of its own."""
    folder: Path = tmp_path_factory.mktemp("google")
    hosts = (VERTEX, VERTEX_GLOBAL, GEMINI_API)
    with (
        Double(_answer, hosts=hosts, folder=folder) as double,
        ProxyProcess(home=folder / "home", confdir=folder / "conf", double=double) as proxy,
        pytest.MonkeyPatch.context() as environment,
    ):
        environment.setenv("HTTPS_PROXY", proxy.url)
        environment.setenv("SSL_CERT_FILE", str(proxy.ca_file))
        environment.delenv("NO_PROXY", raising=False)
        environment.delenv("no_proxy", raising=False)
        yield proxy.home
        assert double.faults == []


def _call(home: Path, session: str) -> Call:
    (call,) = Ledger(home).calls(session)
    assert (call.status, call.http_status, call.usage_source) == ("ok", 200, "reported")
    return call


def _vertex(session: str) -> genai.Client:
    return genai.Client(
        vertexai=True,
        project="my-project",
        location="us-central1",
        credentials=Credentials(token="ya29.none"),  # type: ignore[no-untyped-call]
        http_options=types.HttpOptions(headers={"Helicone-Session-Id": session}),
    )


def _generate(session: str) -> str:
    with _vertex(session) as client:
        return client.models.generate_content(model=GEMINI, contents="Hi").text or ""


def _generate_streamed(session: str) -> str:
    with _vertex(session) as client:
        chunks = client.models.generate_content_stream(model=GEMINI, contents="Hi")
        return "".join(chunk.text or "" for chunk in chunks)


def _claude(session: str) -> anthropic.AnthropicVertex:
    return anthropic.AnthropicVertex(
        region="global",
        project_id="my-project",
        access_token="ya29.none",
        default_headers={"Helicone-Session-Id": session},
    )


def _message(session: str) -> str:
    with _claude(session) as client:
        reply = client.messages.create(
            model=CLAUDE, max_tokens=99, messages=[{"role": "user", "content": "Hi"}]
        )
        return "".join(block.text for block in reply.content if block.type == "text")


def _message_streamed(session: str) -> str:
    with (
        _claude(session) as client,
        client.messages.stream(
            model=CLAUDE, max_tokens=99, messages=[{"role": "user", "content": "Hi"}]
        ) as events,
    ):
        return "".join(events.text_stream)


@pytest.mark.parametrize(
    ("client", "stream"), [(_generate, False), (_generate_streamed, True)], ids=["whole", "streamed"]
)
def test_gemini_on_vertex_ai_is_recorded(home: Path, client: Callable[[str], str], stream: bool) -> None:
    """The SDK reads its reply as ever; the call is Vertex AI's, with exactly the usage that was reported."""
    session = f"gemini-{stream}"
    assert client(session) == TEXT
    call = _call(home, session)
    assert (call.provider, call.api, call.host) == ("gcp.vertex_ai", "gemini.generate_content", VERTEX)
    assert (call.request_model, call.response_model, call.stream) == (GEMINI, GEMINI, stream)
    assert call.usage == USAGE


@pytest.mark.parametrize(
    ("client", "stream"), [(_message, False), (_message_streamed, True)], ids=["whole", "streamed"]
)
def test_claude_on_vertex_ai_is_recorded(home: Path, client: Callable[[str], str], stream: bool) -> None:
    """Anthropic's SDK for Vertex AI names the model in the path; the reply is Anthropic's."""
    session = f"claude-{stream}"
    assert client(session) == TEXT
    call = _call(home, session)
    assert (call.provider, call.api, call.host) == ("gcp.vertex_ai", "anthropic.messages", VERTEX_GLOBAL)
    assert (call.request_model, call.response_model, call.stream) == (CLAUDE, ANSWERING_CLAUDE, stream)
    assert call.usage.input_tokens == USAGE.input_tokens
    assert call.usage.cache_read_input_tokens == USAGE.cache_read_input_tokens
    assert call.usage.output_tokens == USAGE.output_tokens


def test_embeddings_on_vertex_ai_are_recorded(home: Path) -> None:
    """The SDK embeds older models' texts by `predict`; their tokens add up."""
    with _vertex("embeddings") as client:
        reply = client.models.embed_content(model=EMBEDDING, contents=["One", "Two"])
    assert len(reply.embeddings or ()) == len(("One", "Two"))
    call = _call(home, "embeddings")
    assert (call.provider, call.api, call.request_model) == ("gcp.vertex_ai", "vertex.embeddings", EMBEDDING)
    assert call.usage == Usage(input_tokens=8)


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
def test_an_interaction_is_recorded(home: Path, stream: bool) -> None:
    """The SDK's interactions, plain and streamed, are calls with exactly the usage of their end."""
    session = f"interaction-{stream}"
    options = types.HttpOptions(headers={"Helicone-Session-Id": session})
    with genai.Client(api_key="none", http_options=options) as client:
        interactions: Any = client.interactions  # its overloads do not know of a flag
        reply = interactions.create(model=GEMINI, input="Hi", stream=stream)
        if stream:
            assert [event.event_type for event in reply][-1] == "interaction.completed"
        else:
            assert reply.id == INTERACTION["id"]
    call = _call(home, session)
    assert (call.provider, call.api, call.stream) == ("gcp.gemini", "gemini.interactions", stream)
    assert (call.response_model, call.response_id) == (GEMINI, INTERACTION["id"])
    assert call.usage == USAGE
