"""Bars of characters: a length in eighths of a cell where the terminal has these, else in whole cells."""

from __future__ import annotations

_EIGHTHS = " ▏▎▍▌▋▊▉█"
_STEPS = "▁▂▃▄▅▆▇█"
_ASCII_STEPS = "_.-=*#"


def bar(share: float, width: int, *, ascii_only: bool = False) -> str:
    """A bar from left to right, `share` (0 to 1) of `width` cells long; what is more than nothing is seen."""
    share = min(max(share, 0.0), 1.0)
    if ascii_only:
        cells = round(share * width)
        return "#" * (max(1, cells) if share > 0 else 0)
    eighths = round(share * width * 8)
    eighths = max(1, eighths) if share > 0 else 0
    whole, rest = divmod(eighths, 8)
    return "█" * whole + (_EIGHTHS[rest] if rest else "")


def columns(shares: list[float | None], *, ascii_only: bool = False) -> str:
    """A column of one cell for each share; what is not known, or nothing, is a blank."""
    steps = _ASCII_STEPS if ascii_only else _STEPS
    return "".join(
        " " if not share else steps[min(int(share * len(steps)), len(steps) - 1)] for share in shares
    )
