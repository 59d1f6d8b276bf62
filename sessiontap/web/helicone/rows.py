"""Rows: the sessions and names that a REST call answers with, under Helicone's names.

What is not known is null, and never 0: a total leaves the calls without a price out, and says how many.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from decimal import Decimal

import msgspec

from sessiontap.sessions.fold import Group
from sessiontap.web.helicone.chosen import Chosen

_MINUTES_A_DAY = 24 * 60


class SessionRow(msgspec.Struct, frozen=True, kw_only=True):
    """One session. Costs are US dollars, latencies milliseconds."""

    created_at: str
    latest_request_created_at: str
    session_id: str
    session_name: str
    avg_latency: float | None
    total_cost: Decimal | int | None
    """Of the calls that have a price; null where none has, and something was or may yet be billed."""
    total_requests: int
    prompt_tokens: int | None
    completion_tokens: int | None
    total_tokens: int | None
    user_ids: tuple[str, ...]
    unpriced_requests: int
    """Not Helicone's: how many calls `total_cost` leaves out."""


class NameRow(msgspec.Struct, frozen=True, kw_only=True):
    """The sessions of one name; empty for those that have none."""

    name: str
    created_at: str
    first_used: str
    last_used: str
    session_count: int
    avg_latency: float | None


def session_row(chosen: Chosen, minutes: int) -> SessionRow:
    """The row of one session; its times are `minutes` ahead of UTC."""
    figures = chosen.figures()
    # Where nothing was billed that is not known, no cost is a cost of nothing.
    least = None if figures.billed else 0
    cost, tokens_in, tokens_out = figures.cost_usd, figures.input_tokens, figures.output_tokens
    total = figures.total_tokens
    return SessionRow(
        created_at=local(figures.first, minutes),
        latest_request_created_at=local(figures.last, minutes),
        session_id=figures.session_id,
        session_name=figures.name,
        avg_latency=figures.average_latency_ms,
        total_cost=least if cost is None else cost,
        total_requests=figures.calls,
        prompt_tokens=least if tokens_in is None else tokens_in,
        completion_tokens=least if tokens_out is None else tokens_out,
        total_tokens=least if total is None else total,
        user_ids=tuple(figures.users),
        unpriced_requests=figures.unpriced_calls,
    )


@dataclass(slots=True)
class _Name:
    first: str = ""
    last: str = ""
    sessions: int = 0
    latency_ms: int = 0
    timed: int = 0


def name_rows(sessions: Iterable[Chosen], part: str, minutes: int) -> list[NameRow]:
    """The names that contain `part`, the one that was used last first; times are `minutes` behind UTC.

    A session that has had several names counts for each, with the calls that carry it.
    """
    names: dict[str, _Name] = {}
    for chosen in sessions:
        for name, groups in _by_name(chosen).items():
            if part.casefold() not in name.casefold():
                continue
            found = names.setdefault(name, _Name())
            found.sessions += 1
            for group in groups:
                found.first = min(found.first or group.first[0], group.first[0])
                found.last = max(found.last, group.last[0])
                found.latency_ms += group.latency_ms or 0
                found.timed += group.timed
    ordered = sorted(names.items(), key=lambda each: (each[1].last, each[0]), reverse=True)
    return [
        NameRow(
            name=name,
            created_at=local(found.first, -minutes),
            first_used=local(found.first, -minutes),
            last_used=local(found.last, -minutes),
            session_count=found.sessions,
            avg_latency=found.latency_ms / found.timed if found.timed else None,
        )
        for name, found in ordered
    ]


def _by_name(chosen: Chosen) -> dict[str, list[Group]]:
    newest = chosen.session.totals.name or ""
    groups: dict[str, list[Group]] = {}
    for group in chosen.groups:
        # A call that came without a name is of the session all the same.
        groups.setdefault(group.key.name or newest, []).append(group)
    return groups


def local(stamp: str, minutes: int) -> str:
    """A time of the record as it is said so many minutes ahead of UTC, as ISO 8601 with that offset."""
    # A whole day is no zone.
    if not minutes or abs(minutes) >= _MINUTES_A_DAY:
        return stamp
    zone = timezone(timedelta(minutes=minutes))
    return datetime.fromisoformat(stamp).astimezone(zone).isoformat(timespec="milliseconds")
