"""Features: headers of Helicone's that ask for something it does, and sessiontap does not; they are kept.

Each is a property under its own name, so that one can see what a call was to have: `helicone-cache-enabled`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import msgspec

from sessiontap.redact import redact

# https://docs.helicone.ai/helicone-headers/header-directory
_KEPT = re.compile(
    r"helicone-(?:gateway|prompt-(?:id|name|version|mode)|cache-.+|retry-.+|ratelimit-policy|fallbacks"
    r"|moderations-enabled|llm-security-.+|token-limit-exception-handler|experiment-.+|job-id|node-id)"
)
_FALLBACKS = "helicone-fallbacks"
_LONGEST = 2_000


def kept_of(headers: Mapping[str, str]) -> dict[str, str]:
    """The properties that such headers make; their names are lower case. No key of anybody's is in them."""
    kept = {name: _harmless(name, value) for name, value in headers.items() if _KEPT.fullmatch(name)}
    return {name: value for name, value in kept.items() if value}


def _harmless(name: str, value: str) -> str:
    stated = _without_headers(value) if name == _FALLBACKS else value
    return redact(stated[: 2 * _LONGEST])[:_LONGEST]


def _without_headers(value: str) -> str:
    """The fallbacks without the headers to be sent to each, for keys stand there."""
    try:
        fallbacks = msgspec.json.decode(value.encode("utf-8", "replace"))
    except (msgspec.DecodeError, RecursionError):
        return ""
    entries = fallbacks if isinstance(fallbacks, list) else [fallbacks]
    kept = [
        {key: each[key] for key in ("target-url", "onCodes") if key in each}
        for each in entries
        if isinstance(each, dict)
    ]
    return msgspec.json.encode(kept).decode()
