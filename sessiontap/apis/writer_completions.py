"""writer.completions: Writer's text generation.

https://dev.writer.com/api-reference/completion-api/text-generation
"""

from __future__ import annotations

from sessiontap.apis.openai_chat import ChatReader
from sessiontap.apis.reading import Api, ReplyFacts, plain_request
from sessiontap.estimate import request_tokens
from sessiontap.untrusted import JsonObject, text


class WriterReader:
    """Folds `{"value": text}` chunks, of which none is the last; a plain reply is a completion."""

    __slots__ = ("_completion",)

    def __init__(self) -> None:
        self._completion = ChatReader()

    def feed(self, event: JsonObject) -> bool:
        value = text(event, "value")
        return self._completion.feed(event if value is None else {"choices": [{"text": value}]})

    def facts(self) -> ReplyFacts:
        return self._completion.facts()


WRITER_COMPLETIONS = Api(
    name="writer.completions",
    operation="text_completion",
    reader=WriterReader,
    read_request=plain_request,
    says_its_end=False,
    estimate_input=request_tokens,
)
