"""Statistics of one session: how fast, how dear, by what; a pure fold over its calls.

Nothing unknown counts as 0: a call without a figure is left out of it, and each spread says of how many
calls it is.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal

import msgspec

from sessiontap.call import Call
from sessiontap.sessions.spread import Spread, spread
from sessiontap.sessions.tally import Tally, Totals
from sessiontap.usage import Usage


class Slice(msgspec.Struct, frozen=True, kw_only=True):
    """The calls that have something in common: a model, a path, a tool."""

    name: str | None
    """None: the calls that do not say it."""
    totals: Totals
    latency: Spread[int] | None
    """Milliseconds."""
    ttft: Spread[int] | None
    times: int
    """Of a tool, how often it was called; else as many as there are calls."""


class ContextPoint(msgspec.Struct, frozen=True, kw_only=True):
    """How much one call was sent."""

    call_id: str
    path: str
    started_at: str
    input_tokens: int
    cache_read_input_tokens: int | None


class ErrorCount(msgspec.Struct, frozen=True, kw_only=True):
    """Calls that did not end well, of one kind."""

    status: str
    error_type: str | None
    http_status: int | None
    calls: int


class Statistics(msgspec.Struct, frozen=True, kw_only=True):
    """What one session looks like in figures."""

    calls: int
    latency: Spread[int] | None
    """Milliseconds from the request's last byte to the end, of the calls that have ended."""
    ttft: Spread[int] | None
    """Milliseconds to the first event with output."""
    output_tokens_per_s: Spread[float] | None
    """Of each call, its output tokens by the time after its first output; by all its time where it did not
    stream or has reasoned, which may come before the first output that is seen."""
    cache_read_ratio: float | None
    """Input that came from a provider's cache by all input; None where no call says what came from there."""
    cache_hits: int | None
    """Calls of which some input came from a cache; None where no call says it."""
    retries: int | None
    """Calls that an SDK made again after one that had failed; None where no call says which try it was."""
    errors: tuple[ErrorCount, ...]
    """The most frequent first."""
    models: tuple[Slice, ...]
    """The dearest first, as the others."""
    paths: tuple[Slice, ...]
    """Each path with its own calls only."""
    tools: tuple[Slice, ...]
    """Each tool with the calls whose model called it: a call that called several counts in each of them."""
    context: tuple[ContextPoint, ...]
    """By start."""


def statistics(calls: Iterable[Call]) -> Statistics:
    """The statistics of a session's calls, the latest version of each, in any order."""
    ordered = sorted(calls, key=lambda call: (call.started_at, call.call_id))
    totals = _totals_of(ordered)
    read, whole = totals.usage.cache_read_input_tokens, totals.usage.input_tokens
    return Statistics(
        calls=len(ordered),
        latency=spread(call.duration_ms for call in ordered),
        ttft=spread(call.ttft_ms for call in ordered),
        output_tokens_per_s=spread(map(output_tokens_per_s, ordered)),
        cache_read_ratio=None if read is None or not whole else round(read / whole, 4),
        cache_hits=_of_those_known(call.usage.cache_read_input_tokens for call in ordered),
        retries=_of_those_known(call.attempt for call in ordered),
        errors=_errors(ordered),
        models=_slices(ordered, _models, totals=_billed),
        paths=_slices(ordered, lambda call: (call.session_path,)),
        tools=_slices(ordered, lambda call: call.tools),
        context=tuple(
            ContextPoint(
                call_id=call.call_id,
                path=call.session_path,
                started_at=call.started_at,
                input_tokens=call.usage.input_tokens,
                cache_read_input_tokens=call.usage.cache_read_input_tokens,
            )
            for call in ordered
            if call.usage.input_tokens is not None
        ),
    )


def output_tokens_per_s(call: Call) -> float | None:
    """How fast one call's output came; None where that is not known, or too short to be said.

    What was estimated, or reported before the reply was whole, says nothing of it.
    """
    tokens, duration = call.usage.output_tokens, call.duration_ms
    if not tokens or duration is None or call.usage_source != "reported":
        return None
    # The provider may have kept the reasoning to itself, or have streamed it: it does not say which.
    from_first = call.stream and call.ttft_ms is not None and not call.usage.reasoning_output_tokens
    taken = duration - (call.ttft_ms or 0 if from_first else 0)
    return round(tokens / taken * 1000, 1) if taken > 0 else None


def _totals_of(calls: Iterable[Call], _name: str | None = None) -> Totals:
    tally = Tally()
    for call in calls:
        tally.add(call)
    return tally.totals()


def _models(call: Call) -> Sequence[str | None]:
    """The models that a call billed."""
    return tuple(dict.fromkeys(part.model for part in call.usage_parts)) or (call.model,)


def _billed(calls: Iterable[Call], model: str | None) -> Totals:
    """What calls come to of which each billed the model, as far as they billed it."""
    tally = Tally()
    for call in calls:
        if not call.usage_parts:
            tally.add(call)
            continue
        tally.add(msgspec.structs.replace(call, usage=Usage(), cost_usd=None, billing="free"))
        parts = [part for part in call.usage_parts if part.model == model]
        tally.unpriced_calls += any(part.cost_usd is None and bool(part.usage) for part in parts)
        for part in parts:
            tally.add_usage(part.usage)
            tally.add_cost(part.cost_usd, notional=call.billing == "subscription")
    return tally.totals()


def _slices(
    calls: Sequence[Call],
    names: Callable[[Call], Sequence[str | None]],
    totals: Callable[[Iterable[Call], str | None], Totals] = _totals_of,
) -> tuple[Slice, ...]:
    """The calls by each name that they have, the dearest first; equals by their calls, then by name."""
    found: dict[str | None, list[Call]] = {}
    times: Counter[str | None] = Counter()
    for call in calls:
        times.update(names(call))
        for name in dict.fromkeys(names(call)):
            found.setdefault(name, []).append(call)
    slices = [
        Slice(
            name=name,
            totals=totals(having, name),
            latency=spread(call.duration_ms for call in having),
            ttft=spread(call.ttft_ms for call in having),
            times=times[name],
        )
        for name, having in found.items()
    ]
    return tuple(sorted(slices, key=_dearest))


def _dearest(one: Slice) -> tuple[Decimal, int, str]:
    cost = one.totals.cost_usd
    return (Decimal(1) if cost is None else -cost, -one.totals.calls, one.name or "")


def _of_those_known(amounts: Iterable[int | None]) -> int | None:
    """How many are more than 0; None where none is known."""
    known = [amount for amount in amounts if amount is not None]
    return sum(amount > 0 for amount in known) if known else None


def _errors(calls: Iterable[Call]) -> tuple[ErrorCount, ...]:
    counted = Counter(
        (call.status, call.error_type, call.http_status)
        for call in calls
        if call.status not in {"ok", "running"}
    )
    return tuple(
        ErrorCount(status=status, error_type=kind, http_status=code, calls=count)
        for (status, kind, code), count in sorted(counted.items(), key=lambda each: (-each[1], str(each[0])))
    )
