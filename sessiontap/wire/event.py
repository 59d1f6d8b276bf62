"""Event and Framing: what every framing gives, and how every framing is driven."""

from __future__ import annotations

from typing import NamedTuple, Protocol


class Event(NamedTuple):
    """One message that a stream carried.

    The data is one JSON text as a rule, but nothing here has checked that: readers of events skip
    what `decode_json` refuses.
    """

    name: str
    """The event's name in a server-sent event stream; "" where there is none."""
    data: bytes


class Framing(Protocol):
    """Cuts a decoded body into events; one object a body, fed once and closed once.

    `dropped` counts the events that were larger than the framing's cap, and so left out.
    The events do not depend on how the bytes were cut into feeds. Both methods raise WireError only.
    """

    @property
    def dropped(self) -> int:
        """How many events were too large to be given."""
        ...

    def feed(self, data: bytes) -> list[Event]:
        """The events that these bytes complete, in order."""
        ...

    def close(self) -> list[Event]:
        """The events that can still be given now that the input has ended, cleanly or not."""
        ...
