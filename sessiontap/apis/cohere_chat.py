"""cohere.chat: Cohere's Chat API v2, plain and streamed.

https://docs.cohere.com/reference/chat and https://docs.cohere.com/reference/chat-stream
"""

from __future__ import annotations

from sessiontap.apis.cohere_usage import read_billed, read_failure
from sessiontap.apis.reading import Api, ErrorFacts, Names, ReplyFacts, plain_request
from sessiontap.untrusted import JsonObject, obj, objects, text
from sessiontap.usage import Usage

_OUTPUT_EVENTS = frozenset({"content-delta", "tool-plan-delta", "tool-call-start", "tool-call-delta"})


class ChatReader:
    """Folds chat events; a plain reply is one event. The reply does not name the model."""

    __slots__ = ("_complete", "_error", "_finish_reason", "_response_id", "_tools", "_usage")

    def __init__(self) -> None:
        self._response_id: str | None = None
        self._finish_reason: str | None = None
        self._error: ErrorFacts | None = None
        self._usage = Usage()
        self._tools = Names()
        self._complete = False

    def feed(self, event: JsonObject) -> bool:
        kind = text(event, "type")
        # Every event of a stream has a type; `message-end` holds in `delta` what a plain reply has on top.
        state = event if kind is None else obj(event, "delta")
        message = obj(state, "message")
        self._response_id = text(event, "id") or self._response_id
        self._error = read_failure(state) or read_failure(event) or self._error
        if reason := text(state, "finish_reason"):
            self._finish_reason = reason
            self._complete = True
        if usage := obj(state, "usage"):
            self._usage = read_billed(usage)
        # A stream begins one call an event, and that is an object.
        for call in objects(message, "tool_calls") or [obj(message, "tool_calls")]:
            self._tools.add(text(obj(call, "function"), "name"))
        return bool(message) if kind is None else kind in _OUTPUT_EVENTS

    def facts(self) -> ReplyFacts:
        return ReplyFacts(
            response_id=self._response_id,
            finish_reasons=(self._finish_reason,) if self._finish_reason else (),
            tools=self._tools.all(),
            usage=self._usage,
            error=self._error,
            complete=self._complete,
        )


COHERE_CHAT = Api(name="cohere.chat", operation="chat", reader=ChatReader, read_request=plain_request)
