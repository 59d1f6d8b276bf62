"""Two sessions compared, as one JSON object: what `diff --json` prints."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

from sessiontap.export.record import json_of
from sessiontap.sessions.compare import Comparison, Pair, difference
from sessiontap.sessions.tally import Totals


def comparison_json(
    found: Comparison,
    sessions: tuple[str | None, str | None],
    replies: Mapping[int, Sequence[str]] | None,
) -> bytes:
    """`{"sessions": …, "totals": …, "paths": […], "calls": […]}`, without the line end.

    `difference` is the second less the first; null is *not known*. `reply_diff` is the lines of a unified
    diff, empty where the replies are alike, null where they were not compared.
    """
    return json_of(
        {
            "sessions": {"before": sessions[0], "after": sessions[1]},
            "models": {"before": found.models_before, "after": found.models_after},
            "totals": _both(found.before, found.after),
            "paths": [{"path": each.path, **_both(each.before, each.after)} for each in found.paths],
            "calls": [_pair(number, pair, replies) for number, pair in enumerate(found.pairs)],
        }
    )


def _both(before: Totals, after: Totals) -> dict[str, object]:
    return {"before": before, "after": after, "difference": _differences(before, after)}


def _differences(before: Totals, after: Totals) -> dict[str, Decimal | int | None]:
    names = ("calls", "errors", "unpriced_calls", "duration_ms", "latency_ms")
    found: dict[str, Decimal | int | None] = {
        name: _whole(difference(getattr(before, name), getattr(after, name))) for name in names
    }
    for name in ("input_tokens", "cache_read_input_tokens", "output_tokens", "reasoning_output_tokens"):
        found[name] = _whole(difference(getattr(before.usage, name), getattr(after.usage, name)))
    found["cost_usd"] = difference(before.cost_usd, after.cost_usd)
    return found


def _whole(amount: Decimal | None) -> int | None:
    return None if amount is None else int(amount)


def _pair(number: int, pair: Pair, replies: Mapping[int, Sequence[str]] | None) -> dict[str, object]:
    return {
        "path": pair.path,
        "same_request": pair.same_request,
        "before": pair.before,
        "after": pair.after,
        "reply_diff": None if replies is None else replies.get(number),
    }
