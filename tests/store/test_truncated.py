"""A session's files cut anywhere in their last three lines: all before the cut is read, writing goes on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from sessiontap.bodies import Body, CallBodies
from sessiontap.call import Call
from sessiontap.store import Ledger
from tests.store.files import write_old

SESSION = "run-1"
LINES = 5


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    """A ledger on an empty home."""
    with Ledger(tmp_path) as made:
        yield made


def bodies(number: int) -> CallBodies:
    """What a call sent: a text of its own behind one that all have sent."""
    content = b'{"messages":["%s","this is number %d"]}' % (b"said before, again and again " * 3, number)
    return CallBodies(
        call_id=str(number), session_id=SESSION, headers={}, request=Body(content=content, size=len(content))
    )


def cuts(data: bytes) -> Iterator[tuple[int, int, int]]:
    """Each cut in the last three lines, and how many of the lines are whole then, and torn."""
    ends = [place + 1 for place, byte in enumerate(data) if byte == ord("\n")]
    assert len(ends) == LINES
    for cut in range(ends[-4], len(data)):
        # A line without its LF is whole.
        whole = sum(end - 1 <= cut for end in ends)
        yield cut, whole, int(cut not in ends and cut + 1 not in ends)


def test_calls_cut_anywhere(ledger: Ledger, new_call: Callable[..., Call]) -> None:
    """Every call before the cut is read, the torn line is reported; the next call is stored and ends it."""
    calls = [new_call(str(number)) for number in range(LINES)]
    for call in calls:
        ledger.append(call)
    path = ledger.path(SESSION)
    data = path.read_bytes()
    for cut, whole, torn in cuts(data):
        write_old(path, data[:cut])
        assert ledger.calls(SESSION) == calls[:whole]
        assert len(ledger.problems) == torn
        ledger.append(new_call("new"))
        assert ledger.calls(SESSION) == [*calls[:whole], new_call("new")]
        assert [problem.line for problem in ledger.problems] == [whole + 1] * torn


def test_bodies_cut_anywhere(ledger: Ledger) -> None:
    """The bodies before the cut are whole, and the next ones bring what the cut has taken from the file."""
    for number in range(LINES):
        ledger.put_bodies(bodies(number))
    path = ledger.path(SESSION).with_name("bodies.jsonl")
    data = path.read_bytes()
    for cut, whole, torn in cuts(data):
        write_old(path, data[:cut])
        # The call that was lost: its parts are not in the file any more.
        ledger.put_bodies(bodies(LINES - 1))
        found = ledger.bodies(SESSION)
        assert [problem.line for problem in found.problems] == [whole + 1] * torn
        kept = [*range(whole), LINES - 1] if whole < LINES else range(whole)
        assert {call_id: found.get(call_id) for call_id in found} == {
            str(number): bodies(number) for number in kept
        }
