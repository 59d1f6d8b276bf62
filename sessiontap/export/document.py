"""What a document is made of: whole sessions, where a format of records takes one record at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

from sessiontap.bodies import CallBodies
from sessiontap.call import Call
from sessiontap.errors import StoreError
from sessiontap.sessions.rollup import SessionSummary, summarize
from sessiontap.sessions.tree import PathNode, build_tree


class Bodies(Protocol):
    """What the calls of one session sent and got."""

    def get(self, call_id: str) -> CallBodies | None:
        """Those of a call; None where nothing of it is stored."""
        ...


class Spared:
    """Bodies of which those that are damaged are not there, and do not hide the others."""

    def __init__(self, bodies: Bodies) -> None:
        self._bodies = bodies
        self.faults: dict[str, str] = {}
        """For a person, by call: why its bodies could not be read."""

    def get(self, call_id: str) -> CallBodies | None:
        """Those of a call; None where nothing of it is stored, or it cannot be read."""
        try:
            return self._bodies.get(call_id)
        except StoreError as error:
            self.faults[call_id] = str(error)
            return None


@dataclass(frozen=True)
class WholeSession:
    """One session, as documents show it."""

    session_id: str | None
    calls: Sequence[Call]
    """By start."""
    bodies: Bodies | None = None
    """None where what was said is not to be in the document."""

    @cached_property
    def summary(self) -> SessionSummary:
        """What the calls come to."""
        return summarize(self.session_id, self.calls)

    @cached_property
    def tree(self) -> PathNode:
        """Their tree."""
        return build_tree(self.calls)

    @property
    def title(self) -> str:
        """The session's name, else its id."""
        return self.summary.name or self.session_id or "calls without a session"


class Document(Protocol):
    """Turns whole sessions into one file, in chunks of bytes."""

    def __call__(self, sessions: Iterator[WholeSession], /) -> Iterator[bytes]:
        """The whole file. There is at least one session."""
