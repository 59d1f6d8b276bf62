"""Lines that fit: columns that give way, one column that takes what is left, and wrapped facts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from rich.cells import cell_len
from rich.text import Span, Text

from sessiontap.views.numbers import UNKNOWN

_GAP = 2

Cell: TypeAlias = Text | str
"""Plain text where no part of it has a style of its own: many times cheaper than Text."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its heading, and how it behaves when room is short."""

    heading: str
    align: Literal["left", "right"] = "right"
    most: int = 40
    """Never wider than this."""
    least: int | None = None
    """Set on the column that takes what is left: the width that others give way for."""
    gives_way: int = 0
    """Columns with the highest number go first; those with 0 stay."""


@dataclass(frozen=True, slots=True)
class Layout:
    """The widths found for a table; makes its lines."""

    columns: tuple[Column, ...]
    widths: tuple[int | None, ...]
    """None: the column is not shown."""
    fits: bool
    """True where every column is shown and the flexible one has its least."""

    def heading(self) -> Text:
        """The line of headings."""
        line = self.line([column.heading for column in self.columns])
        line.stylize("bold")
        return line

    def line(self, cells: Sequence[Cell]) -> Text:
        """One line of cells, cut with an ellipsis where they are wider than their column."""
        # Put together as a whole: appending to a Text again and again takes many times as long.
        plain, spans = "", list[Span]()
        for column, width, cell in zip(self.columns, self.widths, cells, strict=True):
            if width is None:
                continue
            blank = width - _len(cell)
            if blank < 0:
                cell, blank = _cut(cell, width)  # noqa: PLW2901
            plain += " " * ((_GAP if plain else 0) + (blank if column.align == "right" else 0))
            if isinstance(cell, str):
                plain += cell
            else:
                at = len(plain)
                plain += cell.plain
                spans += [Span(at, len(plain), cell.style)] if cell.style else []
                spans += [Span(at + span.start, at + span.end, span.style) for span in cell.spans]
            plain += " " * (blank if column.align == "left" else 0)
        plain = plain.rstrip()
        ends = (span.right_crop(len(plain)) for span in spans)
        return Text(plain, no_wrap=True, spans=[span for span in ends if span])


def fit(columns: Sequence[Column], rows: Sequence[Sequence[Cell]], width: int) -> Layout:
    """The layout of the rows in a terminal of that width.

    A column that may give way is left out too where no row has anything in it.
    """
    natural = [
        min(column.most, max([len(column.heading), *(_len(row[index]) for row in rows)]))
        for index, column in enumerate(columns)
    ]
    shown = {
        index
        for index, column in enumerate(columns)
        if not column.gives_way or any(str(row[index]) not in {"", UNKNOWN} for row in rows)
    }
    wanted = [
        natural[index] if column.least is None else min(natural[index], column.least)
        for index, column in enumerate(columns)
    ]
    fits = True
    by_weakness = sorted(shown, key=lambda index: -columns[index].gives_way)
    for index in by_weakness:
        if _taken(wanted, shown) <= width:
            break
        fits = False
        if columns[index].gives_way:
            shown.discard(index)
    spare = max(0, width - _taken(wanted, shown))
    lacking = max(0, _taken(wanted, shown) - width)
    widths: list[int | None] = []
    for index, column in enumerate(columns):
        if index not in shown:
            widths.append(None)
        elif column.least is None:
            widths.append(wanted[index])
        else:
            widths.append(max(1, min(natural[index], wanted[index] + spare - lacking)))
    return Layout(tuple(columns), tuple(widths), fits)


def _len(cell: Cell) -> int:
    plain = cell if isinstance(cell, str) else cell.plain
    return len(plain) if plain.isascii() else cell_len(plain)


def _cut(cell: Cell, width: int) -> tuple[Text, int]:
    """The cell in `width` cells, and how many of them stay blank: a wide character may not fit the last."""
    shown = Text(cell) if isinstance(cell, str) else cell.copy()
    shown.truncate(width, overflow="ellipsis")
    return shown, width - shown.cell_len


def _taken(widths: Sequence[int], shown: set[int]) -> int:
    return sum(widths[index] for index in shown) + _GAP * (len(shown) - 1)


def cut(head: Text, tail: Text, width: int, least: int) -> Text:
    """Head and tail in `width` cells: the head is cut first, to `least` cells, and then the tail."""
    if _len(head) + _len(tail) <= width:
        return head + tail
    shown, rest = head.copy(), tail.copy()
    shown.truncate(max(width - rest.cell_len, min(least, width)), overflow="ellipsis")
    rest.truncate(width - shown.cell_len, overflow="ellipsis")
    return shown + rest


def facts(parts: Sequence[Text], width: int, between: str = " · ") -> Iterator[Text]:
    """The parts on as few lines as fit, ` · ` between them; no part is broken over two lines."""
    line = Text()
    for part in parts:
        if line and line.cell_len + part.cell_len + len(between) > width:
            yield line
            line = Text()
        line.append(between if line else "").append_text(part)
    yield line
