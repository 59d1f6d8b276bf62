"""Model servers on the user's own machine, whatever their make and port, and Ollama's cloud.

A path says here which wire shape is spoken, if it is a model server at all; only a reply in that shape
proves it, for anybody's web application may have a `/v1/messages`.
"""

from __future__ import annotations

from sessiontap.providers.route import Provider, route

# Servers and gateways put what they like before the part that a client's SDK appends.
_ANY = r"(/.*)?"

PROVIDERS = (
    Provider(
        name="ollama",
        hosts=("ollama.com",),
        billing="subscription",
        routes=(
            route(r"/api/chat", "ollama.chat"),
            route(r"/api/generate", "ollama.generate"),
            route(r"/api/embed", "ollama.embed"),
            route(r"/v1/chat/completions", "openai.chat"),
            route(r"/v1/completions", "openai.completions"),
            route(r"/v1/responses", "openai.responses"),
            route(r"/v1/embeddings", "openai.embeddings"),
            route(r"/v1/messages", "anthropic.messages"),
        ),
    ),
    Provider(
        name="local",
        hosts=(
            "localhost",
            # RFC 6761, section 6.3: every name under localhost is this machine.
            "*.localhost",
            "127.*.*.*",
            "::1",
            "0.0.0.0",  # noqa: S104 -- what many a client is told to call, not what anything listens on
            # This machine, from inside a container, and the runtime's own model server.
            "*.docker.internal",
            "host.containers.internal",
        ),
        billing="free",
        recognised_by_reply=True,
        routes=(
            route(rf"{_ANY}/api/chat", "ollama.chat"),
            route(rf"{_ANY}/api/generate", "ollama.generate"),
            route(rf"{_ANY}/api/embed(dings)?", "ollama.embed"),
            route(rf"{_ANY}/chat/completions", "openai.chat"),
            route(rf"{_ANY}/completions", "openai.completions"),
            route(rf"{_ANY}/responses", "openai.responses"),
            route(rf"{_ANY}/embeddings", "openai.embeddings"),
            route(rf"{_ANY}/images/generations", "openai.images"),
            route(rf"{_ANY}/audio/(transcriptions|translations)", "openai.transcription"),
            route(rf"{_ANY}/audio/speech", "openai.speech"),
            # vLLM and llama.cpp rank as Jina does: results, and the tokens that they took.
            route(rf"{_ANY}/rerank", "voyage.rerank"),
            route(rf"{_ANY}/v1/messages", "anthropic.messages"),
            route(
                rf"{_ANY}/models/(?P<model>[^/:]+):(generateContent|streamGenerateContent)",
                "gemini.generate_content",
            ),
            route(rf"{_ANY}/models/(?P<model>[^/:]+):(embedContent|batchEmbedContents)", "gemini.embeddings"),
            route(rf"{_ANY}/model/(?P<model>[^/]+)/converse(-stream)?", "bedrock.converse"),
        ),
    ),
)
"""The rows of this family."""
