"""SessionSummary: what one session comes to, as `export --what sessions` prints it.

The field names are a stable contract. Absent is *not known*; a total that leaves calls out says
how many. Made of a fold over the latest version of each call.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

import msgspec

from sessiontap.call import Call
from sessiontap.sessions.fold import Fold, folded, tally_of, tally_of_part
from sessiontap.sessions.tally import Tally, Totals
from sessiontap.sessions.tree import build_folders, folders
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


class SessionSummary(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
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
    return summary_of(session_id, folded(calls))


def summary_of(session_id: str | None, fold: Fold) -> SessionSummary:
    """What a fold of the session's calls comes to."""
    return msgspec.structs.replace(totals_of(session_id, fold), models=_models(fold), paths=_paths(fold))


def totals_of(session_id: str | None, fold: Fold) -> SessionSummary:
    """The same without models and paths."""
    ordered = sorted(fold.groups, key=lambda group: group.first)
    tally = Tally()
    for group in ordered:
        tally.merge(tally_of(group))
    totals = tally.totals()
    named = [group for group in ordered if group.key.name]
    return SessionSummary(
        session_id=session_id,
        name=max(named, key=lambda group: group.last).key.name if named else None,
        names=_distinct(group.key.name for group in ordered),
        source=next((group.key.source for group in ordered if group.key.source != "none"), "none"),
        agents=_distinct(group.key.agent for group in ordered),
        user_ids=_distinct(group.key.user_id for group in ordered),
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
    )


def added_up(summaries: Iterable[SessionSummary]) -> Totals:
    """What several sessions come to together."""
    tally = Tally()
    for summary in summaries:
        tally.calls += summary.calls
        tally.running += summary.running
        tally.errors += summary.errors
        tally.unpriced_calls += summary.unpriced_calls
        tally.estimated_calls += summary.estimated_calls
        tally.add_usage(summary.usage)
        tally.add_cost(summary.cost_usd, notional=False)
        if summary.notional_cost_usd is not None:
            tally.notional_cost_usd = (tally.notional_cost_usd or Decimal(0)) + summary.notional_cost_usd
    return tally.totals()


_encoder = msgspec.json.Encoder(decimal_format="number")


def encode_summary(summary: SessionSummary) -> bytes:
    """The summary as one line of JSON, without the line end; money stays exact."""
    return _encoder.encode(summary)


def _distinct(values: Iterable[str | None]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(value for value in values if value))


def _paths(fold: Fold) -> tuple[PathTotals, ...]:
    """The root stands first where it holds calls of its own: else it only repeats the session."""
    ordered = sorted(fold.groups, key=lambda group: group.first)
    root = build_folders((group.key.path, tally_of(group)) for group in ordered)
    rows = [("/", root)] if root.own_calls else []
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


def model_tallies(fold: Fold) -> dict[str | None, Tally]:
    """What each model billed, in the order they came up; a call with parts bills each part's model."""
    tallies: dict[str | None, Tally] = {}
    first: dict[str | None, tuple[str, str, int]] = {}
    for group in fold.groups:
        if not group.key.in_parts:
            place = (*group.first, 0)
            first[group.model] = min(first.get(group.model, place), place)
            tallies.setdefault(group.model, Tally()).merge(tally_of(group))
    for model, part in fold.parts.items():
        first[model] = min(first.get(model, part.first), part.first)
        tallies.setdefault(model, Tally()).merge(tally_of_part(part))
    return {model: tallies[model] for model in sorted(first, key=lambda model: first[model])}


def _models(fold: Fold) -> tuple[ModelTotals, ...]:
    return tuple(
        ModelTotals(
            model=model,
            calls=tally.calls,
            unpriced_calls=tally.unpriced_calls,
            usage=tally.usage(),
            cost_usd=tally.cost_usd,
        )
        for model, tally in model_tallies(fold).items()
    )
