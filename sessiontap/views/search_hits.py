"""A call in which a text was found: which one it is, and each place with what stands around it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from rich.cells import cell_len
from rich.text import Text as Line

from sessiontap.call import Call
from sessiontap.conversation.searching import Found
from sessiontap.views.columns import facts
from sessiontap.views.numbers import moment
from sessiontap.views.safe_text import safe

_LABEL = 22
_BLANKS = re.compile(" {2,}")
_MOST_OF_MATCH = 400


def hit_lines(
    session: str | None,
    call: Call,
    number: int,
    found: Sequence[Found],
    width: int,
    *,
    ascii_only: bool = False,
    plain: bool = False,
) -> Iterator[Line]:
    """The lines of one call; `plain` is an output without colours, where signs mark the text."""
    known = [
        Line(safe(session or "no session", 200), "bold"),
        Line(f"call {number} ({safe(call.call_id[:8])})"),
        Line(safe(call.session_path, 200)),
        Line(safe(call.model or call.operation, 200)),
        Line(f"{moment(call.started_at)} UTC", "dim"),
    ]
    yield from facts(known, width, ", " if ascii_only else " · ")
    signs = (">>", "<<") if ascii_only else ("»", "«")
    for each in found:
        yield _place(each, width, signs if plain else ("", ""), "..." if ascii_only else "…")


def _place(found: Found, width: int, signs: tuple[str, str], more: str) -> Line:
    times = f" x{found.times:,}" if found.times > 1 else ""
    said = found.role if found.kind in {"text", found.role} else f"{found.role}, {found.kind}"
    label = f"  {said}{times}"
    line = Line(f"{label:<{_LABEL}} ", "dim", no_wrap=True)
    match = signs[0] + safe(found.match, _MOST_OF_MATCH) + signs[1]
    room = max(width - line.cell_len - cell_len(match), 0)
    before, after = (_BLANKS.sub(" ", safe(text)) for text in (found.before, found.after))
    # The half that one side leaves over is the other's.
    left = min(cell_len(before), max(room // 3, room - cell_len(after)))
    line.append(_end(before, left, more), "not dim")
    line.append(match, "not dim bold reverse" if not signs[0] else "not dim bold")
    line.append(after, "not dim")
    line.truncate(width, overflow="crop" if more != "…" else "ellipsis")
    return line


def _end(text: str, width: int, more: str) -> str:
    """The last characters of a text that fit."""
    if cell_len(text) <= width:
        return text
    text = text[-width:] if width else ""
    while text and cell_len(text) + cell_len(more) > width:
        text = text[1:]
    return more + text if width >= cell_len(more) else ""
