"""An independent, naive reading of usage out of whole replies, to hold the package's readers against.

Written from the providers' documentation, sharing no code with the package.
"""

from __future__ import annotations

import base64
import json
from decimal import Decimal
from typing import Any

from tests.oracles.calls import kind_of
from tests.oracles.corpus import Exchange

Counts = dict[str, int]
Documents = list[dict[str, Any]]


def expected_usage(exchange: Exchange) -> Counts:
    """What a reply reports by class, tokens and pieces; empty where it reports none or is no model call's."""
    if kind_of(exchange) == "neither":
        return {}
    documents, path, host = exchange.documents(), exchange.url.path, exchange.host
    if path.endswith("/v1/messages"):
        return _anthropic(documents)
    if ":" in path and path.endswith(("enerateContent", "EmbedContents")):
        return _gemini(documents)
    if path.endswith(("/converse", "/converse-stream")):
        return _converse(documents)
    if path.endswith(("/invoke", "/invoke-with-response-stream")):
        return _invoke(documents, exchange)
    if host == "api.cohere.com":
        return _cohere(documents)
    if exchange.url.port == 11434:
        return _ollama(documents)
    if path.endswith("/images/generations"):
        return _openai(documents) or _known(output_images=len(documents[-1].get("data") or ()) or None)
    if path.endswith("/responses") or "/responses/" in path:
        return _openai(documents) | (_responses_pieces(documents) if _openai(documents) else {})
    return _openai(documents)


def stated_cost(exchange: Exchange) -> Decimal | None:
    """What the reply says, in USD, that the call costs; None where it says nothing."""
    for document in reversed(exchange.documents()):
        usage = document.get("usage") or document.get("usageMetadata") or {}
        stated = _first(usage.get("cost"), (usage.get("pydantic_ai_gateway") or {}).get("cost_estimate"))
        if stated is not None:
            # With the user's own key OpenRouter takes a fee, and the provider behind it the rest.
            upstream = usage["cost_details"]["upstream_inference_cost"] if usage.get("is_byok") else 0
            return Decimal(repr(stated)) + Decimal(repr(upstream))
    return None


def _known(**counts: float | None) -> Counts:
    return {name: int(value) for name, value in counts.items() if value is not None}


def _total(*counts: float | None) -> float | None:
    """The sum of what is known; None where nothing is."""
    known = [count for count in counts if count is not None]
    return sum(known) if known else None


def _first(*values: Any) -> Any:
    return next((value for value in values if value is not None), None)


# --- OpenAI and who speaks its language


def _openai(documents: Documents) -> Counts:
    found: dict[str, Any] = {}
    for document in documents:
        wrapped = (document.get("response") or {}, document.get("x_groq") or {})
        found = _first(document.get("usage"), *(each.get("usage") for each in wrapped), found)
    if not found:
        return {}
    whole = found.get("total_tokens")
    given = found.get("prompt_tokens", found.get("input_tokens"))
    produced = found.get("completion_tokens", found.get("output_tokens"))
    if given is None and produced is None:
        # Voyage counts nothing but the whole, and it makes no output.
        return _known(input_tokens=whole)
    # Where the total is more than its parts, thinking is billed that nothing else shows.
    if whole is not None and given is not None and produced is not None:
        produced = max(produced, whole - given)
    read = _first(
        *(found.get(f"{name}_details") for name in ("prompt_tokens", "input_tokens", "prompt_token"))
    )
    wrote = _first(*(found.get(f"{name}_details") for name in ("completion_tokens", "output_tokens")))
    read, wrote = read or {}, wrote or {}
    tools = found.get("server_tool_use_details") or found.get("server_tool_use") or {}
    return _known(
        input_tokens=given,
        output_tokens=produced,
        cache_read_input_tokens=_first(
            read.get("cached_tokens"),
            found.get("cached_tokens"),  # Together
            found.get("num_cached_tokens"),  # Mistral
            found.get("prompt_cache_hit_tokens"),  # DeepSeek
        ),
        cache_creation_input_tokens=read.get("cache_write_tokens"),
        input_audio_tokens=read.get("audio_tokens"),
        input_image_tokens=read.get("image_tokens"),
        input_video_tokens=read.get("video_tokens"),
        reasoning_output_tokens=wrote.get("reasoning_tokens"),
        output_audio_tokens=wrote.get("audio_tokens"),
        output_image_tokens=wrote.get("image_tokens"),
        web_search_requests=tools.get("web_search_requests"),
    )


def _responses_pieces(documents: Documents) -> Counts:
    """What a reply of OpenAI's Responses API bills by the piece.

    The stated count of searches, else the search actions; every file search.
    """
    last = documents[-1].get("response") or documents[-1]
    output = last.get("output") or []
    searches = [item.get("action") or {} for item in output if item["type"] == "web_search_call"]
    stated = ((last.get("tool_usage") or {}).get("web_search") or {}).get("num_requests")
    counted = len([action for action in searches if action.get("type", "search") == "search"])
    files = len([item for item in output if item["type"] == "file_search_call"])
    return _known(
        web_search_requests=counted or None if stated is None else stated, file_search_requests=files or None
    )


# --- Anthropic


def _anthropic(documents: Documents) -> Counts:
    usage: dict[str, Any] = {}
    for document in documents:
        usage = {**usage, **(document.get("message", document).get("usage") or {})}
    if not usage:
        return {}
    billed = usage.get("iterations") or [usage]
    if len(billed) == 1:
        billed = [usage]

    def total(key: str) -> float | None:
        return _total(*(each.get(key) for each in billed))

    hours = [
        each["cache_creation"]["ephemeral_1h_input_tokens"] for each in billed if each.get("cache_creation")
    ]
    read, written = total("cache_read_input_tokens"), total("cache_creation_input_tokens")
    tools = usage.get("server_tool_use") or {}
    return _known(
        input_tokens=_total(total("input_tokens"), read, written),
        output_tokens=total("output_tokens"),
        cache_read_input_tokens=read,
        cache_creation_input_tokens=written,
        cache_creation_1h_input_tokens=_total(*hours),
        reasoning_output_tokens=(usage.get("output_tokens_details") or {}).get("thinking_tokens"),
        web_search_requests=tools.get("web_search_requests"),
        web_fetch_requests=tools.get("web_fetch_requests"),
    )


# --- Google


def _gemini(documents: Documents) -> Counts:
    with_usage = [document["usageMetadata"] for document in documents if document.get("usageMetadata")]
    if not with_usage:
        return {}
    usage = with_usage[-1]

    def of_modality(modality: str, *keys: str) -> int | None:
        details = [
            detail for key in keys for detail in usage.get(key) or () if detail["modality"] == modality
        ]
        return sum(detail.get("tokenCount", 0) for detail in details) if details else None

    prompts = ("promptTokensDetails", "toolUsePromptTokensDetails")
    return _known(
        input_tokens=_total(usage.get("promptTokenCount"), usage.get("toolUsePromptTokenCount")),
        output_tokens=_total(usage.get("candidatesTokenCount"), usage.get("thoughtsTokenCount")),
        cache_read_input_tokens=usage.get("cachedContentTokenCount"),
        cache_read_input_audio_tokens=of_modality("AUDIO", "cacheTokensDetails"),
        cache_read_input_image_tokens=of_modality("IMAGE", "cacheTokensDetails"),
        reasoning_output_tokens=usage.get("thoughtsTokenCount"),
        input_audio_tokens=of_modality("AUDIO", *prompts),
        input_image_tokens=of_modality("IMAGE", *prompts),
        input_video_tokens=of_modality("VIDEO", *prompts),
        output_audio_tokens=of_modality("AUDIO", "candidatesTokensDetails"),
        output_image_tokens=of_modality("IMAGE", "candidatesTokensDetails"),
        web_search_requests=len(_gemini_searches(documents)) or None,
    )


def _gemini_searches(documents: Documents) -> set[str]:
    """The different queries that were sent to Google Search; empty ones are not billed.

    https://ai.google.dev/gemini-api/docs/google-search#pricing
    """
    return {
        query
        for document in documents
        for candidate in document.get("candidates") or ()
        for query in (candidate.get("groundingMetadata") or {}).get("webSearchQueries") or ()
        if query
    }


# --- AWS Bedrock


def _converse(documents: Documents) -> Counts:
    usages = [document.get("metadata", document).get("usage") for document in documents]
    return _converse_usage(_first(*usages) or {})


def _converse_usage(usage: dict[str, Any]) -> Counts:
    read = _first(usage.get("cacheReadInputTokens"), usage.get("cacheReadInputTokenCount"))
    written = _first(usage.get("cacheWriteInputTokens"), usage.get("cacheWriteInputTokenCount"))
    hours = [each["inputTokens"] for each in usage.get("cacheDetails") or () if each["ttl"] == "1h"]
    return _known(
        input_tokens=_total(usage.get("inputTokens"), read, written),
        output_tokens=usage.get("outputTokens"),
        cache_read_input_tokens=read,
        cache_creation_input_tokens=written,
        cache_creation_1h_input_tokens=_total(*hours),
    )


def _invoke(documents: Documents, exchange: Exchange) -> Counts:
    inner = [
        json.loads(base64.b64decode(each["chunk"]["bytes"])) if "chunk" in each else each
        for each in documents
    ]
    counted = [
        each["amazon-bedrock-invocationMetrics"]
        for each in inner
        if len(inner) > 1 and "amazon-bedrock-invocationMetrics" in each
    ]
    by_bedrock = _bedrock_counts(exchange, counted[-1] if counted else {})
    return {**by_bedrock, **_inner(inner)}


def _bedrock_counts(exchange: Exchange, metrics: dict[str, Any]) -> Counts:
    """What Bedrock itself counts, in the headers of a reply or in the last event of a stream."""

    def count(name: str, header: str) -> int | None:
        said = exchange.headers.get(f"x-amzn-bedrock-{header}-token-count")
        return metrics.get(name) if said is None else int(said)

    read = count("cacheReadInputTokenCount", "cache-read-input")
    written = count("cacheWriteInputTokenCount", "cache-write-input")
    return _known(
        input_tokens=_total(count("inputTokenCount", "input"), read, written),
        output_tokens=count("outputTokenCount", "output"),
        cache_read_input_tokens=read,
        cache_creation_input_tokens=written,
    )


def _inner(inner: Documents) -> Counts:
    """What the model's own body says: Anthropic's, Nova's, Titan's."""
    usages = [each.get("metadata", each).get("usage") or {} for each in inner]
    if any("inputTokens" in usage for usage in usages):
        return _converse_usage(next(usage for usage in usages if "inputTokens" in usage))
    anthropic = _anthropic(inner)
    if anthropic:
        return anthropic
    given = _first(*(each.get("inputTextTokenCount") for each in inner))
    results = [result["tokenCount"] for each in inner for result in each.get("results") or ()]
    produced = _first(_total(*results), *(each.get("totalOutputTextTokenCount") for each in reversed(inner)))
    return _known(input_tokens=given, output_tokens=produced)


# --- those with a language of their own


def _cohere(documents: Documents) -> Counts:
    """What is billed, without the template that Cohere wraps a prompt in."""
    last = documents[-1] if documents else {}
    last = _first(*(each.get("delta") for each in documents if each.get("type") == "message-end")) or last
    billed = ((last.get("meta") or last.get("usage") or {}).get("billed_units")) or {}
    return _known(
        input_tokens=_total(billed.get("input_tokens"), billed.get("image_tokens")),
        input_image_tokens=billed.get("image_tokens"),
        output_tokens=billed.get("output_tokens"),
        search_units=billed.get("search_units"),
    )


def _ollama(documents: Documents) -> Counts:
    last = documents[-1] if documents else {}
    return _known(input_tokens=last.get("prompt_eval_count"), output_tokens=last.get("eval_count"))
