"""The short line about a call that mitmproxy's own lists show."""

from __future__ import annotations

from sessiontap.call import Call

_LONGEST_ID = 40


def comment(call: Call) -> str:
    """One line: cost, tokens, status where it is not ok, session; printable whatever the ids hold."""
    cost = "no cost" if call.cost_usd is None else f"${call.cost_usd:.6f}"
    words = ["unpriced" if call.unpriced else cost]
    if call.usage:
        words.append(f"{_count(call.usage.input_tokens)} in / {_count(call.usage.output_tokens)} out")
    if call.status != "ok":
        words.append(call.status)
    words.append(f"{call.session_id or '-'} {call.session_path}")
    return "".join(c if c.isprintable() else "?" for c in " · ".join(w[: _LONGEST_ID * 2] for w in words))


def _count(tokens: int | None) -> str:
    return "?" if tokens is None else f"{tokens:,}"
