"""Cohere: its own APIs in both versions, and OpenAI's shapes on its compatible endpoint."""

from __future__ import annotations

from sessiontap.providers.route import Provider, route

PROVIDERS = (
    Provider(
        name="cohere",
        hosts=("api.cohere.com", "api.cohere.ai"),
        routes=(
            route(r"/v2/chat", "cohere.chat"),
            route(r"/v1/chat", "cohere.chat_v1"),
            route(r"/v1/(generate|summarize)", "cohere.generate"),
            route(r"/v1/classify", "cohere.classify"),
            route(r"/v[12]/embed", "cohere.embed"),
            route(r"/v[12]/rerank", "cohere.rerank"),
            route(r"/v2/audio/transcriptions", "openai.transcription"),
            route(r"/compatibility/v1/chat/completions", "openai.chat"),
            route(r"/compatibility/v1/embeddings", "openai.embeddings"),
        ),
    ),
)
"""The rows of this family."""
