"""What a verification found, one line each, and what it read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Protocol

from rich.text import Text

from sessiontap.views.columns import facts
from sessiontap.views.numbers import counted, size
from sessiontap.views.safe_text import safe


class Found(Protocol):
    """A finding as it is shown here."""

    @property
    def severity(self) -> str:
        """`damage`, `warning` or `note`."""

    @property
    def kind(self) -> str:
        """One word for what it is."""

    @property
    def path(self) -> Path:
        """Where."""

    @property
    def line(self) -> int | None:
        """Counted from 1."""

    @property
    def offset(self) -> int | None:
        """The line's first byte."""

    @property
    def reason(self) -> str:
        """In words."""


class Read(Protocol):
    """What was read."""

    files: int
    lines: int
    calls: int
    bytes: int
    damaged: int
    warnings: int


def found_line(found: Found) -> str:
    """Severity, kind, place and reason on one line, however long it is: programs read it too."""
    place = safe(str(found.path))
    if found.line is not None:
        place += f", line {found.line:,}, offset {found.offset:,}"
    return f"{found.severity:8} {found.kind:15} {place}: {safe(found.reason)}"


def totals_lines(read: Read, width: int) -> Iterator[Text]:
    """What was read and what is wrong with it."""
    parts: Sequence[str] = (
        counted(read.files, "file"),
        counted(read.lines, "line"),
        counted(read.calls, "call"),
        size(read.bytes),
        f"{read.damaged:,} damaged" if read.damaged else "no damage",
    )
    if read.warnings:
        parts = (*parts, counted(read.warnings, "warning"))
    yield from facts([Text(part, "bold") for part in parts], width)
