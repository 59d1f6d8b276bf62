"""OpenAI, and who serves OpenAI's own models under OpenAI's own paths."""

from __future__ import annotations

from sessiontap.providers.route import Provider, route

PROVIDERS = (
    Provider(
        name="openai",
        # us. and eu. are the hosts of projects with data residency.
        hosts=("api.openai.com", "us.api.openai.com", "eu.api.openai.com"),
        stream_usage=True,
        routes=(
            route(r"/v1/chat/completions", "openai.chat"),
            route(r"/v1/responses(/compact)?", "openai.responses"),
            route(r"/v1/responses/resp_[^/]+", "openai.responses", method="GET", kind="poll"),
            route(r"/v1/responses/resp_[^/]+/cancel", "openai.responses", kind="poll"),
            route(r"/v1/completions", "openai.completions"),
            route(r"/v1/embeddings", "openai.embeddings"),
            route(r"/v1/threads/([^/]+/)?runs", "openai.assistants"),
            route(
                r"/v1/threads/[^/]+/runs/[^/]+/(submit_tool_outputs|cancel)", "openai.assistants", kind="poll"
            ),
            route(r"/v1/threads/[^/]+/runs/[^/]+", "openai.assistants", method="GET", kind="poll"),
        ),
    ),
)
"""The rows of this family."""
