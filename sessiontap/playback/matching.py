"""Matcher: which recorded call answers a call. Strict keys count before loose ones; paths and order decide.

Of the calls with the same key, those of the same path come first, then those with the same tools and the most
similar instructions, and each answers once before one answers again. What no key finds is answered by the
next call of its path that has not answered yet, where the user lets order decide. Each run has its own count
of what has answered.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from sessiontap.playback.asked import Asked, How
from sessiontap.playback.recorded import Recorded, RecordedCall
from sessiontap.recent import Recent
from sessiontap.settings import PlaybackMatch

_KEYS: tuple[How, ...] = ("request", "messages", "conversation")
_MOST_RUNS = 1_000
# A date, or a directory, makes a line or two of a prompt another one.
_MUCH_ALIKE = 0.1


@dataclass(frozen=True, slots=True)
class Found:
    """The recorded call that answers, and by what it was found."""

    recorded: RecordedCall
    how: How


class Matcher:
    """Finds calls in one recording. Knows which have answered, by run."""

    def __init__(self, recorded: Recorded, by: PlaybackMatch = "order") -> None:
        self._recorded = recorded
        self._by = by
        self._answered: Recent[str, set[str]] = Recent(_MOST_RUNS)
        self._index()

    def find(self, asked: Asked, run: str, *, by_order: bool = True) -> Found | None:
        """The call that answers, which counts as answered then; None where the recording has none.

        `run` tells those apart who play the same recording, such as the sessions of clients.
        """
        found = self._find(asked, run, by_order=by_order)
        if found is None and self._recorded.look():
            self._index()
            found = self._find(asked, run, by_order=by_order)
        return found

    @property
    def on_sockets(self) -> bool:
        """True where calls were recorded over a socket."""
        return any(each.asked.kind.on_socket for each in self._recorded.calls)

    def _index(self) -> None:
        self._by_key: defaultdict[tuple[object, How, bytes], list[RecordedCall]] = defaultdict(list)
        self._by_kind: defaultdict[object, list[RecordedCall]] = defaultdict(list)
        for recorded in self._recorded.calls:
            self._by_kind[recorded.asked.kind].append(recorded)
            for how, key in recorded.asked.keys.items():
                self._by_key[recorded.asked.kind, how, key].append(recorded)

    def _find(self, asked: Asked, run: str, *, by_order: bool) -> Found | None:
        answered = self._answered.get(run) or set()
        self._answered.put(run, answered)
        for how in _KEYS:
            key = asked.keys.get(how)
            alike = [] if key is None else self._by_key.get((asked.kind, how, key), [])
            here = [each for each in alike if each.asked.path == asked.path]
            if alike:
                return Found(_next(_of_role(asked, here or alike), answered), how)
        if self._by == "request" or not by_order:
            return None
        rest = (each for each in self._by_kind.get(asked.kind, ()) if each.asked.path == asked.path)
        following = next((each for each in rest if each.call.call_id not in answered), None)
        if following is None:
            return None
        answered.add(following.call.call_id)
        return Found(following, "order")


def _of_role(asked: Asked, alike: list[RecordedCall]) -> list[RecordedCall]:
    """Those with the same tools, where there are any, and of these whose instructions are most alike."""
    same_tools = [each for each in alike if each.asked.role.tools == asked.role.tools] or alike
    likeness = [asked.role.likeness(each.asked.role) for each in same_tools]
    least = max(likeness) - _MUCH_ALIKE
    return [each for each, like in zip(same_tools, likeness, strict=True) if like >= least]


def _next(alike: Iterable[RecordedCall], answered: set[str]) -> RecordedCall:
    """The first that has not answered; where all have, the round begins again."""
    calls = list(alike)
    ids = {each.call.call_id for each in calls}
    if ids <= answered:
        answered -= ids
    found = next(each for each in calls if each.call.call_id not in answered)
    answered.add(found.call.call_id)
    return found
