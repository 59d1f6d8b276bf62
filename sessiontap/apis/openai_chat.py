"""openai.chat: Chat Completions, plain and streamed.

https://platform.openai.com/docs/api-reference/chat
"""

from __future__ import annotations

from sessiontap.apis.openai_usage import read_usage
from sessiontap.apis.reading import Api, ErrorFacts, Names, ReplyFacts, plain_request, read_error
from sessiontap.untrusted import JsonObject, count, obj, objects, text
from sessiontap.usage import Usage

_OUTPUT_KEYS = (
    "content",
    "refusal",
    "tool_calls",
    "function_call",
    "audio",
    "reasoning_content",
    "reasoning",
)


class ChatReader:
    """Folds chat completion chunks; a plain completion is one chunk with `message` for `delta`.

    A stream carries its usage in the last chunk, and only where the client asked for it
    (`stream_options.include_usage`). A usage object replaces an earlier one: some providers send
    a running figure in every chunk.
    """

    __slots__ = (
        "_choices",
        "_error",
        "_finish_reasons",
        "_finished",
        "_model",
        "_response_id",
        "_service_tier",
        "_tools",
        "_usage",
    )

    def __init__(self) -> None:
        self._model: str | None = None
        self._response_id: str | None = None
        self._service_tier: str | None = None
        self._error: ErrorFacts | None = None
        self._usage = Usage()
        self._choices: set[int] = set()
        self._finished: set[int] = set()
        self._finish_reasons = Names()
        self._tools = Names()

    def feed(self, event: JsonObject) -> bool:
        self._model = text(event, "model") or self._model
        self._response_id = text(event, "id") or self._response_id
        self._service_tier = text(event, "service_tier") or self._service_tier
        self._error = read_error(event) or self._error
        if usage := obj(event, "usage"):
            self._usage = read_usage(usage)
        outputs = [self._read_choice(choice) for choice in objects(event, "choices")]
        return any(outputs)

    def _read_choice(self, choice: JsonObject) -> bool:
        index = count(choice, "index") or 0
        self._choices.add(index)
        if reason := text(choice, "finish_reason"):
            self._finished.add(index)
            self._finish_reasons.add(reason, once=True)
        message = obj(choice, "delta") or obj(choice, "message")
        for call in objects(message, "tool_calls"):
            # Only the first chunk of a streamed tool call carries the name.
            self._tools.add(text(obj(call, "function"), "name") or text(obj(call, "custom"), "name"))
        self._tools.add(text(obj(message, "function_call"), "name"))
        return bool(text(choice, "text")) or any(message.get(key) for key in _OUTPUT_KEYS)

    def facts(self) -> ReplyFacts:
        return ReplyFacts(
            model=self._model,
            response_id=self._response_id,
            finish_reasons=self._finish_reasons.all(),
            tools=self._tools.all(),
            usage=self._usage,
            service_tier=self._service_tier,
            error=self._error,
            complete=bool(self._finished) and self._finished == self._choices,
        )


CHAT = Api(name="openai.chat", operation="chat", reader=ChatReader, read_request=plain_request)

# The legacy endpoint differs from chat by `text` where chat has `message`
# (https://platform.openai.com/docs/api-reference/completions).
COMPLETIONS = Api(
    name="openai.completions", operation="text_completion", reader=ChatReader, read_request=plain_request
)
