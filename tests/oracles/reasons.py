"""Why two figures of one call's cost differ: by a list of reasons that is complete, each of them needed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from sessiontap.call import Call

_CLOSE = Decimal("1e-9")


@dataclass(frozen=True, slots=True)
class Figures:
    """What our table and somebody else say that one call costs."""

    where: str
    """Which call it is, for a message and for a reason that is meant for it alone."""
    call: Call
    """Priced by our table."""
    theirs: Decimal

    @property
    def equal(self) -> bool:
        """True to a billionth of a dollar."""
        return self.is_theirs(self.call.cost_usd)

    @property
    def by_use(self) -> Decimal:
        """The part of our cost that is for searches, in USD."""
        breakdown = self.call.cost_breakdown or {}
        return sum((usd for name, usd in breakdown.items() if name.endswith("_search")), Decimal(0))

    def is_theirs(self, usd: Decimal | None) -> bool:
        """True for an amount that is the same as theirs."""
        return usd is not None and abs(usd - self.theirs) < _CLOSE


@dataclass(frozen=True, slots=True)
class Reason:
    """Why some figures differ, and where that can be read."""

    text: str
    source: str
    explains: Callable[[Figures], bool]


@dataclass(frozen=True, slots=True)
class Explained:
    """All figures sorted out."""

    counted: Counter[str]
    """How many are equal, and how many differ for each reason."""
    strange: tuple[str, ...]
    """Those that differ without a reason."""
    idle: tuple[str, ...]
    """Reasons that nothing needs."""


def explain(figures: Iterable[Figures], reasons: Sequence[Reason]) -> Explained:
    """Finds the reason of each difference; the first that explains it counts."""
    counted: Counter[str] = Counter()
    strange = []
    for each in figures:
        reason = None if each.equal else next((reason for reason in reasons if reason.explains(each)), None)
        if each.equal:
            counted["equal"] += 1
        elif reason is None:
            call = each.call
            strange.append(
                f"{each.where}: {call.provider} {call.model} {call.service_tier} {call.region} {call.usage}: "
                f"{call.cost_usd} ({call.unpriced_reason}), theirs {each.theirs}"
            )
        else:
            counted[f"{reason.text} ({reason.source})"] += 1
    idle = tuple(reason.text for reason in reasons if f"{reason.text} ({reason.source})" not in counted)
    return Explained(counted, tuple(strange), idle)
