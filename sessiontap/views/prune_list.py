"""The sessions that are to be removed, and what they come to."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

from rich.text import Text

from sessiontap.views.columns import Cell, Column, facts, fit
from sessiontap.views.numbers import UNKNOWN, counted, moment, size
from sessiontap.views.safe_text import safe
from sessiontap.views.session_list import NO_SESSION


class Going(Protocol):
    """A session as it is listed here."""

    @property
    def session_id(self) -> str | None:
        """None for the calls that belong to no session."""

    @property
    def name(self) -> str | None:
        """The newest one."""

    @property
    def calls(self) -> int:
        """How many."""

    @property
    def last_activity(self) -> str:
        """RFC 3339."""


_WIDE = (
    Column("Session", "left", most=60, least=20),
    Column("ID", "left"),
    Column("Last activity (UTC)", "left"),
    Column("Calls"),
    Column("Size"),
)
_NARROW = (
    Column("Session", "left", most=60, least=16),
    Column("Last activity (UTC)", "left"),
    Column("Calls"),
    Column("Size"),
)


def prune_list(rows: Sequence[tuple[Going, int]], width: int) -> Iterator[Text]:
    """The lines: each session with the bytes that go, in the order given, and the totals."""
    wide = [
        [_name(session.name or UNKNOWN), _id(session), *_figures(session, size_)] for session, size_ in rows
    ]
    layout = fit(_WIDE, wide, width)
    cells = wide
    if not layout.fits:
        cells = [[_name(session.name or _id(session)), *_figures(session, size_)] for session, size_ in rows]
        layout = fit(_NARROW, cells, width)
    yield layout.heading()
    yield from map(layout.line, cells)
    yield Text()
    parts = (
        counted(len(rows), "session"),
        counted(sum(session.calls for session, _ in rows), "call"),
        size(sum(size_ for _, size_ in rows)),
    )
    yield from facts([Text(part, "bold") for part in parts], width)


def _name(text: str) -> Text:
    return Text(safe(text), "bold")


def _id(session: Going) -> str:
    return safe(session.session_id or NO_SESSION)


def _figures(session: Going, bytes_: int) -> list[Cell]:
    return [moment(session.last_activity, "%Y-%m-%d %H:%M"), f"{session.calls:,}", size(bytes_)]
