"""An independent, naive reading of usage out of whole replies, to hold the package's readers against.

Written from the providers' documentation, sharing no code with the package.
"""

from __future__ import annotations

from typing import Any

Counts = dict[str, int]


def expected_usage(host: str, documents: list[dict[str, Any]]) -> Counts:
    """The token counts by class that a reply reports; empty where it reports none."""
    if host == "api.anthropic.com":
        return _anthropic(documents)
    if host == "generativelanguage.googleapis.com":
        return _gemini(documents)
    return _openai(documents)


def _known(**counts: int | None) -> Counts:
    return {name: value for name, value in counts.items() if value is not None}


def _openai(documents: list[dict[str, Any]]) -> Counts:
    found: dict[str, Any] = {}
    for document in documents:
        found = document.get("usage") or (document.get("response") or {}).get("usage") or found
    if not found:
        return {}
    given = found.get("prompt_tokens", found.get("input_tokens"))
    produced = found.get("completion_tokens", found.get("output_tokens"))
    read = (
        found.get("prompt_tokens_details")
        or found.get("input_tokens_details")
        or found.get("prompt_token_details")
        or {}
    )
    wrote = found.get("completion_tokens_details") or found.get("output_tokens_details") or {}
    return _known(
        input_tokens=given,
        output_tokens=produced,
        cache_read_input_tokens=read.get("cached_tokens"),
        cache_creation_input_tokens=read.get("cache_write_tokens"),
        input_audio_tokens=read.get("audio_tokens"),
        input_image_tokens=read.get("image_tokens"),
        reasoning_output_tokens=wrote.get("reasoning_tokens"),
        output_audio_tokens=wrote.get("audio_tokens"),
    )


def _anthropic(documents: list[dict[str, Any]]) -> Counts:
    usage: dict[str, Any] = {}
    for document in documents:
        usage = {**usage, **(document.get("message", document).get("usage") or {})}
    if not usage:
        return {}
    billed = usage.get("iterations") or [usage]
    if len(billed) == 1:
        billed = [usage]

    def total(key: str) -> int | None:
        values = [each[key] for each in billed if each.get(key) is not None]
        return sum(values) if values else None

    hours = [
        each["cache_creation"]["ephemeral_1h_input_tokens"] for each in billed if each.get("cache_creation")
    ]
    plain, read, written = (
        total("input_tokens"),
        total("cache_read_input_tokens"),
        total("cache_creation_input_tokens"),
    )
    tools = usage.get("server_tool_use") or {}
    return _known(
        input_tokens=None if plain is None else plain + (read or 0) + (written or 0),
        output_tokens=total("output_tokens"),
        cache_read_input_tokens=read,
        cache_creation_input_tokens=written,
        cache_creation_1h_input_tokens=sum(hours) if hours else None,
        reasoning_output_tokens=(usage.get("output_tokens_details") or {}).get("thinking_tokens"),
        web_search_requests=tools.get("web_search_requests"),
        web_fetch_requests=tools.get("web_fetch_requests"),
    )


def _gemini(documents: list[dict[str, Any]]) -> Counts:
    with_usage = [document["usageMetadata"] for document in documents if document.get("usageMetadata")]
    if not with_usage:
        return {}
    usage = with_usage[-1]

    def of_modality(modality: str, *keys: str) -> int | None:
        details = [
            detail for key in keys for detail in usage.get(key) or () if detail["modality"] == modality
        ]
        return sum(detail.get("tokenCount", 0) for detail in details) if details else None

    def both(one: str, other: str) -> int | None:
        return None if one not in usage and other not in usage else usage.get(one, 0) + usage.get(other, 0)

    prompts = ("promptTokensDetails", "toolUsePromptTokensDetails")
    return _known(
        input_tokens=both("promptTokenCount", "toolUsePromptTokenCount"),
        output_tokens=both("candidatesTokenCount", "thoughtsTokenCount"),
        cache_read_input_tokens=usage.get("cachedContentTokenCount"),
        cache_read_input_audio_tokens=of_modality("AUDIO", "cacheTokensDetails"),
        reasoning_output_tokens=usage.get("thoughtsTokenCount"),
        input_audio_tokens=of_modality("AUDIO", *prompts),
        input_image_tokens=of_modality("IMAGE", *prompts),
        output_audio_tokens=of_modality("AUDIO", "candidatesTokensDetails"),
        output_image_tokens=of_modality("IMAGE", "candidatesTokensDetails"),
    )
