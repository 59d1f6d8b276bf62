"""Azure: OpenAI's models and others on resources of one's own, and the gateways that stand before them.

Deployments have names of one's own, so the path tells little; the reply names the model.
https://learn.microsoft.com/en-us/azure/ai-foundry/openai/reference and
https://learn.microsoft.com/en-us/rest/api/aifoundry/modelinference/
"""

from __future__ import annotations

from sessiontap.providers.route import Provider, Route, route

# A project of Foundry, or what is published of it.
_PROJECT = r"/api/projects/[^/]+(/(applications|agents)/[^/]+(/endpoint)?/protocols)?"
_RESOURCE = rf"({_PROJECT})?/openai(/v1)?"
_DEPLOYMENT = rf"(/openai/deployments/(?P<model>[^/]+)|{_RESOURCE})"
_THREADS = rf"({_PROJECT}|{_RESOURCE})/threads"
# A gateway's API has a name of its own, and may leave out what comes after it.
_GATEWAY = r"(/[^/]+){0,6}?(/deployments/(?P<model>[^/]+))?"


def _media(prefix: str) -> tuple[Route, ...]:
    return (
        route(rf"{prefix}/images/(generations|edits|variations)", "openai.images"),
        route(rf"{prefix}/audio/(transcriptions|translations)", "openai.transcription"),
        route(rf"{prefix}/audio/speech", "openai.speech"),
    )


PROVIDERS = (
    Provider(
        name="azure.ai.openai",
        hosts=(
            "*.openai.azure.com",
            "*.openai.azure.us",
            "*.cognitiveservices.azure.com",
            "*.services.ai.azure.com",
            # A region, where the resource has no name in the DNS.
            "*.api.cognitive.microsoft.com",
        ),
        stream_usage=True,
        routes=(
            route(rf"{_DEPLOYMENT}/chat/completions", "openai.chat"),
            # "On your data", formerly; and models that are not OpenAI's: both refuse what they do not know.
            route(rf"{_DEPLOYMENT}/extensions/chat/completions", "openai.chat", stream_usage=False),
            route(r"/models/chat/completions", "openai.chat", stream_usage=False),
            route(rf"{_DEPLOYMENT}/completions", "openai.completions"),
            route(rf"({_DEPLOYMENT}|/models)/embeddings", "openai.embeddings"),
            *_media(_DEPLOYMENT),
            route(rf"{_DEPLOYMENT}/responses(/compact)?", "openai.responses"),
            route(rf"{_RESOURCE}/responses", "openai.responses", method="GET", kind="socket"),
            route(rf"{_RESOURCE}/responses/[^/]+", "openai.responses", method="GET", kind="poll"),
            route(rf"{_RESOURCE}/responses/[^/]+/cancel", "openai.responses", kind="poll"),
            route(r"(/openai(/v1)?|/voice-live)/realtime", "openai.realtime", method="GET", kind="socket"),
            route(rf"{_THREADS}/([^/]+/)?runs", "openai.assistants"),
            route(
                rf"{_THREADS}/[^/]+/runs/[^/]+/(submit_tool_outputs|cancel)", "openai.assistants", kind="poll"
            ),
            route(rf"{_THREADS}/[^/]+/runs/[^/]+", "openai.assistants", method="GET", kind="poll"),
            route(r"/anthropic/v1/messages", "anthropic.messages"),
        ),
    ),
    Provider(
        name="azure.ai.openai",
        # A model without a resource around it.
        hosts=("*.*.models.ai.azure.com",),
        routes=(
            route(r"(/v1)?/chat/completions", "openai.chat"),
            route(r"(/v1)?/embeddings", "openai.embeddings"),
        ),
    ),
    Provider(
        name="azure.ai.openai",
        # API Management: any API of any company.
        hosts=("*.azure-api.net",),
        recognised_by_reply=True,
        routes=(
            route(rf"{_GATEWAY}/chat/completions", "openai.chat"),
            route(rf"{_GATEWAY}/completions", "openai.completions"),
            route(rf"{_GATEWAY}/embeddings", "openai.embeddings"),
            *_media(_GATEWAY),
            route(rf"{_GATEWAY}/responses", "openai.responses"),
            route(rf"{_GATEWAY}/responses/[^/]+", "openai.responses", method="GET", kind="poll"),
            route(r"(/[^/]+){0,6}?/v1/messages", "anthropic.messages"),
        ),
    ),
)
"""The rows of this family."""
