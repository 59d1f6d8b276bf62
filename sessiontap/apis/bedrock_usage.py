"""Reads the token counts that Bedrock writes into bodies, stream metrics and reply headers.

Each excludes what was read from and written to a cache from its input count; a `Usage` includes both.
https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_TokenUsage.html
"""

from __future__ import annotations

from collections.abc import Mapping

from sessiontap.untrusted import MAX_COUNT, JsonObject, count, objects, text
from sessiontap.usage import Usage

_HEADERS = (
    "x-amzn-bedrock-input-token-count",
    "x-amzn-bedrock-output-token-count",
    "x-amzn-bedrock-cache-read-input-token-count",
    "x-amzn-bedrock-cache-write-input-token-count",
)
_LONGEST_COUNT = len(str(MAX_COUNT))


def read_usage(usage: JsonObject) -> Usage:
    """The usage of a Converse reply, or of Amazon Nova's own, which names the cached tokens otherwise."""
    details = [each for each in objects(usage, "cacheDetails") if text(each, "ttl") == "1h"]
    return _usage(
        count(usage, "inputTokens"),
        count(usage, "outputTokens"),
        _first(usage, "cacheReadInputTokens", "cacheReadInputTokenCount"),
        _first(usage, "cacheWriteInputTokens", "cacheWriteInputTokenCount"),
        written_1h=sum(count(each, "inputTokens") or 0 for each in details) if details else None,
    )


def read_metrics(metrics: JsonObject) -> Usage:
    """The usage in the `amazon-bedrock-invocationMetrics` that end the stream of any model."""
    return _usage(
        count(metrics, "inputTokenCount"),
        count(metrics, "outputTokenCount"),
        count(metrics, "cacheReadInputTokenCount"),
        count(metrics, "cacheWriteInputTokenCount"),
    )


def read_header_usage(headers: Mapping[str, str]) -> Usage:
    """The usage in the `x-amzn-bedrock-*-token-count` headers, which every plain InvokeModel reply has."""
    return _usage(*(_number(headers.get(name, "")) for name in _HEADERS))


def _usage(
    uncached: int | None,
    output: int | None,
    cache_read: int | None,
    written: int | None,
    *,
    written_1h: int | None = None,
) -> Usage:
    return Usage(
        input_tokens=None if uncached is None else uncached + (cache_read or 0) + (written or 0),
        cache_read_input_tokens=cache_read,
        cache_creation_input_tokens=written,
        cache_creation_1h_input_tokens=written_1h,
        output_tokens=output,
    )


def _first(usage: JsonObject, *keys: str) -> int | None:
    return next((found for key in keys if (found := count(usage, key)) is not None), None)


def _number(stated: str) -> int | None:
    # Told by its length first: to turn a very long text into a number takes long, or is refused.
    if not (stated.isascii() and stated.isdigit() and len(stated) <= _LONGEST_COUNT):
        return None
    number = int(stated)
    return number if number <= MAX_COUNT else None
