"""Names of the OpenTelemetry GenAI conventions that we use, so that a record reads the same everywhere.

https://opentelemetry.io/docs/specs/semconv/registry/attributes/gen-ai/
"""

from __future__ import annotations

from typing import Literal

Operation = Literal["chat", "generate_content", "text_completion", "embeddings", "count_tokens"]
"""`gen_ai.operation.name`; `count_tokens` is ours, the conventions have no name for it."""

ProviderName = Literal["openai", "anthropic", "gcp.gemini"]
"""`gen_ai.provider.name`; a provider that the conventions do not name has the name of its product."""
