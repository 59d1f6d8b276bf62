"""Clouds and gateways that serve other people's models in OpenAI's shapes."""

from __future__ import annotations

from sessiontap.providers.compatible import speaks
from sessiontap.providers.route import Provider, route

PROVIDERS = (
    Provider(
        name="openrouter",
        # eu. keeps prompts inside the European Union.
        hosts=("openrouter.ai", "eu.openrouter.ai"),
        routes=speaks(
            "/api/v1",
            "openai.chat",
            "openai.completions",
            "openai.responses",
            "anthropic.messages",
            "openai.embeddings",
        ),
    ),
    Provider(
        name="groq",
        hosts=("api.groq.com",),
        routes=speaks(
            "/openai/v1", "openai.chat", "openai.responses", "openai.transcription", "openai.speech"
        ),
    ),
    Provider(
        name="together",
        hosts=("api.together.xyz", "api.together.ai"),
        routes=speaks(
            "/v1",
            "openai.chat",
            "openai.completions",
            "openai.embeddings",
            "voyage.rerank",
            "openai.images",
            "openai.transcription",
            "openai.speech",
        ),
    ),
    Provider(
        name="fireworks",
        hosts=("api.fireworks.ai",),
        routes=speaks(
            "/inference/v1",
            "openai.chat",
            "openai.completions",
            "openai.responses",
            "anthropic.messages",
            "openai.embeddings",
            "voyage.rerank",
        ),
    ),
    Provider(
        name="cerebras",
        hosts=("api.cerebras.ai",),
        routes=speaks("/v1", "openai.chat", "openai.completions"),
    ),
    Provider(
        name="huggingface",
        hosts=("router.huggingface.co",),
        # /v1 routes by the model; before it may stand a provider's name and whatever paths it has of its own.
        routes=speaks("(/.+)?", "openai.chat", "openai.completions", "openai.embeddings", "openai.responses"),
    ),
    Provider(
        name="github.models",
        hosts=("models.github.ai", "models.inference.ai.azure.com"),
        # A GitHub account's allowance pays first, and alone unless the user opts into more.
        billing="subscription",
        routes=speaks(r"(/orgs/[^/]+)?(/inference)?", "openai.chat", "openai.embeddings"),
    ),
    Provider(
        name="snowflake",
        # An account's name, maybe with its region and cloud.
        hosts=("*.snowflakecomputing.com", "*.*.snowflakecomputing.com", "*.*.*.snowflakecomputing.com"),
        routes=(
            *speaks("/api/v2/cortex/v1", "openai.chat", "anthropic.messages"),
            route(r"/api/v2/cortex/inference[:/]complete", "snowflake.complete"),
            route(r"/api/v2/cortex/inference[:/]embed", "openai.embeddings"),
        ),
    ),
    Provider(
        name="nebius",
        hosts=(
            "api.studio.nebius.ai",
            "api.studio.nebius.com",
            "api.tokenfactory.nebius.com",
            "api.tokenfactory.*.nebius.com",
        ),
        routes=speaks("/v1", "openai.chat", "openai.completions", "openai.embeddings", "openai.images"),
    ),
    Provider(
        name="novita",
        hosts=("api.novita.ai",),
        stream_usage=True,
        routes=(
            *speaks(r"(/v3)?/openai(/v1)?", "openai.chat", "openai.completions", "openai.embeddings"),
            *speaks("/anthropic/v1", "anthropic.messages"),
        ),
    ),
    Provider(
        name="deepinfra",
        hosts=("api.deepinfra.com",),
        routes=(
            *speaks(
                "/v1/openai",
                "openai.chat",
                "openai.completions",
                "openai.embeddings",
                "openai.images",
                "openai.transcription",
            ),
            *speaks("/anthropic/v1", "anthropic.messages"),
        ),
    ),
    Provider(
        name="hyperbolic",
        hosts=("api.hyperbolic.xyz",),
        routes=speaks("/v1", "openai.chat", "openai.completions"),
    ),
    Provider(
        name="nvidia",
        hosts=("integrate.api.nvidia.com",),
        routes=speaks("/v1", "openai.chat", "openai.completions", "openai.embeddings"),
    ),
    Provider(
        name="sambanova",
        hosts=("api.sambanova.ai",),
        stream_usage=True,
        routes=speaks("/v1", "openai.chat", "openai.embeddings"),
    ),
    Provider(
        name="vercel",
        hosts=("ai-gateway.vercel.sh",),
        stream_usage=True,
        routes=speaks("/v1", "openai.chat", "openai.responses", "anthropic.messages", "openai.embeddings"),
    ),
    Provider(
        name="heroku",
        hosts=("us.inference.heroku.com", "eu.inference.heroku.com"),
        routes=speaks("/v1", "openai.chat", "openai.embeddings", "openai.images"),
    ),
    Provider(
        name="ovhcloud",
        # One host for all models, and one for each.
        hosts=("oai.endpoints.kepler.ai.cloud.ovh.net", "*.endpoints.kepler.ai.cloud.ovh.net"),
        routes=speaks("(/api/openai_compat)?/v1", "openai.chat", "openai.completions", "openai.embeddings"),
    ),
    Provider(
        name="crusoe",
        hosts=("api.inference.crusoecloud.com", "managed-inference-api-proxy.crusoecloud.com"),
        routes=speaks("/v1", "openai.chat", "openai.completions"),
    ),
)
"""The rows of this family."""
