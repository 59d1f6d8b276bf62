"""Cohere's APIs that state their bill in `meta`: v1 chat, generate and summarize, classify, embed, rerank.

https://docs.cohere.com/v1/reference/chat, https://docs.cohere.com/v1/reference/generate,
https://docs.cohere.com/v1/reference/classify, https://docs.cohere.com/reference/embed,
https://docs.cohere.com/reference/rerank
"""

from __future__ import annotations

from sessiontap.apis.cohere_usage import read_billed, read_failure
from sessiontap.apis.reading import Api, ErrorFacts, Names, ReplyFacts, plain_request
from sessiontap.untrusted import JsonObject, obj, objects, text
from sessiontap.usage import Usage

_END = "stream-end"
_OUTPUT_EVENTS = frozenset({"text-generation", "tool-calls-chunk", "tool-calls-generation"})
_OUTPUT_KEYS = ("text", "tool_calls", "generations", "summary", "classifications", "embeddings", "results")


class MetaReader:
    """Reads one reply, plain or streamed; the end of a stream repeats the whole as a plain one.

    The reply does not name the model.
    """

    __slots__ = ("_complete", "_error", "_finish_reasons", "_response_id", "_tools", "_usage")

    def __init__(self) -> None:
        self._response_id: str | None = None
        self._finish_reasons = Names()
        self._error: ErrorFacts | None = None
        self._usage = Usage()
        self._tools: tuple[str, ...] = ()
        self._complete = False

    def feed(self, event: JsonObject) -> bool:
        kind = text(event, "event_type")
        whole = obj(event, "response") if kind == _END else event
        self._response_id = text(whole, "response_id") or text(whole, "id") or self._response_id
        self._error = read_failure(event) or self._error
        for part in (event, *objects(whole, "generations")):
            self._finish_reasons.add(text(part, "finish_reason"), once=True)
        if meta := obj(whole, "meta"):
            self._usage = read_billed(meta)
        if calls := objects(whole, "tool_calls"):
            # A stream lists them as they are made and again, whole, at its end.
            names = Names()
            for call in calls:
                names.add(text(call, "name"))
            self._tools = names.all()
        if kind is None:
            output = any(whole.get(key) for key in _OUTPUT_KEYS)
            self._complete = self._complete or output
            return output
        self._complete = self._complete or kind == _END
        return kind in _OUTPUT_EVENTS

    def facts(self) -> ReplyFacts:
        return ReplyFacts(
            response_id=self._response_id,
            finish_reasons=self._finish_reasons.all(),
            tools=self._tools,
            usage=self._usage,
            error=self._error,
            complete=self._complete,
        )


COHERE_CHAT_V1 = Api(name="cohere.chat_v1", operation="chat", reader=MetaReader, read_request=plain_request)
COHERE_GENERATE = Api(
    name="cohere.generate", operation="text_completion", reader=MetaReader, read_request=plain_request
)
# The conventions have no name for classifying; its examples are a prompt, its labels a completion.
COHERE_CLASSIFY = Api(
    name="cohere.classify", operation="text_completion", reader=MetaReader, read_request=plain_request
)
COHERE_EMBED = Api(name="cohere.embed", operation="embeddings", reader=MetaReader, read_request=plain_request)
COHERE_RERANK = Api(name="cohere.rerank", operation="rerank", reader=MetaReader, read_request=plain_request)
