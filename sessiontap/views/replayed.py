"""What came of a replay's calls, in lines: those that failed, and what was fed forward."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from sessiontap.views.bars import bar
from sessiontap.views.numbers import UNKNOWN, counted
from sessiontap.views.safe_text import safe

_BAR = 20


class ReplayedRow(NamedTuple):
    """A call that was sent."""

    number: int
    """In the recording."""
    path: str
    model: str | None
    error: str | None
    """Why it failed."""
    worse: bool
    """It failed, and had not in the recording."""
    fed: int
    """How many replies were fed into it."""
    kept: Sequence[str]
    """Why others were not."""


def progress_text(ended: int, count: int, failed: int) -> str:
    """A bar, and how many of the calls have ended."""
    filled = bar(ended / count, _BAR, ascii_only=True)
    failures = f", {failed:,} failed" if failed else ""
    return f"({filled:-<{_BAR}}) {ended:,} of {counted(count, 'call')}{failures}"


def result_lines(rows: Sequence[ReplayedRow]) -> Iterator[str]:
    """A line for each call that failed, by number; then how many replies were fed forward, or were not."""
    ordered = sorted(rows, key=lambda row: row.number)
    for row in ordered:
        if row.error is not None:
            yield f"{_which(row)}: {safe(row.error, 300)}{'' if row.worse else ' (as in the recording)'}"
    kept = Counter(why for row in ordered for why in dict.fromkeys(row.kept))
    for why, count in kept.items():
        yield f"in {counted(count, 'call')} a recorded reply stayed: {why}"
    if fed := sum(row.fed for row in rows):
        replies = "1 new reply" if fed == 1 else f"{fed:,} new replies"
        yield f"{replies} fed into {counted(sum(bool(row.fed) for row in rows), 'call')}"


def _which(row: ReplayedRow) -> str:
    return f"call {row.number} {safe(row.path, 80)} {safe(row.model or UNKNOWN, 60)}"
