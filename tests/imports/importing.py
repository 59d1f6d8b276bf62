"""Imports captures in a line, for the tests: real prices, the real table, and a list for a store."""

from __future__ import annotations

import functools
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from sessiontap.bodies import CallBodies
from sessiontap.call import Call
from sessiontap.imports.har import har_flows
from sessiontap.imports.importing import Imported, Importing, Unassigned
from sessiontap.imports.known import Known
from sessiontap.imports.stored import StoredFlow, Unreadable
from sessiontap.pricing import PriceTable, load_prices
from sessiontap.providers import DIRECTORY
from sessiontap.proxy.flowfile import flow_file
from sessiontap.resources import find
from sessiontap.settings import Settings
from sessiontap.settle import Settling

SETTINGS = Settings(home=Path("home"))
UNASSIGNED = Unassigned(session_id="import-1", session_name="capture", session_path="/")


@functools.cache
def prices() -> PriceTable:
    """Ours."""
    return load_prices(find("pricing.yaml"))


def settling() -> Settling:
    """One that has seen nothing yet."""
    return Settling(prices(), DIRECTORY.polled_apis)


@dataclass
class Listed:
    """A store in memory."""

    written: list[Call] = field(default_factory=list)
    bodies: dict[str, CallBodies] = field(default_factory=dict)

    def append(self, call: Call) -> None:
        """Keeps the call."""
        self.written.append(call)

    def put_bodies(self, bodies: CallBodies) -> None:
        """Keeps the bodies; a side that is not there stays as it was."""
        before = self.bodies.get(bodies.call_id)
        if before is not None and bodies.request is None:
            bodies = replace(before, reply=bodies.reply)
        self.bodies[bodies.call_id] = bodies

    @property
    def calls(self) -> list[Call]:
        """The latest version of each, in the order in which they came."""
        return list({call.call_id: call for call in self.written}.values())

    def sessions(self) -> Iterator[Listed]:
        """All of them at once."""
        yield self


def flows_of(data: bytes) -> Iterator[StoredFlow | Unreadable | None]:
    """The flows of a capture of either format."""
    return har_flows(data) if data.startswith(b"{") else flow_file(io.BytesIO(data), len(data))


def take(store: Listed, *captures: bytes, unassigned: Unassigned = UNASSIGNED) -> list[Imported]:
    """Imports captures in one go into a store."""
    importing = Importing(
        directory=DIRECTORY, settling=settling(), known=Known.in_store(store), store=store, settings=SETTINGS
    )
    return [importing.take("capture", unassigned, flows_of(each), lambda: None) for each in captures]


def calls_of(capture: bytes) -> list[Call]:
    """The calls of a capture."""
    store = Listed()
    take(store, capture)
    return store.calls


def one(capture: bytes) -> Call:
    """The only call of a capture."""
    (call,) = calls_of(capture)
    return call


def figures(calls: Iterable[Call]) -> list[int]:
    """Input tokens of each call; -1 where they are not known."""
    return [-1 if call.usage.input_tokens is None else call.usage.input_tokens for call in calls]
