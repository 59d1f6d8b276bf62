"""gemini.embeddings: embedContent and batchEmbedContents.

https://ai.google.dev/api/embeddings
"""

from __future__ import annotations

from sessiontap.apis.gemini_generate_content import read_request
from sessiontap.apis.gemini_usage import read_usage
from sessiontap.apis.reading import Api, ErrorFacts, ReplyFacts, read_error
from sessiontap.untrusted import JsonObject, items, obj
from sessiontap.usage import Usage


class EmbedContentReader:
    """Reads the one object that an embeddings call answers; older models report no usage."""

    __slots__ = ("_complete", "_error", "_usage")

    def __init__(self) -> None:
        self._error: ErrorFacts | None = None
        self._usage = Usage()
        self._complete = False

    def feed(self, event: JsonObject) -> bool:
        self._error = read_error(event) or self._error
        if usage := obj(event, "usageMetadata"):
            self._usage = read_usage(usage)
        self._complete = bool(items(event, "embeddings") or obj(event, "embedding"))
        return self._complete

    def facts(self) -> ReplyFacts:
        return ReplyFacts(
            usage=self._usage,
            error=self._error,
            complete=self._complete,
        )


EMBED_CONTENT = Api(
    name="gemini.embeddings", operation="embeddings", reader=EmbedContentReader, read_request=read_request
)
