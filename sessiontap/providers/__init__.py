"""The table of providers: hosts, and which wire shape each path speaks; one file a family.

To add a provider that speaks a known shape: a row here, a block in pricing.yaml, a fixture.
"""

from __future__ import annotations

from sessiontap.providers import (
    amazon,
    anthropic,
    azure,
    clouds,
    cohere,
    compatible,
    google,
    helicone,
    local,
    openai,
    replicate,
)
from sessiontap.providers.directory import Directory, Match, path_streams
from sessiontap.providers.route import Kind, Provider, Route

__all__ = [
    "DIRECTORY",
    "GATEWAYS",
    "PROVIDERS",
    "Directory",
    "Kind",
    "Match",
    "Provider",
    "Route",
    "path_streams",
]

PROVIDERS: tuple[Provider, ...] = (
    *openai.PROVIDERS,
    *azure.PROVIDERS,
    *anthropic.PROVIDERS,
    *google.PROVIDERS,
    *amazon.PROVIDERS,
    *cohere.PROVIDERS,
    *replicate.PROVIDERS,
    *compatible.PROVIDERS,
    *clouds.PROVIDERS,
    *local.PROVIDERS,
)
"""Every row of a provider."""

GATEWAYS = helicone.rows(PROVIDERS)
"""Those of Helicone's gateway hosts, each with what the provider that it stands for has."""

DIRECTORY = Directory((*PROVIDERS, *GATEWAYS))
"""The rows as they are without a user's own hosts."""
