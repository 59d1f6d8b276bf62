"""Gaps: which models calls have no price for, with the calls, their usage and the reason."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

import msgspec

from sessiontap.call import Call
from sessiontap.sessions.tally import Tally
from sessiontap.usage import Usage

_NO_USAGE = "the reply came without its usage"


class Gap(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Unpriced calls of one model, with one reason."""

    provider: str
    model: str | None = None
    """None: the calls that name no model."""
    reason: str
    calls: int
    usage: Usage = Usage()


class _Key(NamedTuple):
    provider: str
    model: str | None
    reason: str


@dataclass(slots=True)
class Gaps:
    """Takes unpriced calls one at a time, each as it was priced last."""

    calls: int = 0
    _tallies: dict[_Key, Tally] = field(default_factory=dict)

    def add(self, call: Call) -> None:
        """Counts a call under each of its models that lacks a price."""
        self.calls += 1
        found: dict[str | None, list[Usage]] = {}
        for part in call.usage_parts:
            if part.cost_usd is None:
                found.setdefault(part.model, []).append(part.usage)
        for model, usages in (found or {call.priced_as or call.model: [call.usage]}).items():
            tally = self._tallies.setdefault(_Key(call.provider, model, _reason(call)), Tally())
            tally.calls += 1
            for usage in usages:
                tally.add_usage(usage)

    def found(self) -> list[Gap]:
        """Those with the most calls first."""
        gaps = [
            Gap(
                provider=key.provider,
                model=key.model,
                reason=key.reason,
                calls=tally.calls,
                usage=tally.usage(),
            )
            for key, tally in self._tallies.items()
        ]
        return sorted(gaps, key=lambda gap: (-gap.calls, gap.provider, gap.model or "", gap.reason))


def _reason(call: Call) -> str:
    """The call's reason; one that names its moment holds for all calls of the model."""
    if call.unpriced_reason is None:
        return _NO_USAGE
    without = call.unpriced_reason.removesuffix(f" at {call.started_at!r}")
    return without if without == call.unpriced_reason else f"{without} at the time of the call"
