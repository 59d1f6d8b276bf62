"""Models without a price: who has them, how much they were used, and why."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence

from rich.text import Text

from sessiontap.sessions.gaps import Gap
from sessiontap.views.columns import Cell, Column, fit
from sessiontap.views.numbers import UNKNOWN, tokens
from sessiontap.views.safe_text import safe

_COLUMNS = (
    Column("Model", "left", most=70, least=20),
    Column("Provider", "left", most=24),
    Column("Calls"),
    Column("Input"),
    Column("Output"),
)
_INDENT = "  "


def price_gaps(gaps: Sequence[Gap], width: int) -> Iterator[Text]:
    """The lines: figures, and below them the reason, whole."""
    rows: list[list[Cell]] = [
        [
            Text(safe(gap.model) if gap.model else UNKNOWN, "bold"),
            safe(gap.provider),
            f"{gap.calls:,}",
            tokens(gap.usage.input_tokens),
            tokens(gap.usage.output_tokens),
        ]
        for gap in gaps
    ]
    layout = fit(_COLUMNS, rows, width)
    yield layout.heading()
    for gap, row in zip(gaps, rows, strict=True):
        yield layout.line(row)
        for line in textwrap.wrap(safe(gap.reason), max(width - len(_INDENT), 1)):
            yield Text(_INDENT + line, "yellow")
