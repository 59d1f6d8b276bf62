"""OpenAI, and who serves OpenAI's own models under OpenAI's own paths."""

from __future__ import annotations

import re

from sessiontap.providers.route import Provider, route

PROVIDERS = (
    Provider(
        name="openai",
        # us. and eu. are the hosts of projects with data residency.
        hosts=("api.openai.com", "us.api.openai.com", "eu.api.openai.com"),
        regions=(re.compile(r"^(us|eu)\.api\."),),
        stream_usage=True,
        routes=(
            route(r"/v1/chat/completions", "openai.chat"),
            route(r"/v1/responses(/compact)?", "openai.responses"),
            route(r"/v1/responses", "openai.responses", method="GET", kind="socket"),
            route(r"/v1/responses/resp_[^/]+", "openai.responses", method="GET", kind="poll"),
            route(r"/v1/responses/resp_[^/]+/cancel", "openai.responses", kind="poll"),
            route(r"/v1/realtime", "openai.realtime", method="GET", kind="socket"),
            route(r"/v1/completions", "openai.completions"),
            route(r"/v1/embeddings", "openai.embeddings"),
            route(r"/v1/images/(generations|edits|variations)", "openai.images"),
            route(r"/v1/audio/(transcriptions|translations)", "openai.transcription"),
            route(r"/v1/audio/speech", "openai.speech"),
            # https://platform.openai.com/docs/guides/moderation: "free to use".
            route(r"/v1/moderations", "openai.moderations", billing="free"),
            route(r"/v1/decisions", "openai.decisions"),
            route(r"/v1/videos(/edits|/extensions|/[^/]+/remix)?", "openai.videos"),
            route(r"/v1/videos/video_[^/]+", "openai.videos", method="GET", kind="poll"),
            route(r"/v1/threads/([^/]+/)?runs", "openai.assistants"),
            route(
                r"/v1/threads/[^/]+/runs/[^/]+/(submit_tool_outputs|cancel)", "openai.assistants", kind="poll"
            ),
            route(r"/v1/threads/[^/]+/runs/[^/]+", "openai.assistants", method="GET", kind="poll"),
        ),
    ),
    Provider(
        name="openai",
        # A ChatGPT plan pays for what Codex asks for here; the rest of the host is a web site.
        hosts=("chatgpt.com",),
        billing="subscription",
        routes=(
            route(r"/backend-api/codex/responses(/compact)?", "openai.responses"),
            route(r"/backend-api/codex/responses", "openai.responses", method="GET", kind="socket"),
            route(r"/backend-api/codex/images/(generations|edits)", "openai.images"),
        ),
    ),
)
"""The rows of this family."""
