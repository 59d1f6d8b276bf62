"""Following: sees the calls of a proxy go by, so that one which names no session is put where it belongs.

What knows conversations apart is `inference`; this hands it each call as it begins, what is said in it and
how it ends. Promises: a fault in here costs a session its guess, and never a call its record.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from sessiontap.identity import Evidence, Found, attempt_of
from sessiontap.inference import (
    NOT_READ,
    Asked,
    Asking,
    Client,
    Heard,
    Inference,
    Inferred,
    Ticket,
    heard_by,
    listener,
)
from sessiontap.settings import IDLE_GAP_S, InferMode
from sessiontap.untrusted import JsonObject

T = TypeVar("T")


class Following:
    """What is known of the calls of one proxy. For use by one thread; its memory is bounded."""

    def __init__(
        self, *, on_fault: Callable[[Exception], None], clock: Callable[[], float] = time.time
    ) -> None:
        """`on_fault` is told what went wrong in here; `clock` gives seconds since the epoch."""
        self._on_fault = on_fault
        self._clock = clock
        self._mode: InferMode = "conversation"
        self._asking = Asking()
        self._inference = Inference()

    def use(self, mode: InferMode, idle_gap_s: float = IDLE_GAP_S) -> None:
        """Goes on with other settings; what is known stays known."""
        self._mode = mode
        if mode != "off":
            self._inference.use(mode, idle_gap_s)

    def call(self, api: str, client: Client) -> Follower | None:
        """Who follows a call that begins now; None where nobody is to."""
        if self._mode == "off":
            return None
        return Follower(
            self._asking, self._inference, api, client, clock=self._clock, on_fault=self._on_fault
        )


class Follower:
    """Follows one call: `continued` and `inferred` where that is to be known, `begun`, `hear` …, `ended`."""

    def __init__(
        self,
        asking: Asking,
        inference: Inference,
        api: str,
        client: Client,
        *,
        clock: Callable[[], float],
        on_fault: Callable[[Exception], None],
    ) -> None:
        self._asking = asking
        self._inference = inference
        self._api = api
        self._client = client
        self._clock = clock
        self._on_fault = on_fault
        self._asked: Asked | None = None
        self._ticket: Ticket | None = None
        self._ears = listener(api)

    def continued(self, evidence: Evidence) -> Found | None:
        """The session of the reply that the call says it continues, where that came through here."""
        found = self._safely(lambda: self._inference.continued(self._read(evidence)))
        if found is None:
            return None
        return Found(session_id=found, source="api", rule="previous_response_id")

    def inferred(self, evidence: Evidence) -> Found | None:
        """The session that the call most likely belongs to; None only where that could not be told."""
        found: Inferred | None = self._safely(
            lambda: self._inference.inferred(
                self._read(evidence), self._client, self._clock(), attempt=attempt_of(evidence.headers)
            )
        )
        if found is None:
            return None
        return Found(session_id=found.session_id, source=found.source, rule="inference")

    def begun(self, evidence: Evidence, session_id: str) -> None:
        """Takes the session that the call is in, whoever named it."""
        self._ticket = self._safely(
            lambda: self._inference.begun(self._read(evidence), self._client, self._clock(), session_id)
        )
        # From here on what the ticket has is enough; a long conversation is not kept until the reply ends.
        self._asked = NOT_READ
        if self._ticket is None or self._ticket.conversation is None:
            self._ears = None

    def hear(self, event: JsonObject) -> None:
        """Takes the next event of the reply."""
        ears = self._ears
        if ears is not None:
            self._safely(lambda: ears.feed(event))

    def ended(self, *, answered: bool, heard: bool, response_id: str | None) -> None:
        """The call is over; `answered` where its reply came whole or still comes, and was no error.

        `heard` is false where the reply, or a part of it, could not be read.
        """
        ticket, self._ticket = self._ticket, None
        if ticket is not None:
            self._safely(
                lambda: self._inference.ended(
                    ticket,
                    self._clock(),
                    heard=self._heard(ticket) if heard else None,
                    answered=answered,
                    response_id=response_id,
                )
            )

    def _heard(self, ticket: Ticket) -> Heard | None:
        return None if self._ears is None else heard_by(self._ears, ticket.prefill)

    def _read(self, evidence: Evidence) -> Asked:
        if self._asked is None:
            self._asked = self._asking.read(self._api, evidence.text) if evidence.text else NOT_READ
        return self._asked

    def _safely(self, do: Callable[[], T]) -> T | None:
        try:
            return do()
        except Exception as error:  # noqa: BLE001 -- a guess that fails must not cost the record
            self._on_fault(error)
            return None
