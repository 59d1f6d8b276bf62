"""Where the table looks for model servers on the user's own machine."""

from __future__ import annotations

import pytest

from sessiontap.providers import DIRECTORY

CHAT = "/v1/chat/completions"


@pytest.mark.parametrize(
    "host",
    [
        "localhost",
        "LocalHost",
        "localhost.",
        "ollama.localhost",
        "127.0.0.1",
        "127.1.2.3",
        "::1",
        "0.0.0.0",
        "host.docker.internal",
        "model-runner.docker.internal",
        "host.containers.internal",
    ],
)
def test_this_machine_has_many_names(host: str) -> None:
    """A loopback address or name is the user's own machine, whose calls are free and told by the reply."""
    found = DIRECTORY.match("POST", host, CHAT)
    assert found is not None
    assert (found.provider, found.billing, found.recognised_by_reply) == ("local", "free", True)


@pytest.mark.parametrize(
    "host",
    [
        "localhost.example",
        "notlocalhost",
        "127.0.0.1.example",
        "127.0.0",
        "128.0.0.1",
        "10.0.0.1",
        "192.168.1.7",
        "::2",
        "docker.internal.example",
    ],
)
def test_other_machines_are_not_this_one(host: str) -> None:
    """A name that only looks like loopback, or an address of the user's network, is nobody's."""
    assert DIRECTORY.known_host(host) is None


@pytest.mark.parametrize(
    ("path", "api", "model"),
    [
        (CHAT, "openai.chat", None),
        ("/chat/completions", "openai.chat", None),
        ("/groq/openai/v1/chat/completions", "openai.chat", None),
        ("/engines/llama.cpp/v1/chat/completions", "openai.chat", None),
        ("/api/chat/completions", "openai.chat", None),
        ("/v1/completions", "openai.completions", None),
        ("/openai/responses", "openai.responses", None),
        ("/v1/embeddings", "openai.embeddings", None),
        ("/v1/images/generations", "openai.images", None),
        ("/v1/audio/transcriptions", "openai.transcription", None),
        ("/v1/audio/speech", "openai.speech", None),
        ("/v1/rerank", "voyage.rerank", None),
        ("/v1/messages", "anthropic.messages", None),
        ("/anthropic/v1/messages?beta=true", "anthropic.messages", None),
        ("/api/chat", "ollama.chat", None),
        ("/ollama/api/chat", "ollama.chat", None),
        ("/api/generate", "ollama.generate", None),
        ("/api/embed", "ollama.embed", None),
        ("/api/embeddings", "ollama.embed", None),
        ("/v1beta/models/gemma-3:streamGenerateContent?alt=sse", "gemini.generate_content", "gemma-3"),
        (
            "/google-vertex/v1beta1/publishers/google/models/gemini-2.5-flash:generateContent",
            "gemini.generate_content",
            "gemini-2.5-flash",
        ),
        ("/v1beta/models/gemma-3:batchEmbedContents", "gemini.embeddings", "gemma-3"),
        ("/bedrock/model/amazon.nova-micro-v1%3A0/converse", "bedrock.converse", "amazon.nova-micro-v1:0"),
        ("/model/m/converse-stream", "bedrock.converse", "m"),
    ],
)
def test_the_path_says_the_wire_shape(path: str, api: str, model: str | None) -> None:
    """Every wire shape that local servers and gateways speak is known by the end of its path."""
    found = DIRECTORY.match("POST", "localhost", path)
    assert found is not None
    assert (found.api.name, found.model) == (api, model)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", CHAT),
        ("GET", "/api/tags"),
        ("POST", "/api/pull"),
        ("POST", "/api/show"),
        ("POST", "/v1/graphql"),
        ("POST", "/v1/messages/count_tokens"),
        ("POST", "/v1beta/models/gemma-3:countTokens"),
        ("POST", "/tokenize"),
        ("POST", "/messages"),
        ("POST", "/indexes/test/search"),
        ("GET", "/v1/models"),
    ],
)
def test_other_paths_are_no_calls(method: str, path: str) -> None:
    """Listings, downloads, token counts and other people's APIs are no model calls."""
    assert DIRECTORY.match(method, "localhost", path) is None
