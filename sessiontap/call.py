"""Call: one model call, the stored record. The field names are a stable contract.

`encode` and `decode` are the only way a call becomes JSON and back; money stays `Decimal`.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Literal, Protocol, TypeVar

import msgspec

from sessiontap.errors import StoreError
from sessiontap.usage import Usage

SCHEMA = 1

SessionSource = Literal["header", "proxy-user", "agent", "api", "inferred", "none"]
Status = Literal["running", "ok", "error", "cancelled", "interrupted"]
UsageSource = Literal["reported", "partial", "estimated", "none"]
Billing = Literal["metered", "subscription", "free"]
CostSource = Literal["table", "provider", "playback"]
"""`playback`: the call was answered from a recording, and no provider billed it."""

ANSWERED_BY = "sessiontap-playback"
"""The property of a call that was played back: the id of the recorded call that answered it."""
FOUND_BY = "sessiontap-playback-match"
"""By what that one was found: `request`, `messages`, `conversation` or `order` (see `playback.asked`)."""
UNRECORDED = "not_in_recording"
"""The `error_type` of a call that was refused because nothing in the recording answers it."""

UNSUPPORTED = "unsupported_gateway"
"""The `error_type` of a call to a gateway that stands for no provider: it could not go where it was sent."""

_ANSWERED = frozenset({"ok", "cancelled", "interrupted"})

_T = TypeVar("_T")


def _always(value: _T) -> _T:
    """A default that is written too: `omit_defaults` passes over plain defaults only."""
    default: _T = msgspec.field(default_factory=lambda: value)
    return default


class UsagePart(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """What one call billed to one model, or for one prompt of a server-side loop."""

    model: str
    usage: Usage
    cost_usd: Decimal | None = None


class Call(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """One model call. None (absent in JSON) is *not known*; 0 is zero.

    Times are RFC 3339, UTC, milliseconds (`2026-11-23T20:00:00.000Z`) and so sort as text;
    durations are milliseconds from the request's last byte.
    """

    # gc=False above: a record holds no cycles, and a million of them are read faster untracked.

    schema: int = _always(SCHEMA)
    call_id: str
    session_id: str | None = None
    session_name: str | None = None
    session_path: str = _always("/")
    session_source: SessionSource = _always("none")
    user_id: str | None = None
    properties: dict[str, str] = {}
    agent: str | None = None
    provider: str
    api: str
    operation: str
    host: str
    url_path: str
    request_model: str | None = None
    response_model: str | None = None
    response_id: str | None = None
    stream: bool = _always(value=False)
    finish_reasons: tuple[str, ...] = ()
    tools: tuple[str, ...] = ()
    status: Status
    http_status: int | None = None
    error_type: str | None = None
    error_message: str | None = None
    attempt: int | None = None
    started_at: str
    ended_at: str | None = None
    ttft_ms: int | None = None
    duration_ms: int | None = None
    usage: Usage = Usage()
    usage_parts: tuple[UsagePart, ...] = ()
    service_tier: str | None = None
    region: str | None = None
    """Where the model ran, as far as host, path, model id or reply say it: `us`, `global`, `eu-west-1`."""
    billing: Billing = _always("metered")
    usage_source: UsageSource = _always("none")
    cost_usd: Decimal | None = None
    cost_breakdown: dict[str, Decimal] | None = None
    cost_source: CostSource | None = None
    price_id: str | None = None
    priced_as: str | None = None
    """The model whose prices count, where the client says that it is another than the call's."""
    unpriced_reason: str | None = None
    """Why an ended call with usage has no cost."""
    request_bytes: int | None = None
    response_bytes: int | None = None
    body_limit: int | None = None
    """The bytes at which request or reply were cut in the store; None where neither was longer."""
    proxy_id: str | None = None
    """The proxy that a call under way belongs to; None once the call has ended."""

    @property
    def model(self) -> str | None:
        """The model that answered, else the one that was asked for."""
        return self.response_model or self.request_model

    @property
    def unpriced(self) -> bool:
        """True where the call was, or may have been, billed for what nothing here has a price for."""
        return is_unpriced(self)


def as_played(call: Call) -> Call:
    """The ended call as one that was answered from a recording: nobody billed it."""
    return msgspec.structs.replace(call, billing="free", cost_usd=Decimal(0), cost_source="playback")


class Billed(Protocol):
    """What of a call says whether its price is missing."""

    @property
    def status(self) -> Status: ...  # noqa: D102 -- as in `Call`, all of them
    @property
    def http_status(self) -> int | None: ...  # noqa: D102
    @property
    def usage(self) -> object: ...  # noqa: D102
    @property
    def billing(self) -> Billing: ...  # noqa: D102
    @property
    def cost_usd(self) -> Decimal | None: ...  # noqa: D102


def is_unpriced(call: Billed) -> bool:
    """See `Call.unpriced`: usage without a price, and a reply that came without saying its usage."""
    if call.cost_usd is not None or call.billing == "free":
        return False
    return bool(call.usage) or (call.status in _ANSWERED and call.http_status is not None)


_encoder = msgspec.json.Encoder(decimal_format="number")
_MOST_DIGITS = 1000
_decoder = msgspec.json.Decoder(Call)


def encode(call: Call) -> bytes:
    """The call as one line of JSON, without the line end; absent fields are not known.

    Raises UnicodeEncodeError for a text that is not Unicode (a lone surrogate).
    """
    return _encoder.encode(call)


def is_amount(usd: Decimal) -> bool:
    """Whether a cost can be counted with: a damaged record may have NaN, or what no sum can hold."""
    return usd.is_finite() and abs(usd.adjusted()) <= _MOST_DIGITS


def decode(line: bytes) -> Call:
    """The call that `encode` wrote; fields of later versions are ignored.

    Raises StoreError for anything else.
    """
    try:
        return _decoder.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        message = f"not a call record: {error}"
        raise StoreError(message) from error
