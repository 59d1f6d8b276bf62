"""Reads Gemini's `usageMetadata`.

The prompt includes the cached tokens; candidates exclude thoughts, and the prompt excludes what tools
fed back: a `Usage` includes both. https://ai.google.dev/api/generate-content#UsageMetadata
"""

from __future__ import annotations

from sessiontap.untrusted import JsonObject, count, objects, text
from sessiontap.usage import Usage


def read_usage(usage: JsonObject) -> Usage:
    """The usage by class. Details by modality may fall short of their total: the rest is text."""
    cached = usage.get("cachedContentTokenCount") is not None
    return Usage(
        input_tokens=_total(usage, "promptTokenCount", "toolUsePromptTokenCount"),
        cache_read_input_tokens=count(usage, "cachedContentTokenCount"),
        input_audio_tokens=_modality(usage, "AUDIO", "promptTokensDetails", "toolUsePromptTokensDetails"),
        input_image_tokens=_modality(usage, "IMAGE", "promptTokensDetails", "toolUsePromptTokensDetails"),
        cache_read_input_audio_tokens=_modality(usage, "AUDIO", "cacheTokensDetails") if cached else None,
        output_tokens=_total(usage, "candidatesTokenCount", "thoughtsTokenCount"),
        reasoning_output_tokens=count(usage, "thoughtsTokenCount"),
        output_audio_tokens=_modality(usage, "AUDIO", "candidatesTokensDetails"),
        output_image_tokens=_modality(usage, "IMAGE", "candidatesTokensDetails"),
    )


def _total(usage: JsonObject, *keys: str) -> int | None:
    known = [found for key in keys if (found := count(usage, key)) is not None]
    return sum(known) if known else None


def _modality(usage: JsonObject, modality: str, *keys: str) -> int | None:
    """The tokens of one modality; None where no detail names it."""
    found = [
        count(detail, "tokenCount") or 0
        for key in keys
        for detail in objects(usage, key)
        if text(detail, "modality") == modality
    ]
    return sum(found) if found else None
