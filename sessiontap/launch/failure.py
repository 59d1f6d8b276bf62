"""Why a mitmdump did not start, out of what it printed: one line, with what to do where that is known."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from sessiontap.launch.holder import holder

_TAKEN = re.compile(
    r"failed to listen on (\S*):(\d+) with .*(?:address already in use|only one usage)", re.IGNORECASE
)
# Lines that are not why mitmdump ended: the usual ones, and what it says after the reason.
_NO_REASON = re.compile(
    r"logged during startup|proxy listening at|^Try specifying |^Loading script |^usage: "
    r"|^\[[^\]]+\] (client|server) (dis)?connect"
)
_USAGE_ERROR = re.compile(r"^\S+: error: (.*)")


def why_not_started(status: int, lines: Sequence[str], who: Callable[[int], str | None] = holder) -> str:
    """What to tell the user; `status` is mitmdump's exit status, `who` says who has a port."""
    for line in lines:
        if found := _TAKEN.search(line):
            return _taken(found[1], int(found[2]), who(int(found[2])))
    return f"mitmdump did not start (exit status {status}): {_reason(lines)}"


def taken_port(lines: Sequence[str]) -> int | None:
    """The port that somebody else has, where that was the reason."""
    found = next(filter(None, map(_TAKEN.search, lines)), None)
    return int(found[2]) if found else None


def _taken(host: str, port: int, by: str | None) -> str:
    named = f" by {by}" if by else ""
    return f"port {port} of {host} is taken{named}; end that, or give --port another number"


def _reason(printed: Sequence[str]) -> str:
    """The line that says why: the first, or for a script that failed its exception's.

    What follows may be the traceback of mitmdump's own hasty exit.
    """
    for line in printed:
        if found := _USAGE_ERROR.search(line):
            return found[1].strip()
    lines = [line for line in printed if line and not _NO_REASON.search(line)]
    if not lines:
        return "it printed nothing"
    if not lines[0].startswith("error in script"):
        return lines[0].strip()
    return next((line for line in lines[2:] if not line.startswith(" ")), lines[0])
