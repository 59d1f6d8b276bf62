"""The terminal: how wide it is, whether it has colours, whether it can draw lines."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from itertools import islice
from typing import IO

from rich.cells import cell_len
from rich.console import Console
from rich.segment import Segments
from rich.text import Text

PIPE_WIDTH = 200
"""Where no terminal sets a width: wide, for whatever reads on must not be given cut ids."""

_BATCH = 200
"""Lines that are printed at once: each print costs as much as several lines."""

# What views write between and behind texts, in one cell each: other characters would become numbers.
_IN_ASCII = str.maketrans({"…": "*", "·": "-", "→": ">", "←": "<", "–": "-", "—": "-"})

_COLUMNS = re.compile(r"[1-9][0-9]{0,4}")


def console(stream: IO[str], environ: Mapping[str, str] = os.environ) -> Console:
    """A console on the stream: colours only on a terminal and without NO_COLOR.

    The width is `COLUMNS`, else the terminal's, else `PIPE_WIDTH`. Markup is never interpreted.
    """
    width = int(columns) if (columns := environ.get("COLUMNS", "")) and _COLUMNS.fullmatch(columns) else None
    if width is None and not stream.isatty():
        width = PIPE_WIDTH
    return Console(file=stream, width=width, markup=False, highlight=False, emoji=False, _environ=environ)


def draws_lines(on: Console) -> bool:
    """True where the output's encoding has the characters for tree guides."""
    return on.encoding.startswith("utf")


def show(on: Console, lines: Iterable[Text]) -> None:
    """Prints each text; one that is longer than the console is folded, never cut."""
    left = iter(lines) if draws_lines(on) else map(_in_ascii, lines)
    while batch := list(islice(left, _BATCH)):
        if max(map(cell_len, map(str, batch))) <= on.width:
            # Nothing to fold: made ready here, which takes a third of the time.
            on.print(Segments(Text("\n").join(batch).render(on, "\n")), end="", crop=False)
        else:
            on.print(*batch, sep="\n", overflow="fold")


def _in_ascii(line: Text) -> Text:
    shown = line.copy()
    shown.plain = line.plain.translate(_IN_ASCII)
    return shown
