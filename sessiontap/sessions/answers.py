"""What a session's sums alone say to a filter, so that its calls need not be read."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from sessiontap.call import Status
from sessiontap.sessions.filters import CallFilter, matches, matches_agent, matches_path
from sessiontap.sessions.fold import Group
from sessiontap.sessions.rollup import SessionSummary
from sessiontap.sessions.state import SessionState


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
    # An empty user is no user to a summary, and one to a filter.
    if wanted.agents and not any(matches_agent(agent, wanted.agents) for agent in totals.agents):
        return False
    if wanted.statuses and not _may_have(totals, wanted.statuses):
        return False
    if wanted.users and "" not in wanted.users and not set(wanted.users) & set(totals.user_ids):
        return False
    return not wanted.models or any(matches(model, wanted.models) for model in extent.models)


def _may_have(totals: SessionSummary, statuses: Sequence[Status]) -> bool:
    """What sums say of single calls' ends; a call that was left or cut is in none of them."""
    if totals.errors and "error" in statuses:
        return True
    if totals.running and "running" in statuses:
        return True
    return totals.calls > totals.errors + totals.running and bool({*statuses} - {"error", "running"})


def meets(state: SessionState, wanted: CallFilter) -> bool | None:
    """Whether a call of the session meets the filter; None where only the calls can tell."""
    names = {group.key.name for group in state.fold.groups} | {call.session_name for call in state.under_way}
    if wanted.names and not any(matches(name, wanted.names) for name in names if name):
        return False
    if any(map(wanted.lets_through, state.under_way)):
        return True
    answers = {_meets(group, wanted) for group in state.fold.groups}
    return True if True in answers else None if None in answers else False


def _meets(group: Group, wanted: CallFilter) -> bool | None:
    """The same for calls that are alike."""
    key, starts = group.key, (group.first[0], group.last[0])
    if wanted.users and key.user_id not in wanted.users:
        return False
    if wanted.models and not any(
        matches(model, wanted.models) for model in (key.request_model, key.response_model)
    ):
        return False
    if wanted.agents and not matches_agent(key.agent, wanted.agents):
        return False
    if wanted.paths and not matches_path(key.path, wanted.paths):
        return False
    since, until = wanted.since or "", wanted.until
    if starts[1] < since or (until is not None and starts[0] >= until):
        return False
    if (
        wanted.properties
        or wanted.statuses
        or not any(since <= start and (until is None or start < until) for start in starts)
    ):
        return None
    return True
