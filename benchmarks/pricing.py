"""Claim: the whole price table loads in less than 150 ms, and a call is priced in less than 100 µs.

Time of this process on a core, so that a busy machine does not count.
Run: python benchmarks/pricing.py. Ends with 1 where a figure is over its limit.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from time import process_time

from sessiontap.call import Call
from sessiontap.pricing import load_prices
from sessiontap.resources import find
from sessiontap.usage import Usage


def _best_ms(action: Callable[[], object], times: int) -> float:
    best = float("inf")
    for _ in range(times):
        started = process_time()
        action()
        best = min(best, process_time() - started)
    return best * 1000


def main() -> int:
    """The two figures, each beside its limit."""
    ours = find("pricing.yaml")
    table = load_prices(ours)
    call = Call(
        call_id="00000000-0000-4000-8000-000000000001",
        provider="anthropic",
        api="anthropic.messages",
        operation="chat",
        host="api.anthropic.com",
        url_path="/v1/messages",
        response_model="claude-sonnet-4-5-20250929",
        status="ok",
        started_at="2026-11-23T20:00:00.000Z",
        usage=Usage(
            input_tokens=150_000,
            cache_read_input_tokens=140_000,
            cache_creation_input_tokens=9_000,
            output_tokens=1_200,
        ),
    )
    figures = (
        (
            f"load pricing.yaml ({len(list(table.entries()))} entries)",
            _best_ms(lambda: load_prices(ours), 9),
            150,
        ),
        ("price a call", _best_ms(lambda: [table.price(call) for _ in range(1000)], 5) / 1000, 0.1),
    )
    for name, found, limit in figures:
        print(f"{name:<36}{found:>10.3f} ms   limit {limit} ms")
    return int(any(found > limit for _, found, limit in figures))


if __name__ == "__main__":
    sys.exit(main())
