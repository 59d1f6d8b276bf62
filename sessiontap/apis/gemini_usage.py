"""Reads the usage that Google reports: Gemini's `usageMetadata`, and `usage` of the Interactions API.

The prompt includes the cached tokens; the answer excludes thoughts, and the prompt excludes what tools
fed back: a `Usage` includes both. https://ai.google.dev/api/generate-content#UsageMetadata and
https://ai.google.dev/api/interactions-api (usage).
"""

from __future__ import annotations

from typing import NamedTuple

from sessiontap.untrusted import JsonObject, count, objects, text
from sessiontap.usage import Usage


class _Names(NamedTuple):
    """What one API calls each figure; the details list tokens by modality."""

    prompt: str
    tool_prompt: str
    cached: str
    answer: str
    thoughts: str
    prompt_details: tuple[str, ...]
    cached_details: tuple[str, ...]
    answer_details: tuple[str, ...]
    tokens: str


_METADATA = _Names(
    prompt="promptTokenCount",
    tool_prompt="toolUsePromptTokenCount",
    cached="cachedContentTokenCount",
    answer="candidatesTokenCount",
    thoughts="thoughtsTokenCount",
    # Embeddings write `promptTokenDetails`.
    prompt_details=("promptTokensDetails", "promptTokenDetails", "toolUsePromptTokensDetails"),
    cached_details=("cacheTokensDetails",),
    answer_details=("candidatesTokensDetails",),
    tokens="tokenCount",
)
_INTERACTION = _Names(
    prompt="total_input_tokens",
    tool_prompt="total_tool_use_tokens",
    cached="total_cached_tokens",
    answer="total_output_tokens",
    thoughts="total_thought_tokens",
    prompt_details=("input_tokens_by_modality", "tool_use_tokens_by_modality"),
    cached_details=("cached_tokens_by_modality",),
    answer_details=("output_tokens_by_modality",),
    tokens="tokens",
)


def read_usage(usage: JsonObject) -> Usage:
    """`usageMetadata` by class. Details by modality may fall short of their total: the rest is text.

    So are documents: text, image and document cost the same wherever Google prices documents.
    """
    return _read(usage, _METADATA)


def read_interaction_usage(usage: JsonObject) -> Usage:
    """An interaction's `usage` by class, searches included where they are counted."""
    searches = [
        count(tool, "count")
        for tool in objects(usage, "grounding_tool_count")
        if text(tool, "type") == "google_search"
    ]
    found = _read(usage, _INTERACTION)
    return found + Usage(web_search_requests=_sum(searches))


def _read(usage: JsonObject, names: _Names) -> Usage:
    def modality(kind: str, details: tuple[str, ...]) -> int | None:
        """The tokens of one modality; None where no detail names it."""
        return _sum(
            [
                count(detail, names.tokens) or 0
                for key in details
                for detail in objects(usage, key)
                if (text(detail, "modality") or "").upper() == kind
            ]
        )

    # Details of a cache without the cache's total say nothing.
    cached = names.cached_details if usage.get(names.cached) is not None else ()
    return Usage(
        input_tokens=_sum([count(usage, names.prompt), count(usage, names.tool_prompt)]),
        cache_read_input_tokens=count(usage, names.cached),
        input_audio_tokens=modality("AUDIO", names.prompt_details),
        input_image_tokens=modality("IMAGE", names.prompt_details),
        input_video_tokens=modality("VIDEO", names.prompt_details),
        cache_read_input_audio_tokens=modality("AUDIO", cached),
        cache_read_input_image_tokens=modality("IMAGE", cached),
        output_tokens=_sum([count(usage, names.answer), count(usage, names.thoughts)]),
        reasoning_output_tokens=count(usage, names.thoughts),
        output_audio_tokens=modality("AUDIO", names.answer_details),
        output_image_tokens=modality("IMAGE", names.answer_details),
    )


def _sum(counts: list[int | None] | list[int]) -> int | None:
    """The sum of what is known; None where nothing is."""
    known = [each for each in counts if each is not None]
    return sum(known) if known else None
