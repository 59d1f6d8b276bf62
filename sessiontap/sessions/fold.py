"""Fold: what the calls of one session come to, added in any order, kept as JSON, and taken up again later.

The calls are summed in groups of those that are alike in all that a summary tells apart. So a session of a
hundred thousand calls is a handful of groups, whose JSON is small, and adding a call always costs the same.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import NamedTuple, TypeAlias, TypeVar

import msgspec

from sessiontap.call import Call, SessionSource, is_amount
from sessiontap.sessions.tally import Tally

_Place: TypeAlias = tuple[str, str]
"""Where a call stands in its session: its start, and its id."""


DAY = len("2026-11-23")
"""As many characters of a record's time are its day."""


class _Key(NamedTuple):
    """In what the calls of a group are alike."""

    path: str
    name: str | None
    agent: str | None
    user_id: str | None
    source: SessionSource
    request_model: str | None
    response_model: str | None
    subscription: bool
    in_parts: bool
    """What they billed is summed by the model of each part."""
    day: str
    """The UTC day on which they started, `2026-11-23`."""


class Group(msgspec.Struct, array_like=True, omit_defaults=True):
    """Calls that are alike, summed."""

    key: _Key
    first: _Place
    last: _Place
    ended_at: str | None = None
    calls: int = 0
    used: dict[str, int] = {}
    cost_usd: Decimal | None = None
    latency_ms: int | None = None
    running: int = 0
    errors: int = 0
    unpriced_calls: int = 0
    estimated_calls: int = 0
    cancelled: int = 0
    interrupted: int = 0
    timed: int = 0
    """The calls whose duration is known: `latency_ms` is their sum."""

    @property
    def model(self) -> str | None:
        """The model that answered, else the one that was asked for."""
        return self.key.response_model or self.key.request_model


class ModelPart(msgspec.Struct, array_like=True, omit_defaults=True):
    """What the parts of calls that billed several models come to for one of these."""

    first: tuple[str, str, int]
    """Of the first call that has it, with its number there."""
    calls: int = 0
    unpriced_calls: int = 0
    used: dict[str, int] = {}
    cost_usd: Decimal | None = None
    running: int = 0
    errors: int = 0
    estimated_calls: int = 0
    notional_cost_usd: Decimal | None = None
    """The part of `cost_usd` that a subscription pays for."""


S = TypeVar("S", Group, ModelPart)


class Fold(msgspec.Struct, array_like=True):
    """The groups of a session's calls. JSON by msgspec; the order of adding changes nothing."""

    groups: list[Group] = []
    parts: dict[str, ModelPart] = {}


class Folding:
    """Adds calls to a fold; the one that it begins with stays as it is."""

    __slots__ = ("_groups", "_parts")

    def __init__(self, begun: Fold | None = None) -> None:
        begun = begun or Fold()
        self._groups = {group.key: _copy(group) for group in begun.groups}
        self._parts = {model: _copy(part) for model, part in begun.parts.items()}

    def add(self, call: Call) -> None:
        """Counts one call, once: nothing is known of single calls later."""
        # A tuple is equal to a `_Key` of the same, and made much faster.
        key = (
            call.session_path,
            call.session_name,
            call.agent,
            call.user_id,
            call.session_source,
            call.request_model,
            call.response_model,
            call.billing == "subscription",
            bool(call.usage_parts),
            call.started_at[:DAY],
        )
        started_at = call.started_at
        group = self._groups.get(key)  # type: ignore[call-overload]  # see above
        if group is None:
            named, place = _Key(*key), (started_at, call.call_id)
            group = self._groups[named] = Group(key=named, first=place, last=place)
        elif started_at <= group.first[0]:
            group.first = min(group.first, (started_at, call.call_id))
        if started_at >= group.last[0]:
            group.last = max(group.last, (started_at, call.call_id))
        _sum(group, call)
        if call.usage_parts:
            self._add_parts(call)

    def _add_parts(self, call: Call) -> None:
        unpriced: dict[str, bool] = {}
        for number, part in enumerate(call.usage_parts):
            place = (call.started_at, call.call_id, number)
            sums = self._parts.setdefault(part.model, ModelPart(first=place))
            sums.first = min(sums.first, place)
            for name, count in part.usage.known().items():
                sums.used[name] = sums.used.get(name, 0) + count
            if part.cost_usd is not None and is_amount(part.cost_usd):
                notional = part.cost_usd if call.billing == "subscription" else Decimal(0)
                sums.cost_usd = (sums.cost_usd or 0) + part.cost_usd
                sums.notional_cost_usd = (sums.notional_cost_usd or 0) + notional
            missing = part.cost_usd is None and bool(part.usage)
            unpriced[part.model] = unpriced.get(part.model, False) or missing
        for model, missing in unpriced.items():
            sums = self._parts[model]
            sums.calls += 1
            sums.unpriced_calls += missing
            sums.running += call.status == "running"
            sums.errors += call.status == "error"
            sums.estimated_calls += call.usage_source == "estimated"

    def fold(self) -> Fold:
        """What was added so far."""
        return Fold(list(self._groups.values()), self._parts)


def folded(calls: Iterable[Call]) -> Fold:
    """The fold of calls, the latest version of each."""
    folding = Folding()
    for call in calls:
        folding.add(call)
    return folding.fold()


def tally_of(group: Group) -> Tally:
    """A group as a tally."""
    notional = None if group.cost_usd is None else group.cost_usd if group.key.subscription else Decimal(0)
    return Tally(
        calls=group.calls,
        running=group.running,
        errors=group.errors,
        unpriced_calls=group.unpriced_calls,
        estimated_calls=group.estimated_calls,
        cost_usd=group.cost_usd,
        notional_cost_usd=notional,
        latency_ms=group.latency_ms,
        started_at=group.first[0],
        ended_at=group.ended_at,
        used=group.used,
    )


def tally_of_part(part: ModelPart) -> Tally:
    """What calls billed to one model, as a tally; it knows no times."""
    return Tally(
        calls=part.calls,
        running=part.running,
        errors=part.errors,
        unpriced_calls=part.unpriced_calls,
        estimated_calls=part.estimated_calls,
        cost_usd=part.cost_usd,
        notional_cost_usd=part.notional_cost_usd,
        used=part.used,
    )


def _copy(sums: S) -> S:
    return msgspec.structs.replace(sums, used=dict(sums.used))


def _sum(group: Group, call: Call) -> None:
    group.calls += 1
    status = call.status
    if status != "ok":
        group.running += status == "running"
        group.errors += status == "error"
        group.cancelled += status == "cancelled"
        group.interrupted += status == "interrupted"
    if call.cost_usd is None:
        group.unpriced_calls += call.unpriced
    elif is_amount(call.cost_usd):
        group.cost_usd = call.cost_usd if group.cost_usd is None else group.cost_usd + call.cost_usd
    group.estimated_calls += call.usage_source == "estimated"
    used = group.used
    for name, count in call.usage.known().items():
        used[name] = used.get(name, 0) + count
    if call.duration_ms is not None:
        group.latency_ms = (group.latency_ms or 0) + call.duration_ms
        group.timed += 1
    if call.ended_at is not None and (group.ended_at is None or call.ended_at > group.ended_at):
        group.ended_at = call.ended_at
