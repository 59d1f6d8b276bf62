"""Names of the OpenTelemetry GenAI conventions that we use, so that a record reads the same everywhere.

https://opentelemetry.io/docs/specs/semconv/registry/attributes/gen-ai/
"""

from __future__ import annotations

from typing import Literal

Operation = Literal[
    "chat",
    "generate_content",
    "text_completion",
    "embeddings",
    "rerank",
    "image_generation",
    "transcription",
    "speech",
    "moderation",
    "ocr",
    "realtime",
    "prediction",
]
"""`gen_ai.operation.name`; from `rerank` on the names are ours, the conventions have none."""

ProviderName = Literal[
    "anthropic",
    "aws.bedrock",
    "azure.ai.openai",
    "cerebras",
    "cohere",
    "crusoe",
    "deepinfra",
    "deepseek",
    "fireworks",
    "gcp.gemini",
    "gcp.vertex_ai",
    "github.copilot",
    "github.models",
    "groq",
    "heroku",
    "huggingface",
    "hyperbolic",
    "local",
    "mistral_ai",
    "moonshot_ai",
    "nebius",
    "novita",
    "nvidia",
    "ollama",
    "openai",
    "openrouter",
    "ovhcloud",
    "perplexity",
    "replicate",
    "sambanova",
    "snowflake",
    "together",
    "vercel",
    "voyage",
    "writer",
    "x_ai",
    "zai",
]
"""`gen_ai.provider.name`; a provider that the conventions do not name has the name of its product.

`local` is a model server on the user's own machine, whatever its make.
"""
