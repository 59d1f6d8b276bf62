"""What waits for the store: in order, bounded, in pieces, and no session for another."""

from __future__ import annotations

import math
from collections.abc import Callable

from sessiontap.call import Call
from sessiontap.proxy.backlog import Backlog


def a_call(name: str) -> Call:
    """A call whose session is the first letter of its name."""
    return Call(
        call_id=name,
        session_id=name[0],
        provider="openai",
        api="openai.chat",
        operation="chat",
        host="api.openai.com",
        url_path="/v1/chat/completions",
        status="ok",
        started_at="2026-11-23T20:00:00.000Z",
    )


def backlog_of(*names: str, most: int = 100) -> Backlog:
    """A backlog of calls that were refused, in this order."""
    backlog = Backlog(most)
    for name in names:
        if backlog.holds(name[0]):
            backlog.add(a_call(name))
        else:
            backlog.refused(a_call(name))
    return backlog


class Store:
    """Takes calls, but for those of some sessions; remembers what was tried."""

    def __init__(self, refuses: str = "") -> None:
        self.refuses = refuses
        self.tried: list[str] = []
        self.written: list[str] = []

    def __call__(self, call: Call) -> bool:
        """False where the call is refused."""
        self.tried.append(call.call_id)
        if call.call_id[0] in self.refuses:
            return False
        self.written.append(call.call_id)
        return True


def in_pieces(backlog: Backlog, store: Callable[[Call], bool]) -> int:
    """Writes one call at a time until the round is over; how many pieces it took."""
    pieces = 1
    while not backlog.write(store, until=-math.inf):
        pieces += 1
    return pieces


def test_a_refused_session_is_tried_once_a_round() -> None:
    """Its other calls stay in order behind the refused one, and those of other sessions are written."""
    backlog, store = backlog_of("a1", "a2", "b1", "a3", "b2"), Store(refuses="a")
    assert backlog.write(store, until=math.inf)
    assert store.tried == ["a1", "b1", "b2"]
    assert (len(backlog), backlog.holds("a"), backlog.holds("b")) == (3, True, False)
    store.refuses = ""
    assert backlog.write(store, until=math.inf)
    assert store.written == ["b1", "b2", "a1", "a2", "a3"]
    assert backlog.settled() == (5, 0)


def test_a_round_can_be_done_in_pieces() -> None:
    """When the time is up the next piece goes on behind the last one, not with what was refused."""
    backlog, store = backlog_of("a1", "b1", "a2", "c1", "b2"), Store(refuses="a")
    assert in_pieces(backlog, store) == 5
    assert store.tried == ["a1", "b1", "c1", "b2"]


def test_what_comes_between_two_pieces_stands_behind() -> None:
    """New calls of a session that waits keep their order, whether it was tried in this round or not."""
    backlog, store = backlog_of("a1", "b1", "b2"), Store(refuses="a")
    assert not backlog.write(store, until=-math.inf)
    backlog.add(a_call("a2"))
    backlog.add(a_call("b3"))
    in_pieces(backlog, store)
    store.refuses = ""
    in_pieces(backlog, store)
    assert store.written == ["b1", "b2", "b3", "a1", "a2"]


def test_another_round_may_begin_in_the_middle_of_one() -> None:
    """Then everything is tried again, in order."""
    backlog, store = backlog_of("a1", "b1", "a2", "b2"), Store(refuses="a")
    backlog.write(store, until=-math.inf)
    store.refuses = ""
    backlog.begin_round()
    assert backlog.write(store, until=math.inf)
    assert [name for name in store.written if name[0] == "a"] == ["a1", "a2"]
    assert [name for name in store.written if name[0] == "b"] == ["b1", "b2"]


def test_the_oldest_are_lost_beyond_the_bound() -> None:
    """Also in the middle of a round; their number is told."""
    backlog, store = backlog_of("a1", "b1", "a2", "b2", most=3), Store(refuses="a")
    assert (len(backlog), backlog.lost) == (3, 1)
    backlog.write(store, until=-math.inf)
    backlog.add(a_call("a3"))
    backlog.add(a_call("a4"))
    assert backlog.lost == 2
    store.refuses = ""
    backlog.begin_round()
    backlog.write(store, until=math.inf)
    assert store.written == ["b1", "b2", "a3", "a4"]
    assert backlog.settled() == (4, 2)
    assert not backlog.holds("a")
