"""anthropic.complete: Anthropic's former Text Completions API, which reports no usage.

https://docs.anthropic.com/en/api/complete
"""

from __future__ import annotations

from sessiontap.apis.anthropic_messages import read_request
from sessiontap.apis.reading import Api, ErrorFacts, ReplyFacts, read_error
from sessiontap.untrusted import JsonObject, text


class CompleteReader:
    """Folds completion events; a plain completion is one event. The last one says why it stopped."""

    __slots__ = ("_error", "_last")

    def __init__(self) -> None:
        self._last: JsonObject = {}
        self._error: ErrorFacts | None = None

    def feed(self, event: JsonObject) -> bool:
        if text(event, "type") == "completion":
            self._last = event
            return text(event, "completion") is not None
        self._error = read_error(event) or self._error
        return False

    def facts(self) -> ReplyFacts:
        reason = text(self._last, "stop_reason")
        return ReplyFacts(
            model=text(self._last, "model"),
            response_id=text(self._last, "id"),
            finish_reasons=(reason,) if reason else (),
            error=self._error,
            complete=reason is not None,
        )


TEXT_COMPLETE = Api(
    name="anthropic.complete",
    operation="text_completion",
    reader=CompleteReader,
    read_request=read_request,
)
