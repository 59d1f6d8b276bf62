"""What every framing's tests share: feeding a body whole, byte by byte and at any cuts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise

import pytest

from sessiontap.wire.event import Event, Framing

Make = Callable[[], Framing]


def feed_cut(make: Make, body: bytes, cuts: Sequence[int]) -> list[Event]:
    """All events of a body that is cut at these places (taken modulo its length)."""
    framing = make()
    places = [0, *sorted(cut % (len(body) + 1) for cut in cuts), len(body)]
    events: list[Event] = []
    for start, end in pairwise(places):
        events += framing.feed(body[start:end])
    return events + framing.close()


@pytest.fixture(scope="session")
def cut() -> Callable[[Make, bytes, Sequence[int]], list[Event]]:
    """The events of a body cut at given places."""
    return feed_cut


@pytest.fixture(scope="session")
def any_way() -> Callable[[Make, bytes], list[Event]]:
    """The events of a body; asserts that whole, byte by byte, and cut at any one place it gives the same."""

    def read(make: Make, body: bytes) -> list[Event]:
        events = feed_cut(make, body, [])
        assert feed_cut(make, body, range(len(body))) == events
        for place in range(len(body)):
            assert feed_cut(make, body, [place]) == events
        return events

    return read
