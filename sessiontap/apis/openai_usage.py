"""Reads the `usage` object of OpenAI's APIs and of everybody who answers in their shape.

Chat and completions write `prompt_tokens`, Responses `input_tokens`; the details stand beside them
(https://platform.openai.com/docs/api-reference). Input includes the cached and cache-written tokens,
output includes reasoning; where the total proves that output was reported without it, it is added.
"""

from __future__ import annotations

from sessiontap.untrusted import JsonObject, count, obj
from sessiontap.usage import Usage

# Each figure has a place in OpenAI's own shape, and others in its relatives'; the first that is there counts.
_INPUT = ("prompt_tokens", "input_tokens")
_OUTPUT = ("completion_tokens", "output_tokens")
_INPUT_DETAILS = (
    "prompt_tokens_details",
    "input_tokens_details",
    "prompt_token_details",
    "input_token_details",
)
_OUTPUT_DETAILS = ("completion_tokens_details", "output_tokens_details", "output_token_details")
_CACHED = ("cached_tokens", "cache_read_input_tokens")
_CACHED_BESIDE = (
    "cached_tokens",  # Together, Moonshot
    "prompt_cache_hit_tokens",  # DeepSeek
    "num_cached_tokens",  # Mistral
    "cached_prompt_text_tokens",  # xAI, formerly
)
_WRITTEN = ("cache_write_tokens", "cache_creation_tokens", "cache_creation_input_tokens")
_WEB_SEARCHES = ("web_search_calls", "x_search_calls")
_FILE_SEARCHES = ("file_search_calls", "document_search_calls")
_MS_PER_SECOND = 1000


def read_usage(usage: JsonObject) -> Usage:
    """The usage by class; classes that the provider does not name stay unknown."""
    given, produced = _details(usage, _INPUT_DETAILS), _details(usage, _OUTPUT_DETAILS)
    cached = obj(given, "cached_tokens_details")
    input_tokens, output_tokens = _first(usage, _INPUT), _first(usage, _OUTPUT)
    reasoning = _either(count(produced, "reasoning_tokens"), count(usage, "reasoning_tokens"))
    read_beside = _read_beside(usage)
    if input_tokens is not None:
        input_tokens += read_beside
    if output_tokens is not None:
        hidden = _hidden_output(usage, reasoning)
        output_tokens += hidden
        reasoning = max(reasoning or 0, hidden) if hidden else reasoning
    seconds = count(usage, "prompt_audio_seconds")
    return Usage(
        input_tokens=input_tokens,
        cache_read_input_tokens=_either(_first(given, _CACHED), _first(usage, _CACHED_BESIDE)),
        cache_creation_input_tokens=_first(given, _WRITTEN),
        cache_creation_12h_input_tokens=count(obj(given, "cache_write_tokens_details"), "ttl_12h_tokens"),
        input_audio_tokens=_either(count(given, "audio_tokens"), count(usage, "audio_prompt_tokens")),
        input_image_tokens=count(given, "image_tokens"),
        cache_read_input_audio_tokens=count(cached, "audio_tokens"),
        cache_read_input_image_tokens=count(cached, "image_tokens"),
        input_video_tokens=count(given, "video_tokens"),
        output_tokens=output_tokens,
        reasoning_output_tokens=reasoning,
        output_audio_tokens=count(produced, "audio_tokens"),
        output_image_tokens=count(produced, "image_tokens"),
        web_search_requests=_web_searches(usage),
        file_search_requests=_total(obj(usage, "server_side_tool_usage_details"), _FILE_SEARCHES),
        input_audio_ms=None if seconds is None else seconds * _MS_PER_SECOND,
    )


def read_input_usage(usage: JsonObject) -> Usage:
    """The usage of a call that has no output: the total is its input, and all that some report of it."""
    found = read_usage(usage)
    total = count(usage, "total_tokens")
    return Usage(input_tokens=total) if not found and total is not None else found


def read_timings(timings: JsonObject) -> Usage:
    """What llama.cpp's server reports of its own, also where it reports no usage.

    https://github.com/ggml-org/llama.cpp/blob/master/tools/server/README.md (timings)
    """
    cached, evaluated = count(timings, "cache_n"), count(timings, "prompt_n")
    return Usage(
        input_tokens=None if evaluated is None else evaluated + (cached or 0),
        cache_read_input_tokens=cached,
        output_tokens=count(timings, "predicted_n"),
    )


def _read_beside(usage: JsonObject) -> int:
    """Input that stands beside the prompt and is billed like it.

    What Mistral's connectors brought in, and the citations that Perplexity's deep research read.
    """
    return (count(usage, "connector_tokens") or 0) + (count(usage, "citation_tokens") or 0)


def _hidden_output(usage: JsonObject, reasoning: int | None) -> int:
    """Billed thinking that `completion_tokens` leaves out.

    Gemini's OpenAI endpoint and xAI's chat count it in the total alone. Perplexity's deep research, known by
    its citations, keeps it out of the total as well.
    """
    if count(usage, "citation_tokens") is not None:
        return reasoning or 0
    if count(usage, "prompt_audio_seconds") is not None:
        # Mistral's total has the sound in it, which is billed by its length.
        return 0
    total, given, produced = count(usage, "total_tokens"), _first(usage, _INPUT), _first(usage, _OUTPUT)
    if total is None or given is None or produced is None:
        return 0
    return max(total - given - produced - (count(usage, "connector_tokens") or 0), 0)


def _web_searches(usage: JsonObject) -> int | None:
    """Searches of the web that the provider made by itself, under each provider's name for them."""
    counted = (
        count(usage, "num_search_queries"),  # Perplexity
        count(obj(usage, "tool_calls_details", "search_web"), "invocation"),  # Perplexity's agent
        count(obj(usage, "connectors"), "web_search"),  # Mistral
        count(obj(usage, "server_tool_use_details"), "web_search_requests"),  # OpenRouter
        count(obj(usage, "server_tool_use"), "web_search_requests"),  # OpenRouter, formerly
        _total(obj(usage, "server_side_tool_usage_details"), _WEB_SEARCHES),  # xAI
        count(usage, "num_sources_used") or None,  # xAI's live search: every source was billed as one
    )
    return _either(*counted)


def _details(usage: JsonObject, keys: tuple[str, ...]) -> JsonObject:
    return next((found for key in keys if (found := obj(usage, key))), {})


def _first(value: JsonObject, keys: tuple[str, ...]) -> int | None:
    return _either(*(count(value, key) for key in keys))


def _total(value: JsonObject, keys: tuple[str, ...]) -> int | None:
    found = [each for key in keys if (each := count(value, key)) is not None]
    return sum(found) if found else None


def _either(*counts: int | None) -> int | None:
    return next((each for each in counts if each is not None), None)
