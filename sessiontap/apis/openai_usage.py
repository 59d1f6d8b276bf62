"""Reads the `usage` object of OpenAI's APIs and of everybody who answers in their shape.

Chat and completions write `prompt_tokens`, Responses `input_tokens`; the details stand beside them
(https://platform.openai.com/docs/api-reference). Input includes the cached and cache-written tokens,
output includes reasoning; where the total proves that output was reported without it, it is added.
"""

from __future__ import annotations

from sessiontap.untrusted import JsonObject, count, obj
from sessiontap.usage import Usage


def read_usage(usage: JsonObject) -> Usage:
    """The usage by class; classes that the provider does not name stay unknown."""
    input_tokens = _first(usage, "prompt_tokens", "input_tokens")
    output_tokens = _first(usage, "completion_tokens", "output_tokens")
    input_details = (
        obj(usage, "prompt_tokens_details")
        or obj(usage, "input_tokens_details")
        or obj(usage, "prompt_token_details")
    )
    output_details = obj(usage, "completion_tokens_details") or obj(usage, "output_tokens_details")
    reasoning = count(output_details, "reasoning_tokens")
    hidden = _hidden_output(usage, input_tokens, output_tokens)
    if hidden and output_tokens is not None:
        output_tokens += hidden
        reasoning = max(reasoning or 0, hidden)
    return Usage(
        input_tokens=input_tokens,
        cache_read_input_tokens=count(input_details, "cached_tokens"),
        cache_creation_input_tokens=count(input_details, "cache_write_tokens"),
        input_audio_tokens=count(input_details, "audio_tokens"),
        input_image_tokens=count(input_details, "image_tokens"),
        output_tokens=output_tokens,
        reasoning_output_tokens=reasoning,
        output_audio_tokens=count(output_details, "audio_tokens"),
        output_image_tokens=count(output_details, "image_tokens"),
    )


def _first(usage: JsonObject, *keys: str) -> int | None:
    return next((found for key in keys if (found := count(usage, key)) is not None), None)


def _hidden_output(usage: JsonObject, input_tokens: int | None, output_tokens: int | None) -> int:
    """Billed thinking that `completion_tokens` leaves out (Gemini's OpenAI endpoint, xAI's chat)."""
    total = count(usage, "total_tokens")
    if total is None or input_tokens is None or output_tokens is None:
        return 0
    return max(total - input_tokens - output_tokens, 0)
