"""Which of our providers the two public tables mean, and where a model's name says that it runs."""

from __future__ import annotations

import re
from collections.abc import Mapping

_VERTEX = "gcp.vertex_ai"

_ROUTED = "huggingface_"
_BEDROCK = "aws.bedrock"
_PROFILE = re.compile(r"(us|us-gov|eu|apac|au|jp|ca|global)\..+")

_GENAI_PRICES: Mapping[str, str] = {
    "anthropic": "anthropic",
    "aws": "aws.bedrock",
    "azure": "azure.ai.openai",
    "cerebras": "cerebras",
    "cohere": "cohere",
    "deepseek": "deepseek",
    "fireworks": "fireworks",
    "github-copilot": "github.copilot",
    "google": "gcp.gemini",
    "groq": "groq",
    "mistral": "mistral_ai",
    "moonshotai": "moonshot_ai",
    "novita": "novita",
    "openai": "openai",
    "openrouter": "openrouter",
    "ovhcloud": "ovhcloud",
    "perplexity": "perplexity",
    "together": "together",
    "voyageai": "voyage",
    "x-ai": "x_ai",
    "zai": "zai",
}

_LITELLM: Mapping[str, str] = {
    "anthropic": "anthropic",
    "azure": "azure.ai.openai",
    "azure_ai": "azure.ai.openai",
    "azure_text": "azure.ai.openai",
    "bedrock": "aws.bedrock",
    "bedrock_converse": "aws.bedrock",
    "bedrock_mantle": "aws.bedrock",
    "cerebras": "cerebras",
    "codestral": "mistral_ai",
    "cohere": "cohere",
    "cohere_chat": "cohere",
    "crusoe": "crusoe",
    "deepinfra": "deepinfra",
    "deepseek": "deepseek",
    "fireworks_ai": "fireworks",
    "fireworks_ai-embedding-models": "fireworks",
    "gemini": "gcp.gemini",
    "github_copilot": "github.copilot",
    "groq": "groq",
    "heroku": "heroku",
    "hyperbolic": "hyperbolic",
    "mistral": "mistral_ai",
    "moonshot": "moonshot_ai",
    "nebius": "nebius",
    "novita": "novita",
    "nvidia_nim": "nvidia",
    "ollama": "ollama",
    "openai": "openai",
    "ovhcloud": "ovhcloud",
    "perplexity": "perplexity",
    "replicate": "replicate",
    "sambanova": "sambanova",
    "snowflake": "snowflake",
    "text-completion-codestral": "mistral_ai",
    "text-completion-openai": "openai",
    "together_ai": "together",
    "vercel_ai_gateway": "vercel",
    "voyage": "voyage",
    "xai": "x_ai",
    "zai": "zai",
}

LITELLM_PREFIXES: Mapping[str, tuple[str, ...]] = {
    "aws.bedrock": ("bedrock/", "bedrock_mantle/", "converse/", "invoke/", "claude_platform/", "*/"),
    "azure.ai.openai": ("azure/", "azure_ai/", "speech/"),
    "fireworks": ("fireworks_ai/",),
    "gcp.gemini": ("gemini/",),
    "gcp.vertex_ai": ("vertex_ai/",),
    "github.copilot": ("github_copilot/",),
    "mistral_ai": ("mistral/", "codestral/", "text-completion-codestral/"),
    "moonshot_ai": ("moonshot/",),
    "nvidia": ("nvidia_nim/",),
    "openai": ("openai/",),
    "together": ("together_ai/",),
    "vercel": ("vercel_ai_gateway/",),
    "x_ai": ("xai/",),
}
"""What stands before a model's own name in its keys; elsewhere our name of the provider does."""


def litellm_provider(service: str) -> str | None:
    """Our name of one of LiteLLM's providers, which has a dozen for Vertex AI; None for one not here."""
    return _VERTEX if service.startswith("vertex_ai") else _LITELLM.get(service)


def genai_provider(service: str) -> tuple[str | None, str]:
    """Our name of one of genai-prices' providers, or None; and what follows its models' names with us.

    It has a provider for each one that Hugging Face routes to, who is named behind the model: `model:groq`.
    """
    if service.startswith(_ROUTED):
        return "huggingface", f":{service.removeprefix(_ROUTED)}"
    return _GENAI_PRICES.get(service), ""


def region_of(provider: str, model: str) -> str | None:
    """Where a model runs, as far as its name says so: Bedrock's inference profiles begin with it."""
    profile = _PROFILE.fullmatch(model) if provider == _BEDROCK else None
    return None if profile is None else profile[1]
