"""Anthropic."""

from __future__ import annotations

from sessiontap.providers.route import Provider, route

PROVIDERS = (
    Provider(
        name="anthropic",
        hosts=("api.anthropic.com",),
        routes=(
            route(r"/v1/messages", "anthropic.messages"),
            route(r"/v1/complete", "anthropic.complete"),
            # Anthropic's OpenAI-compatible endpoint.
            route(r"/v1/chat/completions", "openai.chat"),
        ),
    ),
)
"""The rows of this family."""
