"""What a replay would send, as a table."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import NamedTuple

from rich.text import Text

from sessiontap.views.columns import Cell, Column, fit
from sessiontap.views.numbers import UNKNOWN, counted, money
from sessiontap.views.safe_text import safe

_COLUMNS = (
    Column("Call"),
    Column("Method", "left", gives_way=1),
    Column("URL", "left", most=400, least=30),
    Column("Path", "left", most=60, gives_way=2),
    Column("Model", "left", most=80),
    Column("Estimated"),
)


class PlanRow(NamedTuple):
    """A call that would be sent."""

    number: int
    method: str
    url: str
    path: str
    """The session's."""
    model: str | None
    before: str | None
    """The recorded model, where it is another one."""
    estimate: Decimal | None


def replay_plan(rows: Sequence[PlanRow], width: int) -> Iterator[Text]:
    """The lines, and what all of it would cost."""
    lines: list[list[Cell]] = [
        [
            str(row.number),
            safe(row.method, 20),
            safe(row.url),
            safe(row.path),
            safe(f"{row.before} → {row.model}" if row.before else row.model or UNKNOWN, 200),
            money(row.estimate),
        ]
        for row in rows
    ]
    if lines:
        layout = fit(_COLUMNS, lines, width)
        yield layout.heading()
        yield from map(layout.line, lines)
    known = [row.estimate for row in rows if row.estimate is not None]
    total = money(sum(known, Decimal(0)) if known else None)
    unknown = len(rows) - len(known)
    without = f"; nothing says what {unknown:,} of them will cost" if unknown else ""
    yield Text(
        f"{counted(len(rows), 'call')}, about {total} if they take the tokens of the recording{without}"
    )
