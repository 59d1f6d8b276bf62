"""What every wire shape gives: facts out of a request, and a reader that folds reply events into facts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Protocol

from sessiontap.call import UsagePart
from sessiontap.semconv import Operation
from sessiontap.untrusted import LONGEST_LABEL, JsonObject, count, flag, obj, objects, text
from sessiontap.usage import Usage

_MOST_NAMES = 256
_NOTHING = Usage()
# The kind of an error whose provider does not name one.
_SOME_ERROR = "error"
# All that stands in the body of an error without an envelope.
_BARE_ERROR = frozenset(
    {
        "code",
        "detail",
        "error_code",
        "id",
        "instance",
        "message",
        "object",
        "param",
        "raw_status_code",
        "request_id",
        "sequence_number",
        "status",
        "title",
        "type",
    }
)


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
    bare: bool = False
    """It came without the envelope of an error: any web server may have said it."""


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
    """A part whose model is empty is that of the model that was asked for."""
    service_tier: str | None = None
    region: str | None = None
    """Where the reply says that the model ran."""
    cost_usd: Decimal | None = None
    """What the provider itself says that the call costs, in USD."""
    tokens_seen: float = 0.0
    """The tokens, about, of the text that came; 0 where the reader does not count it."""
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
            region=self.region or other.region,
            cost_usd=other.cost_usd if self.cost_usd is None else self.cost_usd,
            error=_together(self.error, other.error),
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
    tentative: bool = False
    """With `begins`: it is no call unless the provider reports usage or an error for it."""
    operation: Operation | None = None
    """With `begins`: what the call does, where it is not what the wire shape says."""
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
    long_fields: frozenset[str] = frozenset()
    """Members of a JSON request that `read_request` sees although they may be long; see `decode_head`."""
    says_its_end: bool = True
    """A stream has an event that says that it is whole; else a clean end of the connection says so."""
    text_replies: bool = False
    """A good reply may be a text that is no JSON, in which there is nothing to read."""
    estimate_input: Callable[[JsonObject], int] | None = None
    """The input tokens, about, of a whole request body, for streams that end without saying their usage."""
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


def _together(mine: ErrorFacts | None, theirs: ErrorFacts | None) -> ErrorFacts | None:
    """One error of two statements: AWS names its kind in a header, and words it in the body."""
    if mine is None or theirs is None:
        return mine or theirs
    kind = theirs.type if mine.type == _SOME_ERROR else mine.type
    return ErrorFacts(kind, mine.message or theirs.message)


def read_error(event: JsonObject) -> ErrorFacts | None:
    """The error that an event states, whichever of the providers' dialects it is in.

    In an `{"error": {...}}` envelope OpenAI writes `type`, `code`, `message`; Anthropic `type`, `message`;
    Google `status`, `message`; OpenRouter a number for `code`. Without an envelope, and alone in the body,
    stand `object: error` (vLLM, Mistral), `detail` (FastAPI, problem documents) and `message` (gateways).
    """
    error = event.get("error")
    if isinstance(error, str) and error:
        return ErrorFacts(_SOME_ERROR, error)
    if isinstance(error, dict) and error:
        return ErrorFacts(_error_kind(error), text(error, "message"))
    if event.get("object") == "error":
        return ErrorFacts(_error_kind(event), _error_words(event))
    if event.keys() <= _BARE_ERROR and (words := _error_words(event)):
        return ErrorFacts(_error_kind(event), words, bare=True)
    return None


def _error_kind(error: JsonObject) -> str:
    named = [text(error, key) for key in ("type", "status", "code", "error_code")]
    numbered = count(error, "code")
    kind = next((each for each in named if each and each != _SOME_ERROR), None)
    return kind or (_SOME_ERROR if numbered is None else str(numbered))


def _error_words(event: JsonObject) -> str | None:
    """What a body without an envelope says: its message, or the first of the details."""
    for key in ("message", "detail"):
        inner = obj(event, key)
        first = next(iter(objects(inner or event, "detail")), {})
        found = text(event, key) or text(first, "msg") or text(inner, "message") or text(inner, "error")
        if found:
            return found
    return None
