"""The orders in which sessions are listed: each the most first."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Protocol, TypeAlias, TypeVar

from sessiontap.sessions.rollup import SessionSummary

_Rank: TypeAlias = Callable[[SessionSummary], object]


class Listed(Protocol):
    """A session that can be put in order."""

    @property
    def totals(self) -> SessionSummary:
        """Its summary; models and paths need not be there."""
        ...

    @property
    def key(self) -> str:
        """Puts equals in the same order each time."""
        ...


L = TypeVar("L", bound=Listed)


def _tokens(summary: SessionSummary) -> int:
    usage = summary.usage
    if usage.input_tokens is None and usage.output_tokens is None:
        return -1
    return (usage.input_tokens or 0) + (usage.output_tokens or 0)


# What is not known ranks below every known value.
ORDERS: Mapping[str, _Rank] = MappingProxyType(
    {
        "start": lambda summary: summary.started_at or "",
        "end": lambda summary: summary.ended_at or "",
        "duration": lambda summary: -1 if summary.duration_ms is None else summary.duration_ms,
        "cost": lambda summary: -1 if summary.cost_usd is None else summary.cost_usd,
        "calls": lambda summary: summary.calls,
        "errors": lambda summary: summary.errors,
        "tokens": _tokens,
    }
)
"""By name."""


def ordered(sessions: Sequence[L], order: str) -> list[L]:
    """The sessions, those with the most first; `order` is one of `ORDERS`."""
    rank = ORDERS[order]
    found = sorted(sessions, key=lambda session: session.key)
    found.sort(key=lambda session: rank(session.totals), reverse=True)  # type: ignore[arg-type, return-value]
    return found
