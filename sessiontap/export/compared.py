"""Two sessions compared, with what was replied; for the terminal, the page and JSON."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from sessiontap.call import Call
from sessiontap.conversation import call_messages
from sessiontap.conversation.differing import reply_difference, reply_lines, request_key
from sessiontap.export.document import Bodies, Spared
from sessiontap.sessions.compare import Comparison, compare


class Compared(NamedTuple):
    """A comparison, and how the replies of its pairs differ."""

    found: Comparison
    replies: Mapping[int, Sequence[str]] | None
    """By the number of a pair whose replies are both known, the lines of a diff, none where they are alike.
    None: they were not compared."""
    faults: tuple[str, ...] = ()
    """For a person: bodies that could not be read."""


class Side(NamedTuple):
    """One of the two sessions."""

    calls: Sequence[Call]
    bodies: Bodies | None
    """None where what was said is not to be compared."""


def compared(
    before: Side, after: Side, step: Callable[[int, int], None] = lambda _done, _of: None
) -> Compared:
    """The comparison; `step` is told how many calls are read, of how many."""
    if before.bodies is None or after.bodies is None:
        return Compared(compare(before.calls, after.calls), None)
    said: dict[int, _Said] = {}
    faults: list[str] = []
    count = len(before.calls) + len(after.calls)
    for side in (before, after):
        assert side.bodies is not None, "looked at above"
        bodies = Spared(side.bodies)
        for call in side.calls:
            messages = call_messages(call, bodies.get(call.call_id))
            said[id(call)] = _Said(request_key(messages), reply_lines(messages))
            step(len(said), count)
        faults += bodies.faults.values()
    found = compare(before.calls, after.calls, lambda call: said[id(call)].key)
    return Compared(found, _differences(found, said), tuple(faults))


class _Said(NamedTuple):
    """What was said in a call, as far as it is compared."""

    key: bytes | None
    reply: list[str]


def _differences(found: Comparison, said: Mapping[int, _Said]) -> dict[int, list[str]]:
    differences = {}
    for number, pair in enumerate(found.pairs):
        if pair.before is not None and pair.after is not None:
            before, after = said[id(pair.before)].reply, said[id(pair.after)].reply
            if before and after:
                differences[number] = reply_difference(before, after)
    return differences
