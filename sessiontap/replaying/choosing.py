"""chosen: which of a session's calls a person means, by number, range, id, or path."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from sessiontap.call import Call
from sessiontap.sessions.filters import matches_path

_RANGE = re.compile(r"(\d{1,9})-(\d{1,9})")


def chosen(
    calls: Sequence[Call], texts: Sequence[str], paths: Sequence[str], find: Callable[[str], int]
) -> list[tuple[int, Call]]:
    """The calls with their numbers, from 1, in the order of the session; all of them where nothing is said.

    Each of `texts` may name several, with commas: numbers, ranges such as `3-9`, or what `find` gives the
    number of. Raises what that raises.
    """
    numbers: set[int] = set()
    for part in (part.strip() for text in texts for part in text.split(",")):
        span = _RANGE.fullmatch(part)
        if span and 1 <= int(span[1]) <= int(span[2]) <= len(calls):
            numbers.update(range(int(span[1]), int(span[2]) + 1))
        elif part:
            numbers.add(find(part))
    return [
        (number, call)
        for number, call in enumerate(calls, 1)
        if (not texts or number in numbers) and (not paths or matches_path(call.session_path, paths))
    ]
