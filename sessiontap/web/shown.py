"""How pages show what is not a plain number. Jinja escapes all of it besides; nothing here makes HTML."""

from __future__ import annotations

import re

from sessiontap.usage import Usage
from sessiontap.views.numbers import UNKNOWN, duration, share, tokens

# Bidi overrides and isolates would show a text in another order than it is; other controls show nothing.
_UNSEEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufeff]"
)


def visible(text: str, limit: int | None = None) -> str:
    """The text without what a reader cannot see; lines stay. Cut at `limit` characters, with an ellipsis."""
    if limit is not None and len(text) > limit:
        text = text[: limit - 1] + "…"
    return text if text.isascii() and text.isprintable() else _UNSEEN.sub("", text)


def cache_share(usage: Usage) -> str:
    """How much of the input came from a provider's cache: `73 %`; `-` where that is not known."""
    return share(usage.cache_read_input_tokens, usage.input_tokens)


def shown_as(amount: float, what: str) -> str:
    """An amount as a `duration` (milliseconds), or as a `number`."""
    return duration(round(amount)) if what == "duration" else f"{amount:,.1f}".removesuffix(".0")


def shown_by(amount: int | None, what: str) -> str:
    """A whole amount as a `count`, as `tokens`, or as a `duration` (milliseconds)."""
    if amount is None:
        return UNKNOWN
    return duration(amount) if what == "duration" else tokens(amount) if what == "tokens" else f"{amount:,}"
