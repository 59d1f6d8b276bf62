"""A call's record at its two moments: as it begins, and as it ends."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import msgspec

from sessiontap.apis.reading import ReplyFacts
from sessiontap.call import Call, Status, UsagePart, UsageSource
from sessiontap.identity import Identity
from sessiontap.providers import Match
from sessiontap.redact import redact
from sessiontap.untrusted import LONGEST_LABEL, label
from sessiontap.usage import Usage

Ending = Literal["clean", "cut", "client-left"]
"""How a reply ended: whole, cut by the proxy or upstream, or left by the client."""

# What is still running after its reply works in the background: it was taken.
ANSWERED = frozenset({"ok", "running"})
"""The statuses of a call that its provider took and did not fail."""

FIRST_ERROR_STATUS = 400

# As mitmproxy words it, and as Chrome does.
_LEFT = ("Client disconnected", "stream reset by client", "net::ERR_ABORTED")

_LONGEST_MESSAGE = 2000
_NOTHING = Usage()
_SENTENCES = {
    "clean": "the stream ended before its end",
    "cut": "the connection ended early",
    "client-left": "the client left",
}


@dataclass(frozen=True, slots=True)
class Moment:
    """One moment: the wall clock as the record has it, and a monotonic clock in seconds."""

    stamp: str
    monotonic: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """A reply that is over. Durations are milliseconds from the request's last byte."""

    facts: ReplyFacts
    ending: Ending
    streamed: bool
    http_status: int | None
    ended_at: str
    ttft_ms: int | None
    duration_ms: int | None
    response_bytes: int | None
    """None where the body went by unseen."""
    estimate: Usage = _NOTHING
    """What the text of the call comes to, where the reply was to state its usage and did not."""


def left_by_client(said: str) -> bool:
    """True where what a proxy or a browser says of an error is that the client left."""
    return said.startswith(_LEFT)


def begin(match: Match, identity: Identity, call_id: str, started_at: str) -> Call:
    """The record of a call that is under way."""
    return Call(
        call_id=call_id,
        session_id=identity.session_id,
        session_name=identity.session_name,
        session_path=identity.session_path,
        session_source=identity.session_source,
        user_id=identity.user_id,
        properties=identity.properties,
        agent=identity.agent,
        provider=match.provider,
        api=match.api.name,
        operation=match.api.operation,
        host=match.host,
        url_path=match.url_path,
        attempt=identity.attempt,
        priced_as=identity.priced_as,
        billing=match.billing,
        region=match.region,
        status="running",
        started_at=started_at,
    )


def end(call: Call, reply: Reply, *, known_before: Usage) -> Call:
    """The record of an ended call; unpriced, but for a cost that the provider states itself.

    `known_before` is what the request alone says of the bill; it counts where the reply reports nothing.
    """
    facts = reply.facts
    status = _status(reply)
    error_type, error_message = _error(reply, status)
    running = status == "running"
    usage, source = facts.usage, _usage_source(reply)
    if reply.estimate:
        usage, source = facts.filled_in_by(ReplyFacts(usage=reply.estimate)).usage, "estimated"
    elif not usage and known_before and status == "ok":
        usage, source = known_before, "estimated"
    return msgspec.structs.replace(
        call,
        status=status,
        response_model=label(facts.model),
        response_id=label(facts.response_id),
        stream=reply.streamed,
        finish_reasons=tuple(reason[:LONGEST_LABEL] for reason in facts.finish_reasons),
        tools=facts.tools,
        http_status=reply.http_status,
        error_type=error_type,
        error_message=error_message,
        # The clock may have been set back in the meantime; the durations come from another one.
        ended_at=None if running else max(reply.ended_at, call.started_at),
        ttft_ms=reply.ttft_ms,
        duration_ms=None if running else reply.duration_ms,
        usage=usage,
        usage_parts=_named(facts.usage_parts, call.request_model),
        usage_source=source,
        service_tier=label(facts.service_tier),
        region=label(facts.region) or call.region,
        cost_usd=facts.cost_usd,
        cost_source=None if facts.cost_usd is None else "provider",
        response_bytes=reply.response_bytes,
    )


def _named(parts: tuple[UsagePart, ...], asked_for: str | None) -> tuple[UsagePart, ...]:
    return tuple(msgspec.structs.replace(part, model=part.model or asked_for or "") for part in parts)


def _status(reply: Reply) -> Status:
    facts = reply.facts
    if (reply.http_status or 0) >= FIRST_ERROR_STATUS or facts.error_type is not None:
        return "error"
    if facts.pending and reply.ending == "clean":
        return "running"
    if _whole(reply):
        return "ok"
    return "cancelled" if reply.ending == "client-left" else "interrupted"


def _error(reply: Reply, status: Status) -> tuple[str | None, str | None]:
    facts = reply.facts
    # Cut before as well: redacting megabytes takes time. Twice as long, so that no key is cut in two.
    message = redact((facts.error_message or "")[: 2 * _LONGEST_MESSAGE])[:_LONGEST_MESSAGE] or None
    if status == "error":
        return redact(label(facts.error_type) or str(reply.http_status)), message
    if status in {"cancelled", "interrupted"}:
        return status, _SENTENCES[reply.ending]
    return None, None


def _usage_source(reply: Reply) -> UsageSource:
    if not reply.facts.usage:
        return "none"
    return "reported" if _whole(reply) else "partial"


def _whole(reply: Reply) -> bool:
    return reply.facts.complete or (reply.ending == "clean" and not reply.streamed)
