"""The JSON of a replay: what would be sent, or what came of it. Money stays exact; null is *not known*."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import msgspec

_encoder = msgspec.json.Encoder(decimal_format="number")


class SkippedCall(msgspec.Struct, frozen=True, kw_only=True):
    """A call that is not sent."""

    number: int
    call_id: str
    why: str


class PlannedCall(msgspec.Struct, frozen=True, kw_only=True):
    """A call that would be sent."""

    number: int
    call_id: str
    method: str
    url: str
    session_path: str
    provider: str
    recorded_model: str | None
    model: str | None
    estimated_cost_usd: Decimal | None


class ReplayPlan(msgspec.Struct, frozen=True, kw_only=True):
    """What `replay --dry-run` says."""

    replay_of: str | None
    calls: Sequence[PlannedCall]
    skipped: Sequence[SkippedCall]
    estimated_cost_usd: Decimal | None
    """Of the calls whose cost can be estimated."""
    not_estimated: int
    missing: Sequence[str]
    """What has to be set before the calls can be sent."""


class ReplayedCall(msgspec.Struct, frozen=True, kw_only=True):
    """A call that was sent."""

    number: int
    """In the recording."""
    recorded_call_id: str
    call_id: str
    session_path: str
    model: str | None
    http_status: int | None
    error: str | None
    recorded_status: str
    replies_fed: int
    replies_kept: Sequence[str]
    """Why recorded replies were left where they stood."""


class Replayed(msgspec.Struct, frozen=True, kw_only=True):
    """What a replay came to; `receipt` is as `sessiontap run` gives it."""

    session_id: str
    replay_of: str | None
    calls: Sequence[ReplayedCall]
    skipped: Sequence[SkippedCall]
    stopped: str | None
    receipt: msgspec.Raw


def replay_json(what: ReplayPlan | Replayed) -> bytes:
    """As one line, without its end."""
    return _encoder.encode(what)
