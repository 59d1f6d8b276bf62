"""The path tree as a page shows it: folders that open and close, calls in them, shares as bars."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TypeAlias

from sessiontap.call import Call, is_amount
from sessiontap.sessions.rollup import MAX_FOLDER_DEPTH
from sessiontap.sessions.tally import Totals
from sessiontap.sessions.tree import PathNode

MOST_CALLS = 100
"""So many calls of a folder stand in the page; the others come when they are asked for."""


@dataclass(slots=True, eq=False)
class Folder:
    """A folder, with what stands in it, in the tree's order."""

    name: str
    path: str
    totals: Totals
    share: float
    """Of the whole session's cost, from 0 to 1; of its time in calls, where no cost is known."""
    children: list[Row] = field(default_factory=list)
    calls: int = 0
    """How many calls belong here; of more than `MOST_CALLS` only the first are children."""


@dataclass(frozen=True, slots=True)
class Leaf:
    """A call."""

    call: Call
    share: float


Row: TypeAlias = Folder | Leaf


def tree_rows(root: PathNode, *, most_calls: int = MOST_CALLS) -> Folder:
    """The root with all folders; below `MAX_FOLDER_DEPTH` the calls stand in the deepest folder drawn."""
    whole = root.totals
    top = Folder("", "/", whole, 1.0)
    stack: list[tuple[PathNode | Call, Folder, int]] = [(child, top, 1) for child in reversed(root.children)]
    while stack:
        child, into, depth = stack.pop()
        if isinstance(child, Call):
            into.calls += 1
            if into.calls <= most_calls:
                into.children.append(Leaf(child, _share(child.cost_usd, child.duration_ms, whole)))
            continue
        below = into
        if depth <= MAX_FOLDER_DEPTH:
            totals = child.totals
            share = _share(totals.cost_usd, totals.latency_ms, whole)
            below = Folder(child.name, f"{into.path.rstrip('/')}/{child.name}", totals, share)
            into.children.append(below)
        stack.extend((grandchild, below, depth + 1) for grandchild in reversed(child.children))
    return top


def _share(cost: Decimal | None, latency: int | None, whole: Totals) -> float:
    if whole.cost_usd:
        return float(cost / whole.cost_usd) if cost is not None and is_amount(cost) else 0.0
    return latency / whole.latency_ms if latency and whole.latency_ms else 0.0


def of_path(calls: Sequence[Call], path: str) -> list[Call]:
    """The calls whose path is this very one, in order."""
    return [call for call in calls if call.session_path == path]
