"""Replay: sends the planned calls in their order, and says of each what came of it."""

from __future__ import annotations

import concurrent.futures
import uuid
from collections.abc import Callable, Generator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Protocol

from sessiontap import __version__
from sessiontap.apis.refusal import STATUS as REFUSED_STATUS
from sessiontap.bodies import Body, CallBodies
from sessiontap.call import Call
from sessiontap.replaying.changes import Changes
from sessiontap.replaying.forward import Fed, Forward, facts_of
from sessiontap.replaying.keys import Keys
from sessiontap.replaying.order import Order
from sessiontap.replaying.plan import Planned, body_of
from sessiontap.replaying.sending import Answered, Sent
from sessiontap.untrusted import clean

REPLAY_OF = "replay-of"
"""The property of each new call: the session that is replayed."""

MOST_AT_ONCE = 64

_BY_PROXY = b"sessiontap: "
_PAUSE_S = 0.1
_FAILED = frozenset({"error", "interrupted"})
# A proxy would pass on only what it can undo, and so do we.
_FIXED = {"User-Agent": f"sessiontap/{__version__}", "Accept-Encoding": "identity"}


class Sends(Protocol):
    """What sends: `Sender`."""

    def send(self, sent: Sent) -> Answered:
        """Sends a call once, and reads its reply to the end. Never raises; may be called from any thread."""

    def stop(self) -> None:
        """Ends the calls under way, and sends no more."""


class Recording(Protocol):
    """Where the recorded bodies are: a store's `SessionBodies`."""

    def get(self, call_id: str) -> CallBodies | None:
        """The bodies of a call."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """What all new calls have in common."""

    session_id: str
    name: str
    replay_of: str | None
    """The recorded session's id."""
    max_cost: Decimal | None = None
    """What the new session may cost, in USD."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What came of a call."""

    plan: Planned
    call_id: str
    """Of the new call."""
    http_status: int | None
    error: str | None
    """For a person: why it failed; None where it did not."""
    fed: Fed
    """What of earlier replies was fed into it, without the body."""

    @property
    def worse(self) -> bool:
        """It failed, and had not in the recording."""
        return self.error is not None and self.plan.call.status not in _FAILED


@dataclass(slots=True, kw_only=True)
class Replay:
    """One replay. `results` is gone through once; what ends it early is in `stopped` then."""

    plans: Sequence[Planned]
    recording: Recording
    changes: Changes
    keys: Keys
    sender: Sends
    head: Head
    parallel: bool = False
    forward: Forward | None = None
    """Feeds the new replies forward, where that is wanted."""
    spent: Callable[[], Decimal] = lambda: Decimal(0)
    """What the new session has cost so far, in USD; asked for where it may not cost all that it likes."""
    stopped: str | None = None
    """For a person: why not all calls were sent."""
    begun: int = 0
    """How many calls were sent."""
    _under_way: dict[Future[Answered], tuple[int, str, Fed]] = field(default_factory=dict)

    def results(self) -> Generator[Result]:
        """Each call's as it ends. Where it is closed before its end, the calls under way are cut."""
        order = Order([plan.call for plan in self.plans], parallel=self.parallel)
        with ThreadPoolExecutor(max(1, min(MOST_AT_ONCE, len(self.plans))), "replay") as pool:
            try:
                self._begin(order, pool)
                while self._under_way:
                    done, _ = concurrent.futures.wait(
                        self._under_way, return_when=concurrent.futures.FIRST_COMPLETED
                    )
                    for future in done:
                        place, call_id, fed = self._under_way.pop(future)
                        yield self._ended(place, call_id, fed, future.result())
                        order.over(place)
                    self._begin(order, pool)
            finally:
                # Again and again: a connection that is just being made cannot be cut yet.
                while self._under_way:
                    self.sender.stop()
                    done, _ = concurrent.futures.wait(self._under_way, _PAUSE_S)
                    for future in done:
                        del self._under_way[future]

    def _begin(self, order: Order, pool: ThreadPoolExecutor) -> None:
        for place in order.ready():
            if self.stopped is None and self.head.max_cost is not None:
                spent = self.spent()
                if spent >= self.head.max_cost:
                    self.stopped = f"it has cost ${spent:.4f}, and may cost ${self.head.max_cost:f}"
            if self.stopped is not None:
                return
            call_id = str(uuid.uuid4())
            fed, sent = self._sent(self.plans[place], call_id)
            self._under_way[pool.submit(self.sender.send, sent)] = (place, call_id, fed)
            self.begun += 1

    def _sent(self, plan: Planned, call_id: str) -> tuple[Fed, Sent]:
        bodies = self.recording.get(plan.call.call_id)
        assert bodies is not None, "it was there when the call was planned"
        body = body_of(plan, bodies, self.changes)
        fed = Fed(body) if self.forward is None else self.forward.fed(plan.call.api, body)
        headers = {**_FIXED, **plan.headers}
        headers.setdefault(
            "content-type", (bodies.request and bodies.request.content_type) or "application/json"
        )
        key = self.keys.headers(plan, headers, fed.content)
        given = {name.lower() for name in self.changes.headers}
        headers = {name: value for name, value in {**headers, **key}.items() if name.lower() not in given}
        sent = Sent(
            method=plan.method,
            place=plan.place,
            target=plan.target,
            headers={**headers, **self.changes.headers, **self._session(plan, call_id)},
            body=fed.content,
        )
        # The bodies of hundreds of calls are not kept until the end.
        return Fed(b"", fed.replaced, fed.kept), sent

    def _session(self, plan: Planned, call_id: str) -> Mapping[str, str]:
        head = self.head
        headers = {
            "Helicone-Session-Id": head.session_id,
            "Helicone-Session-Name": head.name,
            "Helicone-Session-Path": plan.call.session_path,
            "Helicone-Request-Id": call_id,
        }
        if head.replay_of is not None:
            headers[f"Helicone-Property-{REPLAY_OF}"] = head.replay_of
        if head.max_cost is not None:
            headers["Sessiontap-Budget-Usd"] = f"{head.max_cost:f}"
        return {name: _header_text(value) for name, value in headers.items()}

    def _ended(self, place: int, call_id: str, fed: Fed, answered: Answered) -> Result:
        plan, api = self.plans[place], self.plans[place].call.api
        error = _error(api, answered)
        if answered.http_status == REFUSED_STATUS and (said := _by_proxy(answered.reply)):
            self.stopped = said
        if self.forward is not None:
            recorded = self.recording.get(plan.call.call_id)
            self.forward.answered(
                api,
                None if recorded is None else recorded.reply,
                answered.reply,
                failed=error is not None,
            )
        return Result(plan=plan, call_id=call_id, http_status=answered.http_status, error=error, fed=fed)


def settled(result: Result, recorded: Call | None) -> Result:
    """The result with what the proxy has recorded: a stream that lacks its end looks whole here."""
    if result.error is not None or recorded is None or recorded.status not in _FAILED:
        return result
    return replace(result, error=recorded.error_message or recorded.error_type or recorded.status)


def _error(api: str, answered: Answered) -> str | None:
    """Why the call failed, in the provider's words where it has any."""
    facts = facts_of(api, answered.reply)
    said = ": ".join(part for part in (facts.error_type, facts.error_message) if part)
    if answered.refused:
        return f"HTTP {answered.http_status}" + (f" {said}" if said else "")
    return said or answered.fault


def _by_proxy(reply: Body | None) -> str | None:
    """What a proxy of ours says of a call that it did not send."""
    content = b"" if reply is None else reply.content or b""
    at = content.find(_BY_PROXY)
    if at < 0:
        return None
    said = content[at + len(_BY_PROXY) :].partition(b'"')[0]
    return f"the proxy refuses further calls: {said.decode('utf-8', 'replace')}"


def _header_text(text: str) -> str:
    """The text as a header can hold it, in UTF-8: what no line holds becomes a blank."""
    return "".join(char if char.isprintable() else " " for char in clean(text)).strip()
