"""Importing: the flows of past captures into the store, through the same pieces as live traffic.

What is stored already stays; a file that is imported again changes nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import Protocol

import msgspec

from sessiontap.bodies import CallBodies, text_only
from sessiontap.call import Call
from sessiontap.capture import Capture, capture_for
from sessiontap.errors import CaptureError
from sessiontap.identity import Claims, Identifier, Identity
from sessiontap.imports.known import PROPERTY, Known
from sessiontap.imports.metering import MeteredFlow, call_ids, match_of, metered
from sessiontap.imports.stored import StoredFlow, Unreadable, joined
from sessiontap.providers import Directory, Match
from sessiontap.settings import Settings
from sessiontap.settle import Settling
from sessiontap.times import rfc3339


class CallStore(Protocol):
    """The part of a store that is written to."""

    def append(self, call: Call) -> None:
        """Stores a call; a later version of the same `call_id` replaces the earlier one."""

    def put_bodies(self, bodies: CallBodies) -> None:
        """Stores what a call sent and got, without credentials."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unassigned:
    """What the calls get that name no session of their own."""

    session_id: str
    session_name: str
    session_path: str


class Imported(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one file. `new`, `changed` and `there` sum to `calls`."""

    file: str
    format: str | None = None
    calls: int = 0
    new: int = 0
    changed: int = 0
    """Stored before, and now in another version: by other prices, or under another name."""
    there: int = 0
    """Stored already: nothing is written."""
    sessions: tuple[str, ...] = ()
    """Where the calls are, in the order in which they were met."""
    other: int = 0
    """Flows that are no model calls."""
    unreadable: dict[str, int] = {}
    """How many flows could not be read, by the reason."""
    without_reply: int = 0
    """Calls whose replies the capture did not keep: their usage is not known."""
    in_part: int = 0
    """Calls of which not all could be read."""
    problem: str | None = None
    """What could not be read of the first of them."""
    error: str | None = None
    """Why the file, or its rest, could not be read."""

    @property
    def failed(self) -> bool:
        """True where nothing could be read."""
        return not self.calls and not self.other and bool(self.error or self.unreadable)


@dataclass(frozen=True, slots=True, kw_only=True)
class Importing:
    """Imports one file after the other. Without a store nothing is written, and all is told as if it were."""

    directory: Directory
    settling: Settling
    known: Known
    store: CallStore | None
    settings: Settings
    """What is kept of requests and replies, and which headers name sessions."""
    identifier: Identifier = field(default_factory=Identifier)

    def take(
        self,
        name: str,
        unassigned: Unassigned,
        flows: Iterable[StoredFlow | Unreadable | None],
        step: Callable[[], None],
    ) -> Imported:
        """Imports the flows of the file of that name; `step` is called after each. Raises StoreError.

        What was read before a damage in the file is imported.
        """
        one = _OneFile(self, name, unassigned)
        error: str | None = None
        try:
            for flow in flows:
                one.take(flow)
                step()
        except CaptureError as fault:
            error = str(fault)
        self.known.next_file()
        return one.result(error)


class _OneFile:
    """What one file comes to."""

    def __init__(self, importing: Importing, name: str, unassigned: Unassigned) -> None:
        self._importing = importing
        self._known = importing.known
        self._name = name
        self._unassigned = unassigned
        # Calls whose polls may be further on in the file, by id.
        self._awaited: dict[str, tuple[Call, list[CallBodies]]] = {}
        self._standings: dict[str, str] = {}
        self._sessions: dict[str, None] = {}
        self._unreadable: Counter[str] = Counter()
        self._other = 0
        self._without_reply = 0
        self._problems: list[str] = []

    def take(self, flow: StoredFlow | Unreadable | None) -> None:
        """Takes the next flow."""
        if isinstance(flow, Unreadable):
            self._unreadable[flow.reason] += 1
            return
        found = None if flow is None else match_of(self._importing.directory, flow)
        calls = [] if flow is None or found is None else self._metered(flow, found)
        for each in calls:
            self._settle(each)
        self._other += not calls

    def result(self, error: str | None) -> Imported:
        """Writes what still waits; what became of the file."""
        for call, bodies in self._awaited.values():
            self._write(call, bodies)
        standings = Counter(self._standings.values())
        return Imported(
            file=self._name,
            calls=standings.total(),
            new=standings["new"],
            changed=standings["changed"],
            there=standings["there"],
            sessions=tuple(self._sessions),
            other=self._other,
            unreadable=dict(self._unreadable),
            without_reply=self._without_reply,
            in_part=len(self._problems),
            problem=next(iter(self._problems), None),
            error=error,
        )

    def _metered(self, flow: StoredFlow, found: Match) -> list[MeteredFlow]:
        stamp = rfc3339(flow.started_at)
        claims = self._claims(flow, found, stamp[:10])
        ids = call_ids(flow)

        def new_capture() -> Capture | None:
            headers = joined(flow.headers)
            settings = self._importing.settings
            return capture_for(settings, claims, method=flow.method, target=flow.target, headers=headers)

        clients = claims.call_id
        if clients is not None and found.kind != "socket" and not self._known.is_anothers(clients, stamp):
            return metered(flow, found, claims, lambda: clients, new_capture)
        return metered(flow, found, claims, lambda: next(ids), new_capture)

    def _claims(self, flow: StoredFlow, found: Match, today: str) -> Claims:
        claims = self._importing.identifier.claims(
            flow.headers,
            proxy_user=flow.proxy_user,
            today=today,
            provider=found.provider,
            url_path=found.url_path,
            session_headers=self._importing.settings.session_headers,
            session=self._importing.settings.session,
        )
        return replace(
            claims,
            properties={PROPERTY: self._name, **claims.properties},
            settle=lambda settled, follower: self._assigned(claims.settle(settled, follower)),
        )

    def _assigned(self, identity: Identity) -> Identity:
        """The identity of a call; one that names no session goes into the file's."""
        if identity.session_source != "none":
            return identity
        own_path = identity.session_path != "/"
        return replace(
            identity,
            session_id=self._unassigned.session_id,
            session_name=identity.session_name or self._unassigned.session_name,
            session_path=identity.session_path if own_path else self._unassigned.session_path,
        )

    def _settle(self, each: MeteredFlow) -> None:
        self._without_reply += not each.kept
        if each.problem is not None:
            self._problems.append(each.problem)
        call = self._importing.settling.ended(each.call, poll=each.poll)
        if call is None:
            return
        # Of a call that is polled, the request is in one flow and the last reply in another.
        bodies = self._awaited.pop(call.call_id, (call, []))[1]
        if each.bodies is not None:
            bodies.append(replace(each.bodies, call_id=call.call_id, session_id=call.session_id))
        if call.status == "running":
            self._awaited[call.call_id] = call, bodies
        else:
            self._write(call, bodies)

    def _write(self, call: Call, bodies: list[CallBodies]) -> None:
        standing, session_id = self._known.standing(call)
        self._sessions[session_id or ""] = None
        # A flow that was saved twice is one call, and what was new at first is new.
        self._standings.setdefault(call.call_id, standing)
        if standing == "there":
            return
        if self._importing.store is not None:
            self._importing.store.append(call)
            for each in bodies:
                text = self._importing.settings.capture == "text"
                self._importing.store.put_bodies(text_only(each) if text else each)
        self._known.add(call)
