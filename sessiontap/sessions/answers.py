"""What a session's sums alone say to a filter, so that its calls need not be read."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from sessiontap.call import Call, Status
from sessiontap.sessions.filters import CallFilter, matches, matches_agent, matches_path
from sessiontap.sessions.fold import Fold, Group
from sessiontap.sessions.rollup import SessionSummary
from sessiontap.sessions.state import SessionState, Settle


class Extent(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """In what a session's calls differ, for a first look."""

    last_started_at: str
    models: tuple[str, ...]
    """Every name by which a model was asked for, or answered."""


def extent_of(state: SessionState) -> Extent:
    """The extent of a session that has a call."""
    models: dict[str | None, None] = {}
    starts = [call.started_at for call in state.under_way]
    for group in state.fold.groups:
        starts.append(group.last[0])
        models.update({group.key.request_model: None, group.key.response_model: None})
    for call in state.under_way:
        models.update({call.request_model: None, call.response_model: None})
    return Extent(max(starts), tuple(model for model in models if model is not None))


def may_meet(totals: SessionSummary, extent: Extent, wanted: CallFilter) -> bool:
    """False where no call of the session can meet the filter."""
    if wanted.since is not None and extent.last_started_at < wanted.since:
        return False
    if wanted.until is not None and (totals.started_at or "") >= wanted.until:
        return False
    if wanted.names and not any(matches(name, wanted.names) for name in totals.names):
        return False
    # An empty user is no user to a summary, and one to a filter; so with agents.
    if wanted.users and "" not in wanted.users and not set(wanted.users) & set(totals.user_ids):
        return False
    if wanted.agents and not any(matches_agent(agent, wanted.agents) for agent in ("", *totals.agents)):
        return False
    if wanted.statuses == ("error",) and not totals.errors:
        return False
    if wanted.statuses == ("running",) and not totals.running:
        return False
    return not wanted.models or any(matches(model, wanted.models) for model in extent.models)


def meets(state: SessionState, wanted: CallFilter, settle: Settle) -> bool | None:
    """Whether a call of the session meets the filter; None where only the calls can tell."""
    if not _is_named(state.fold, state.under_way, wanted):
        return False
    if any(wanted.lets_through(settle(call)) for call in state.under_way):
        return True
    answers = {_some(group, wanted) for group in state.fold.groups}
    return True if True in answers else None if None in answers else False


def narrowed(whole: Fold, wanted: CallFilter) -> Fold | None:
    """The fold of those calls that meet the filter; None where only the calls can tell.

    `whole` is of all the session's calls, those under way included.
    """
    if wanted == CallFilter():
        return whole
    if not _is_named(whole, (), wanted):
        return Fold()
    # The parts of calls are summed without regard to their groups.
    if whole.parts or wanted.properties:
        return None
    answers = [(group, _every(group, wanted)) for group in whole.groups]
    if any(answer is None for _, answer in answers):
        return None
    return Fold([group for group, answer in answers if answer])


def _is_named(fold: Fold, under_way: Iterable[Call], wanted: CallFilter) -> bool:
    if not wanted.names:
        return True
    names = {group.key.name for group in fold.groups} | {call.session_name for call in under_way}
    return any(matches(name, wanted.names) for name in names if name)


def _some(group: Group, wanted: CallFilter) -> bool | None:
    """Whether one of the calls that are alike meets the filter."""
    if not _takes(group, wanted):
        return False
    since, until = wanted.since or "", wanted.until
    starts = (group.first[0], group.last[0])
    if starts[1] < since or (until is not None and starts[0] >= until):
        return False
    fitting = _with_status(group, wanted)
    if not fitting:
        return False
    if wanted.properties:
        return None
    if fitting < group.calls:
        # The first and the last may be others than those of that status.
        return True if _within(group, since, until) else None
    return any(since <= start and (until is None or start < until) for start in starts) or None


def _every(group: Group, wanted: CallFilter) -> bool | None:
    """True where all of the calls that are alike meet the filter, False where none does."""
    if not _takes(group, wanted):
        return False
    since, until = wanted.since or "", wanted.until
    if group.last[0] < since or (until is not None and group.first[0] >= until):
        return False
    fitting = _with_status(group, wanted)
    if not fitting:
        return False
    return True if fitting == group.calls and _within(group, since, until) else None


def _within(group: Group, since: str, until: str | None) -> bool:
    """Whether all of them started in that time."""
    return since <= group.first[0] and (until is None or group.last[0] < until)


def _takes(group: Group, wanted: CallFilter) -> bool:
    """Whether the calls meet the conditions in which they are alike."""
    key, models = group.key, wanted.models
    if wanted.users and key.user_id not in wanted.users:
        return False
    if models and not (matches(key.request_model, models) or matches(key.response_model, models)):
        return False
    if wanted.agents and not matches_agent(key.agent, wanted.agents):
        return False
    return not wanted.paths or matches_path(key.path, wanted.paths)


def _with_status(group: Group, wanted: CallFilter) -> int:
    """How many of the calls have a status that is wanted."""
    if not wanted.statuses:
        return group.calls
    counts: dict[Status, int] = {
        "running": group.running,
        "error": group.errors,
        "cancelled": group.cancelled,
        "interrupted": group.interrupted,
    }
    counts["ok"] = group.calls - sum(counts.values())
    return sum(counts[status] for status in set(wanted.statuses))
