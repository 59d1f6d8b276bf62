"""What every wire shape gives: facts out of a request, and a reader that folds reply events into facts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Protocol

from sessiontap.call import UsagePart
from sessiontap.semconv import Operation
from sessiontap.untrusted import LONGEST_LABEL, JsonObject, flag, text
from sessiontap.usage import Usage

_MOST_NAMES = 256
_NOTHING = Usage()


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestFacts:
    """What the request's body says of the call."""

    model: str | None = None
    stream: bool = False
    user: str | None = None
    usage: Usage = _NOTHING
    """What the request alone says of the bill: the characters that are to be spoken."""


@dataclass(frozen=True, slots=True)
class ErrorFacts:
    """An error as a provider states it."""

    type: str
    message: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplyFacts:
    """What the reply says of the call, as far as it has been read."""

    model: str | None = None
    response_id: str | None = None
    finish_reasons: tuple[str, ...] = ()
    tools: tuple[str, ...] = ()
    """Names of the tools that the model called, in the order of the calls."""
    usage: Usage = _NOTHING
    usage_parts: tuple[UsagePart, ...] = ()
    service_tier: str | None = None
    cost_usd: Decimal | None = None
    """What the provider itself says that the call costs, in USD."""
    error: ErrorFacts | None = None
    complete: bool = False
    """The reply said that it is whole; without that, usage may be an interim figure."""
    pending: bool = False
    """The provider works on in the background; a later poll brings the rest."""

    def filled_in_by(self, other: ReplyFacts) -> ReplyFacts:
        """These facts, with the other's where these leave one unknown; usage class by class."""
        mine, theirs = self.usage, other.usage
        usage = Usage(
            **{
                name: getattr(mine if getattr(mine, name) is not None else theirs, name)
                for name in Usage.__struct_fields__
            }
        )
        return replace(
            self,
            model=self.model or other.model,
            response_id=self.response_id or other.response_id,
            usage=usage,
            service_tier=self.service_tier or other.service_tier,
            cost_usd=other.cost_usd if self.cost_usd is None else self.cost_usd,
            error=self.error or other.error,
        )

    @property
    def error_type(self) -> str | None:
        """The error's kind, as the provider names it."""
        return self.error.type if self.error else None

    @property
    def error_message(self) -> str | None:
        """The provider's own words on the error."""
        return self.error.message if self.error else None


class ReplyReader(Protocol):
    """Folds the events of one reply. A plain JSON reply is a stream of one event."""

    def feed(self, event: JsonObject) -> bool:
        """Takes one event; True where it carries output of the model. Never raises."""
        ...

    def facts(self) -> ReplyFacts:
        """All that has been read so far; may be asked at any time."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What a message of a WebSocket means for one of its calls, in this order: begins, is read, ends."""

    call: str
    """Tells the calls of one socket apart; unique for as long as the call is open."""
    begins: RequestFacts | None = None
    """Set where the message begins the call: what it asks for."""
    event: JsonObject | None = None
    """The event for the call's reader; None where the message has nothing to read for it."""
    ends: bool = False


class SocketRouter(Protocol):
    """Cuts the messages of one WebSocket into calls. Neither method raises."""

    def sent(self, message: JsonObject) -> list[Step]:
        """Takes a message of the client."""
        ...

    def received(self, message: JsonObject) -> list[Step]:
        """Takes a message of the provider."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Api:
    """One wire shape.

    `name` is the record's `api`, `operation` the OpenTelemetry GenAI operation name.
    """

    name: str
    operation: Operation
    reader: Callable[[], ReplyReader]
    read_request: Callable[[JsonObject], RequestFacts]
    array_stream: bool = False
    """A streamed reply may be one JSON array whose elements are the events."""
    read_headers: Callable[[Mapping[str, str]], ReplyFacts] | None = None
    """What the reply's headers (names in lower case) say; it fills in what the body leaves unknown."""
    socket: Callable[[], SocketRouter] | None = None
    """Over a WebSocket: who says which call each message belongs to. `reader` reads the calls."""


def plain_request(body: JsonObject) -> RequestFacts:
    """The facts of the many APIs that write `model`, `stream` and `user` at the top level."""
    return RequestFacts(model=text(body, "model"), stream=flag(body, "stream"), user=text(body, "user"))


class Names:
    """Names in order of first appearance, as many and as long as a record can bear (256 each)."""

    __slots__ = ("_names",)

    def __init__(self) -> None:
        self._names: list[str] = []

    def add(self, name: str | None, *, once: bool = False) -> None:
        """Appends a name; None and, with `once`, a name that is there already are passed over."""
        if name is None or len(self._names) >= _MOST_NAMES or (once and name in self._names):
            return
        self._names.append(name[:LONGEST_LABEL])

    def all(self) -> tuple[str, ...]:
        """The names, in order."""
        return tuple(self._names)


def read_error(event: JsonObject) -> ErrorFacts | None:
    """The error in an `{"error": {...}}` envelope, whichever of the providers' dialects it is in.

    OpenAI writes `type`, `code`, `message`; Anthropic `type`, `message`; Google `status`, `message`.
    """
    error = event.get("error")
    if isinstance(error, str) and error:
        return ErrorFacts("error", error)
    if not isinstance(error, dict) or not error:
        return None
    kind = text(error, "type") or text(error, "status") or text(error, "code")
    return ErrorFacts(kind or "error", text(error, "message"))
