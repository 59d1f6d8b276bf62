"""How each provider is told who asks: which header, and which variable a person keeps the key in.

Names only, never a key. The variables are those that the providers' own SDKs read.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple


class Credential(NamedTuple):
    """Where a key goes: `header: prefix KEY`."""

    variable: str
    header: str = "Authorization"
    prefix: str = "Bearer "
    also: tuple[str, ...] = ()
    """Other variables in which a person may have it."""


SIGNED = frozenset({"aws.bedrock", "aws.sagemaker"})
"""Providers whose requests are signed with AWS's Signature Version 4: no header holds a key."""

_KNOWN: Mapping[str, Credential] = MappingProxyType(
    {
        "anthropic": Credential("ANTHROPIC_API_KEY", "x-api-key", ""),
        "azure.ai.openai": Credential("AZURE_OPENAI_API_KEY", "api-key", ""),
        "azure.ai.inference": Credential("AZURE_INFERENCE_CREDENTIAL", "api-key", ""),
        "cohere": Credential("CO_API_KEY"),
        "gcp.gemini": Credential("GEMINI_API_KEY", "x-goog-api-key", "", ("GOOGLE_API_KEY",)),
        "gcp.vertex_ai": Credential("GOOGLE_ACCESS_TOKEN"),
        "huggingface": Credential("HF_TOKEN"),
        "mistral_ai": Credential("MISTRAL_API_KEY"),
        "openai": Credential("OPENAI_API_KEY"),
        "replicate": Credential("REPLICATE_API_TOKEN"),
        "x_ai": Credential("XAI_API_KEY"),
    }
)
# Whose endpoints for OpenAI's clients take the key as these send it.
_COMPATIBLE = frozenset({"anthropic", "gcp.gemini"})
_NO_NAME = re.compile(r"[^A-Za-z0-9]+")


def credential_of(provider: str, api: str = "") -> Credential:
    """The provider's; of one that has no row here, a bearer's with the name that such variables have.

    `api` is the wire shape, as in a record: OpenAI's has the key where OpenAI's clients put it.
    """
    known = _KNOWN.get(provider)
    if known is not None and provider in _COMPATIBLE and api.startswith("openai."):
        return Credential(known.variable, also=known.also)
    return known or Credential(f"{_NO_NAME.sub('_', provider).strip('_').upper()}_API_KEY")
