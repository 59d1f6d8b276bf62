"""What a compaction came to: each session's size before and after, and the totals."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from rich.text import Text

from sessiontap.views.columns import Cell, Column, facts, fit
from sessiontap.views.numbers import counted, size
from sessiontap.views.safe_text import safe


class Row(NamedTuple):
    """One session."""

    key: str
    """The name of its folder."""
    before: int
    """Bytes."""
    after: int


_COLUMNS = (Column("Session", "left", most=70, least=16), Column("Before"), Column("After"), Column("Saved"))


def compact_list(rows: Sequence[Row], width: int) -> Iterator[Text]:
    """The lines: the sessions that became smaller, in the order given, and all that were looked at."""
    before, after = sum(row.before for row in rows), sum(row.after for row in rows)
    smaller = [row for row in rows if row.after < row.before]
    if smaller:
        cells: list[list[Cell]] = [
            [safe(row.key), size(row.before), size(row.after), size(row.before - row.after)]
            for row in smaller
        ]
        layout = fit(_COLUMNS, cells, width)
        yield layout.heading()
        yield from map(layout.line, cells)
        yield Text()
    parts = (
        counted(len(rows), "session"),
        f"{len(smaller):,} compacted",
        f"{size(before)} before",
        f"{size(after)} after",
        f"{size(before - after)} saved",
    )
    yield from facts([Text(part, "bold") for part in parts], width)
