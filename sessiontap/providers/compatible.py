"""Makers of models who answer in OpenAI's shapes, and what they have besides."""

from __future__ import annotations

from sessiontap.call import Billing
from sessiontap.providers.route import Provider, Route, route

_PATHS = {
    "openai.chat": "chat/completions",
    "openai.completions": "completions",
    "openai.embeddings": "embeddings",
    "openai.responses": "responses",
    "openai.images": "images/(generations|edits)",
    "openai.transcription": "audio/(transcriptions|translations)",
    "openai.speech": "audio/speech",
    "anthropic.messages": "messages",
    "voyage.rerank": "rerank",
}


def speaks(prefix: str, *apis: str, billing: Billing | None = None) -> tuple[Route, ...]:
    """The routes of a provider who serves these wire shapes under this prefix, a regular expression."""
    return tuple(route(f"{prefix}/{_PATHS[api]}", api, billing=billing) for api in apis)


PROVIDERS = (
    Provider(
        name="mistral_ai",
        hosts=("api.mistral.ai",),
        routes=(
            route(r"/v1/(chat|fim|agents)/completions", "openai.chat"),
            # A new conversation, the next turn of one, and a turn from an earlier point.
            route(r"/v1/conversations(/[^/]+(/restart)?)?", "mistral.conversations"),
            *speaks("/v1", "openai.embeddings"),
            route(r"/v1/audio/transcriptions", "mistral.transcription"),
            route(r"/v1/ocr", "mistral.ocr"),
        ),
    ),
    Provider(
        name="mistral_ai",
        # The host for editors has keys and a plan of its own.
        hosts=("codestral.mistral.ai",),
        billing="subscription",
        routes=(route(r"/v1/(chat|fim)/completions", "openai.chat"),),
    ),
    Provider(
        name="deepseek",
        hosts=("api.deepseek.com",),
        routes=(
            *speaks(r"(/v1|/beta)?", "openai.chat", "openai.completions", "openai.responses"),
            route(r"/anthropic/v1/messages", "anthropic.messages"),
        ),
    ),
    Provider(
        name="x_ai",
        # A region may stand before the host.
        hosts=("api.x.ai", "*.api.x.ai"),
        routes=(
            *speaks(
                "/v1",
                "openai.chat",
                "openai.responses",
                "anthropic.messages",
                "openai.completions",
                "openai.embeddings",
                "openai.images",
            ),
            route(r"/v1/responses", "openai.responses", method="GET", kind="socket"),
            route(r"/v1/realtime", "openai.realtime", method="GET", kind="socket"),
        ),
    ),
    Provider(
        name="perplexity",
        hosts=("api.perplexity.ai",),
        routes=(
            route(r"(/v1)?/chat/completions|/v1/sonar", "openai.chat"),
            route(r"/v1/(responses|agent)", "openai.responses"),
            route(r"/v1/(contextualized)?embeddings", "openai.embeddings"),
        ),
    ),
    Provider(
        name="moonshot_ai",
        hosts=("api.moonshot.ai", "api.moonshot.cn"),
        routes=(
            *speaks("/v1", "openai.chat"),
            *speaks("/anthropic/v1", "anthropic.messages"),
        ),
    ),
    Provider(
        name="moonshot_ai",
        hosts=("api.kimi.com",),
        billing="subscription",
        routes=speaks("/coding/v1", "openai.chat", "anthropic.messages"),
    ),
    Provider(
        name="zai",
        hosts=("api.z.ai", "open.bigmodel.cn"),
        routes=(
            *speaks("/api/paas/v4", "openai.chat", "openai.embeddings", "openai.images"),
            *speaks("/api/coding/paas/v4", "openai.chat", billing="subscription"),
            *speaks("/api/anthropic/v1", "anthropic.messages"),
        ),
    ),
    Provider(
        name="voyage",
        hosts=("api.voyageai.com",),
        routes=(
            route(r"/v1/(|multimodal|contextualized)embeddings", "openai.embeddings"),
            *speaks("/v1", "voyage.rerank"),
        ),
    ),
    Provider(
        name="writer",
        hosts=("api.writer.com",),
        routes=(
            route(r"/v1/chat(/completions)?", "openai.chat"),
            route(r"/v1/completions", "writer.completions"),
        ),
    ),
    Provider(
        name="github.copilot",
        hosts=(
            "api.githubcopilot.com",
            "api.individual.githubcopilot.com",
            "api.business.githubcopilot.com",
            "api.enterprise.githubcopilot.com",
        ),
        billing="subscription",
        routes=(
            *speaks("", "openai.chat", "openai.responses", "openai.embeddings"),
            *speaks("/v1", "anthropic.messages"),
        ),
    ),
)
"""The rows of this family."""
