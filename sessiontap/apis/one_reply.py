"""OneReplyReader: for the many calls that answer one object with the model, the result and the usage."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from sessiontap.apis.reading import ErrorFacts, ReplyFacts, read_error
from sessiontap.apis.stated_cost import latest_cost
from sessiontap.untrusted import JsonObject, obj, text
from sessiontap.usage import Usage


class OneReplyReader:
    """Reads one object, or a stream of deltas that ends with it (an event whose type ends in `.done`).

    `output` is the key of the result, or every key that it may have, `usage` that of the object that `read`
    reads; None is the reply itself.
    """

    __slots__ = (
        "_complete",
        "_cost",
        "_error",
        "_model",
        "_outputs",
        "_read",
        "_response_id",
        "_usage",
        "_usage_path",
    )

    def __init__(
        self, output: str | tuple[str, ...], read: Callable[[JsonObject], Usage], usage: str | None = "usage"
    ) -> None:
        self._outputs = (output,) if isinstance(output, str) else output
        self._usage_path = () if usage is None else (usage,)
        self._read = read
        self._model: str | None = None
        self._response_id: str | None = None
        self._error: ErrorFacts | None = None
        self._cost: Decimal | None = None
        self._usage = Usage()
        self._complete = False

    def feed(self, event: JsonObject) -> bool:
        self._model = text(event, "model") or self._model
        self._response_id = text(event, "id") or self._response_id
        self._error = read_error(event) or self._error
        self._usage = self._read(obj(event, *self._usage_path)) or self._usage
        self._cost = latest_cost(self._cost, event)
        kind = text(event, "type")
        self._complete = self._complete or kind is None or kind.endswith(".done")
        return any(event.get(key) for key in self._outputs) or (kind or "").endswith(".delta")

    def facts(self) -> ReplyFacts:
        return ReplyFacts(
            model=self._model,
            response_id=self._response_id,
            usage=self._usage,
            cost_usd=self._cost,
            error=self._error,
            complete=self._complete,
        )
