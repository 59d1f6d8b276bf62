"""openai.chat: Chat Completions, plain and streamed.

https://platform.openai.com/docs/api-reference/chat
"""

from __future__ import annotations

from decimal import Decimal

from sessiontap.apis.groq import GroqFacts
from sessiontap.apis.openai_usage import read_timings, read_usage
from sessiontap.apis.reading import Api, ErrorFacts, Names, ReplyFacts, plain_request, read_error
from sessiontap.apis.stated_cost import facts_of_headers, latest_cost
from sessiontap.estimate import call_tokens, request_tokens, text_tokens
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
_TEXT_KEYS = ("content", "refusal", "reasoning_content", "reasoning")


class ChatReader:
    """Folds chat completion chunks; a plain completion is one chunk with `message` for `delta`.

    A stream carries its usage in the last chunk, and only where the client asked for it
    (`stream_options.include_usage`). A usage object replaces an earlier one: some providers send
    a running figure in every chunk. Moonshot's stands in the last choice, Groq's formerly in `x_groq`,
    and llama.cpp may have nothing but its timings; each counts where there is no `usage` proper.
    """

    __slots__ = (
        "_choices",
        "_cost",
        "_error",
        "_finish_reasons",
        "_finished",
        "_groq",
        "_model",
        "_response_id",
        "_service_tier",
        "_substitute",
        "_tokens_seen",
        "_tools",
        "_usage",
    )

    def __init__(self) -> None:
        self._model: str | None = None
        self._response_id: str | None = None
        self._service_tier: str | None = None
        self._error: ErrorFacts | None = None
        self._usage = Usage()
        self._substitute = Usage()
        self._tokens_seen = 0.0
        self._cost: Decimal | None = None
        self._groq = GroqFacts()
        self._choices: set[int] = set()
        self._finished: set[int] = set()
        self._finish_reasons = Names()
        self._tools = Names()

    def feed(self, event: JsonObject) -> bool:
        self._model = text(event, "model") or self._model
        self._response_id = text(event, "id") or self._response_id
        self._service_tier = text(event, "service_tier") or self._service_tier
        self._groq.feed(event)
        self._error = read_error(event) or self._groq.error or self._error
        if usage := obj(event, "usage"):
            self._usage = read_usage(usage)
        elif timings := obj(event, "timings"):
            self._substitute = read_timings(timings)
        self._cost = latest_cost(self._cost, event)
        outputs = [self._read_choice(choice) for choice in objects(event, "choices")]
        return any(outputs)

    def _read_choice(self, choice: JsonObject) -> bool:
        index = count(choice, "index") or 0
        self._choices.add(index)
        if reason := text(choice, "finish_reason"):
            self._finished.add(index)
            self._finish_reasons.add(reason, once=True)
        if usage := obj(choice, "usage"):
            self._substitute = read_usage(usage)
        # Mistral answers with several messages where its connectors were at work.
        messages = objects(choice, "messages") or [obj(choice, "delta") or obj(choice, "message")]
        outputs = [self._read_message(message) for message in messages]
        words = text(choice, "text") or ""
        self._tokens_seen += text_tokens(words)
        return bool(words) or any(outputs)

    def _read_message(self, message: JsonObject) -> bool:
        for call in objects(message, "tool_calls"):
            # Only the first chunk of a streamed tool call carries the name.
            self._tools.add(text(obj(call, "function"), "name") or text(obj(call, "custom"), "name"))
            self._tokens_seen += call_tokens(call)
        self._tools.add(text(obj(message, "function_call"), "name"))
        self._tokens_seen += call_tokens(obj(message, "function_call"))
        self._tokens_seen += sum(text_tokens(text(message, key) or "") for key in _TEXT_KEYS)
        return any(message.get(key) for key in _OUTPUT_KEYS)

    def facts(self) -> ReplyFacts:
        usage = self._usage or self._groq.usage or self._substitute
        return ReplyFacts(
            model=self._model,
            response_id=self._response_id,
            finish_reasons=self._finish_reasons.all(),
            tools=self._tools.all(),
            usage=usage,
            usage_parts=self._groq.parts_of(usage),
            service_tier=self._service_tier,
            cost_usd=self._cost,
            tokens_seen=self._tokens_seen,
            error=self._error,
            complete=self._complete,
        )

    @property
    def _complete(self) -> bool:
        return bool(self._finished) and self._finished == self._choices


CHAT = Api(
    name="openai.chat",
    operation="chat",
    reader=ChatReader,
    read_request=plain_request,
    estimate_input=request_tokens,
    read_headers=facts_of_headers,
)

# The legacy endpoint differs from chat by `text` where chat has `message`
# (https://platform.openai.com/docs/api-reference/completions).
COMPLETIONS = Api(
    name="openai.completions",
    operation="text_completion",
    reader=ChatReader,
    read_request=plain_request,
    estimate_input=request_tokens,
    read_headers=facts_of_headers,
)
