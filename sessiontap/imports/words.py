"""What an import brought, in lines for a terminal."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator

from sessiontap.imports.importing import Imported
from sessiontap.views.numbers import counted
from sessiontap.views.safe_text import safe

_MOST_SHOWN = 5
_LONGEST = 200


def told(of_file: Imported) -> Iterator[str]:
    """The lines of one file: its calls, and what was passed over and why."""
    calls = counted(of_file.calls, "call")
    if of_file.calls:
        parts = (
            (of_file.new, "new"),
            (of_file.changed, "brought up to date"),
            (of_file.there, "there already"),
        )
        said = ", ".join(f"{number:,} {what}" for number, what in parts if number)
        calls += f" in {counted(len(of_file.sessions), 'session')}: {said}"
    yield f"{safe(of_file.file, _LONGEST)}: {calls}"
    if of_file.without_reply:
        yield f"  {counted(of_file.without_reply, 'call')} without usage: the file does not hold the reply"
    if of_file.in_part:
        what = safe(of_file.problem or "", _LONGEST)
        yield f"  {counted(of_file.in_part, 'call')} recorded as far as known: {what}"
    if of_file.other:
        yield f"  {counted(of_file.other, 'flow')} passed over: no model calls"
    for reason, number in of_file.unreadable.items():
        yield f"  {counted(number, 'flow')} left out: {safe(reason, _LONGEST)}"


def where_to_look(sessions: Iterable[str], option: str) -> Iterator[str]:
    """The commands that show these sessions; `option` says which home they are to look into."""
    named = [each for each in dict.fromkeys(sessions) if each and each == safe(each) and each[0] != "-"]
    if not named:
        return
    yield "Look at them:"
    yield from (f"  sessiontap show {shlex.quote(each)}{option}" for each in named[:_MOST_SHOWN])
    yield f"  sessiontap list{option}"
