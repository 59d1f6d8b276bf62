"""wrap: long lines broken so that they fit, at spaces where there are some; code keeps its shape."""

from __future__ import annotations

from collections.abc import Iterator

from rich.cells import cell_len, get_character_cell_size


def wrap(line: str, width: int) -> Iterator[str]:
    """The line in pieces of at most `width` cells; an empty one is one piece.

    Blanks at a break are dropped, those at the line's start stay.
    """
    width = max(width, 2)
    while True:
        end = _fitting(line, width)
        if end == len(line):
            yield line
            return
        # Not at the blanks that indent the line.
        start = len(line) - len(line.lstrip(" "))
        at = line.rfind(" ", start + 1, end + 1)
        if at <= start:
            at = end
        yield line[:at].rstrip(" ") or line[:at]
        line = line[at:].lstrip(" ")
        if not line:
            return


def _fitting(line: str, width: int) -> int:
    """How many of the first characters fit; at least one."""
    if len(line) <= width and line.isascii():
        return len(line)
    head = line[: width + 1]
    if head.isascii():
        return min(len(line), width)
    if len(line) <= width and cell_len(line) <= width:
        return len(line)
    taken = 0
    for at, sign in enumerate(line):
        taken += get_character_cell_size(sign)
        if taken > width:
            return max(at, 1)
    return len(line)
