"""Reads Anthropic's `usage` object, with the iterations that are billed beside its totals.

Anthropic's `input_tokens` excludes the cache's reads and writes; a `Usage` includes them.
https://docs.anthropic.com/en/api/messages (usage), anthropic SDK `BetaIterationsUsage`.
"""

from __future__ import annotations

from functools import reduce
from operator import add

import msgspec

from sessiontap.call import UsagePart
from sessiontap.untrusted import JsonObject, count, label, obj, objects, text
from sessiontap.usage import Usage

_EXTRA_ITERATIONS = frozenset({"advisor_message", "compaction"})
_COMPARED = ("input_tokens", "output_tokens")
_MOST_PARTS = 1000


def read_usage(usage: JsonObject, first: JsonObject, parts: tuple[UsagePart, ...]) -> Usage:
    """All that the message was billed.

    `first` is `message_start`'s usage: it alone has the split of cache writes by lifetime, and where a
    later total differs the split is scaled to it. `parts`, where there are any, replace the token totals;
    reasoning and counts of server tools come from the top level, which is the only place that has them.
    """
    base = reduce(add, (part.usage for part in parts)) if parts else _tokens(usage, first)
    tools = obj(usage, "server_tool_use")
    return msgspec.structs.replace(
        base,
        reasoning_output_tokens=count(obj(usage, "output_tokens_details"), "thinking_tokens"),
        web_search_requests=count(tools, "web_search_requests"),
        web_fetch_requests=count(tools, "web_fetch_requests"),
    )


def read_parts(usage: JsonObject, model: str | None) -> tuple[UsagePart, ...]:
    """What each iteration billed, in order; empty where the totals already say everything.

    An iteration without a `model` ran on the message's. Iterations sum to the totals and what the
    totals leave out (helper models, compactions, declined hops of a fallback); where they fall short
    of the totals, only the kinds that are known to stand apart are added to them.
    """
    iterations = objects(usage, "iterations")
    if model is None or (len(iterations) < 2 and not any(_apart(each) for each in iterations)):  # noqa: PLR2004 -- one iteration is the message itself
        return ()
    parts = [
        UsagePart(model=label(text(each, "model")) or model, usage=_tokens(each, each)) for each in iterations
    ]
    apart = [part for part, each in zip(parts, iterations, strict=True) if _apart(each)]
    inside = [part.usage for part, each in zip(parts, iterations, strict=True) if not _apart(each)]
    totals, summed = _tokens(usage, usage), reduce(add, inside, Usage())
    if not all((getattr(summed, name) or 0) >= (getattr(totals, name) or 0) for name in _COMPARED):
        parts = [UsagePart(model=model, usage=totals), *apart]
    return _bounded(parts)


def _bounded(parts: list[UsagePart]) -> tuple[UsagePart, ...]:
    """The parts, those beyond a number that no loop reaches taken together, so that a record stays small."""
    head, tail = parts[:_MOST_PARTS], parts[_MOST_PARTS:]
    if tail:
        rest = reduce(add, (part.usage for part in tail))
        head.append(UsagePart(model=tail[0].model, usage=rest))
    return tuple(head)


def _apart(iteration: JsonObject) -> bool:
    return iteration.get("type") in _EXTRA_ITERATIONS


def _tokens(usage: JsonObject, first: JsonObject) -> Usage:
    uncached = count(usage, "input_tokens")
    cache_read = count(usage, "cache_read_input_tokens")
    written = count(usage, "cache_creation_input_tokens")
    return Usage(
        input_tokens=None if uncached is None else uncached + (cache_read or 0) + (written or 0),
        cache_read_input_tokens=cache_read,
        cache_creation_input_tokens=written,
        cache_creation_1h_input_tokens=_written_for_1h(written, usage, first),
        output_tokens=count(usage, "output_tokens"),
    )


def _written_for_1h(written: int | None, usage: JsonObject, first: JsonObject) -> int | None:
    one_hour = count(obj(usage, "cache_creation"), "ephemeral_1h_input_tokens")
    if one_hour is None or written is None:
        return one_hour
    first_written = count(first, "cache_creation_input_tokens")
    if first_written is None or first_written == written:
        return one_hour
    return round(one_hour * written / first_written) if first_written else 0
