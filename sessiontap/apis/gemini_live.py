"""gemini.live: Gemini's Live API over a WebSocket, also on Vertex AI; each turn of the model is a call.

https://ai.google.dev/api/live
"""

from __future__ import annotations

from sessiontap.apis.gemini_live_socket import LiveSocket
from sessiontap.apis.gemini_usage import read_usage
from sessiontap.apis.reading import Api, ErrorFacts, Names, ReplyFacts, plain_request, read_error
from sessiontap.untrusted import JsonObject, flag, obj, objects, text
from sessiontap.usage import Usage

# The names that `usageMetadata` has here, and those that it has everywhere else.
_NAMES = {
    "responseTokenCount": "candidatesTokenCount",
    "responseTokensDetails": "candidatesTokensDetails",
}


class LiveReader:
    """Folds the messages of one turn. Every `usageMetadata` is billed, so those of a turn add up."""

    __slots__ = ("_complete", "_error", "_finish_reasons", "_tools", "_usage")

    def __init__(self) -> None:
        self._error: ErrorFacts | None = None
        self._usage = Usage()
        self._finish_reasons = Names()
        self._tools = Names()
        self._complete = False

    def feed(self, event: JsonObject) -> bool:
        self._error = read_error(event) or self._error
        if usage := obj(event, "usageMetadata"):
            self._usage += read_usage({_NAMES.get(key, key): value for key, value in usage.items()})
        calls = objects(obj(event, "toolCall"), "functionCalls")
        for call in calls:
            self._tools.add(text(call, "name"))
        content = obj(event, "serverContent")
        if flag(content, "interrupted"):
            self._finish_reasons.add("interrupted", once=True)
        self._finish_reasons.add(text(content, "turnCompleteReason"), once=True)
        self._complete = self._complete or flag(content, "turnComplete")
        said = objects(obj(content, "modelTurn"), "parts") or text(
            obj(content, "outputTranscription"), "text"
        )
        return bool(calls or said)

    def facts(self) -> ReplyFacts:
        return ReplyFacts(
            finish_reasons=self._finish_reasons.all(),
            tools=self._tools.all(),
            usage=self._usage,
            error=self._error,
            complete=self._complete,
        )


LIVE = Api(
    name="gemini.live",
    operation="realtime",
    reader=LiveReader,
    read_request=plain_request,
    socket=LiveSocket,
)
