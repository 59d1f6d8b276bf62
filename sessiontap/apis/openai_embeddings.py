"""openai.embeddings.

https://platform.openai.com/docs/api-reference/embeddings
"""

from __future__ import annotations

from sessiontap.apis.openai_usage import read_usage
from sessiontap.apis.reading import Api, ErrorFacts, ReplyFacts, plain_request, read_error
from sessiontap.untrusted import JsonObject, items, obj, text
from sessiontap.usage import Usage


class EmbeddingsReader:
    """Reads the one object that an embeddings call answers."""

    __slots__ = ("_complete", "_error", "_model", "_usage")

    def __init__(self) -> None:
        self._model: str | None = None
        self._error: ErrorFacts | None = None
        self._usage = Usage()
        self._complete = False

    def feed(self, event: JsonObject) -> bool:
        self._model = text(event, "model") or self._model
        self._error = read_error(event) or self._error
        if usage := obj(event, "usage"):
            self._usage = read_usage(usage)
        self._complete = bool(items(event, "data"))
        return self._complete

    def facts(self) -> ReplyFacts:
        return ReplyFacts(
            model=self._model,
            usage=self._usage,
            error=self._error,
            complete=self._complete,
        )


EMBEDDINGS = Api(
    name="openai.embeddings", operation="embeddings", reader=EmbeddingsReader, read_request=plain_request
)
