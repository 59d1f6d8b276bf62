"""Google: the Gemini API."""

from __future__ import annotations

from sessiontap.providers.route import Provider, route

PROVIDERS = (
    Provider(
        name="gcp.gemini",
        hosts=("generativelanguage.googleapis.com",),
        routes=(
            route(
                r"/v1(alpha|beta)?/(models|tunedModels)/(?P<model>[^/:]+):(stream)?[gG]enerateContent",
                "gemini.generate_content",
            ),
            route(
                r"/v1(alpha|beta)?/models/(?P<model>[^/:]+):(embedContent|batchEmbedContents)",
                "gemini.embeddings",
            ),
            # Google's OpenAI-compatible endpoint.
            route(r"/v1beta/openai/chat/completions", "openai.chat"),
            route(r"/v1beta/openai/embeddings", "openai.embeddings"),
        ),
    ),
)
"""The rows of this family."""
