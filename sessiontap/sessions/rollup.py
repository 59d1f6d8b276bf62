"""SessionSummary: what one session comes to, as `export --what sessions` prints it.

The field names are a stable contract. Absent is *not known*; a total that leaves calls out says
how many. A fold over the latest version of each call; nothing is kept between two summaries.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal

import msgspec

from sessiontap.call import Call
from sessiontap.sessions.tally import Tally
from sessiontap.sessions.tree import PathNode, build_tree, folders
from sessiontap.usage import Usage

MAX_FOLDER_DEPTH = 64
"""Deeper folders are listed only where calls have that very path."""


class ModelTotals(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What one model billed. A call that billed several models counts in each of them."""

    model: str | None = None
    """None: the calls whose model is not known."""
    calls: int
    unpriced_calls: int
    usage: Usage = Usage()
    cost_usd: Decimal | None = None


class PathTotals(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the calls of one path and of every path below it come to. Milliseconds."""

    path: str
    calls: int
    running: int
    errors: int
    unpriced_calls: int
    usage: Usage = Usage()
    cost_usd: Decimal | None = None
    duration_ms: int | None = None
    """Wall time: the latest end minus the earliest start."""
    latency_ms: int | None = None
    """The sum of the calls' own durations."""


class SessionSummary(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One session. Times are RFC 3339, UTC, milliseconds; durations are milliseconds."""

    session_id: str | None = None
    name: str | None = None
    """The newest name that is not empty."""
    names: tuple[str, ...] = ()
    """Every name that the session's calls carry, in the order they came up."""
    source: str | None = None
    agents: tuple[str, ...] = ()
    user_ids: tuple[str, ...] = ()
    started_at: str | None = None
    ended_at: str | None = None
    duration_ms: int | None = None
    """Wall time: the latest end minus the earliest start."""
    latency_ms: int | None = None
    """The sum of the calls' own durations."""
    calls: int
    running: int
    errors: int
    """Calls that failed, those that were tried again included."""
    unpriced_calls: int
    """Calls with usage that no price was found for: `cost_usd` leaves them out."""
    estimated_calls: int = 0
    """Calls whose usage is an estimate: `usage` and `cost_usd` hold it."""
    usage: Usage = Usage()
    cost_usd: Decimal | None = None
    notional_cost_usd: Decimal | None = None
    """The part of `cost_usd` that a subscription pays for."""
    models: tuple[ModelTotals, ...] = ()
    paths: tuple[PathTotals, ...] = ()
    """Each path with everything below it rolled up, in the tree's order."""


def summarize(session_id: str | None, calls: Iterable[Call]) -> SessionSummary:
    """What the calls of one session come to; the latest version of each, in any order."""
    ordered = sorted(calls, key=lambda call: (call.started_at, call.call_id))
    root = build_tree(ordered)
    totals = root.totals
    names = _distinct(call.session_name for call in ordered)
    return SessionSummary(
        session_id=session_id,
        name=next((call.session_name for call in reversed(ordered) if call.session_name), None),
        names=names,
        source=next((call.session_source for call in ordered if call.session_source != "none"), "none"),
        agents=_distinct(call.agent for call in ordered),
        user_ids=_distinct(call.user_id for call in ordered),
        started_at=totals.started_at,
        ended_at=totals.ended_at,
        duration_ms=totals.duration_ms,
        latency_ms=totals.latency_ms,
        calls=totals.calls,
        running=totals.running,
        errors=totals.errors,
        unpriced_calls=totals.unpriced_calls,
        estimated_calls=totals.estimated_calls,
        usage=totals.usage,
        cost_usd=totals.cost_usd,
        notional_cost_usd=totals.notional_cost_usd,
        models=_models(ordered),
        paths=_paths(root),
    )


_encoder = msgspec.json.Encoder(decimal_format="number")


def encode_summary(summary: SessionSummary) -> bytes:
    """The summary as one line of JSON, without the line end; money stays exact."""
    return _encoder.encode(summary)


def _distinct(values: Iterable[str | None]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(value for value in values if value))


def _paths(root: PathNode) -> tuple[PathTotals, ...]:
    """The root stands first where it holds calls of its own: else it only repeats the session."""
    rows = [("/", root)] if root.calls else []
    rows.extend(folders(root, max_depth=MAX_FOLDER_DEPTH))
    return tuple(
        PathTotals(
            path=path,
            calls=folder.totals.calls,
            running=folder.totals.running,
            errors=folder.totals.errors,
            unpriced_calls=folder.totals.unpriced_calls,
            usage=folder.totals.usage,
            cost_usd=folder.totals.cost_usd,
            duration_ms=folder.totals.duration_ms,
            latency_ms=folder.totals.latency_ms,
        )
        for path, folder in rows
    )


def _models(calls: Sequence[Call]) -> tuple[ModelTotals, ...]:
    """Per model, in the order they came up; a call with parts bills each part's model."""
    tallies: dict[str | None, Tally] = {}
    for call in calls:
        if not call.usage_parts:
            tallies.setdefault(call.model, Tally()).add(call)
            continue
        unpriced: dict[str, bool] = {}
        for part in call.usage_parts:
            tally = tallies.setdefault(part.model, Tally())
            tally.add_usage(part.usage)
            tally.add_cost(part.cost_usd, notional=call.billing == "subscription")
            missing = part.cost_usd is None and bool(part.usage)
            unpriced[part.model] = unpriced.get(part.model, False) or missing
        for model, missing in unpriced.items():
            tallies[model].calls += 1
            tallies[model].unpriced_calls += missing
    return tuple(
        ModelTotals(
            model=model,
            calls=tally.calls,
            unpriced_calls=tally.unpriced_calls,
            usage=tally.usage(),
            cost_usd=tally.cost_usd,
        )
        for model, tally in tallies.items()
    )
