"""Reads what Cohere says it bills, and how it says that something went wrong.

https://docs.cohere.com/docs/how-does-cohere-pricing-work
"""

from __future__ import annotations

from sessiontap.apis.reading import ErrorFacts, read_error
from sessiontap.untrusted import JsonObject, count, obj, text
from sessiontap.usage import Usage

_FAILED = ("ERROR", "TIMEOUT")


def read_billed(meta: JsonObject) -> Usage:
    """The usage out of `meta` (v1, embed, rerank) or `usage` (v2 chat); what is not stated stays unknown.

    `billed_units` are the bill; `tokens` count the prompt template too, which is free. `cached_tokens`
    count against `tokens`, are often more than all the billed ones and lower no price, so they are no part
    of a bill in `billed_units`. A reply that states `tokens` only is taken at those.
    """
    billed = obj(meta, "billed_units")
    if not billed:
        tokens = obj(meta, "tokens")
        return Usage(
            input_tokens=count(tokens, "input_tokens"),
            cache_read_input_tokens=count(meta, "cached_tokens") if tokens else None,
            output_tokens=count(tokens, "output_tokens"),
        )
    text_tokens, image_tokens = count(billed, "input_tokens"), count(billed, "image_tokens")
    known = text_tokens is not None or image_tokens is not None
    return Usage(
        # Cohere counts pictures beside the text; ours is the whole input.
        input_tokens=(text_tokens or 0) + (image_tokens or 0) if known else None,
        input_image_tokens=image_tokens,
        output_tokens=count(billed, "output_tokens"),
        search_units=count(billed, "search_units"),
    )


def read_failure(event: JsonObject) -> ErrorFacts | None:
    """The error in the end of a reply that failed midway, or in a reply that is nothing else.

    https://docs.cohere.com/reference/errors
    """
    reason = text(event, "finish_reason") or ""
    if reason.startswith(_FAILED):
        return ErrorFacts(reason.lower(), text(event, "error") or text(event, "err"))
    return read_error(event)
