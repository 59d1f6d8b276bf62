"""gemini.generate_content: generateContent and streamGenerateContent (SSE, or one JSON array).

https://ai.google.dev/api/generate-content, and on Vertex AI
https://cloud.google.com/vertex-ai/generative-ai/docs/model-reference/inference
"""

from __future__ import annotations

import msgspec

from sessiontap.apis.gemini_usage import read_usage
from sessiontap.apis.reading import Api, ErrorFacts, Names, ReplyFacts, RequestFacts, read_error
from sessiontap.apis.stated_cost import stated_cost
from sessiontap.untrusted import JsonObject, items, obj, objects, text
from sessiontap.usage import Usage

_MOST_SEARCHES = 10_000


class GenerateContentReader:
    """Folds responses; the last `usageMetadata` counts, as a whole.

    The counters are not monotone: the prompt may shrink in the last chunk, and tools reset them.
    """

    __slots__ = ("_error", "_finish_reasons", "_model", "_response_id", "_searches", "_tools", "_usage")

    def __init__(self) -> None:
        self._model: str | None = None
        self._response_id: str | None = None
        self._error: ErrorFacts | None = None
        self._usage: JsonObject = {}
        self._searches: set[str] = set()
        self._finish_reasons = Names()
        self._tools = Names()

    def feed(self, event: JsonObject) -> bool:
        self._model = text(event, "modelVersion") or self._model
        self._response_id = text(event, "responseId") or self._response_id
        self._error = read_error(event) or self._error
        self._usage = obj(event, "usageMetadata") or self._usage
        self._finish_reasons.add(text(obj(event, "promptFeedback"), "blockReason"), once=True)
        output = False
        for candidate in objects(event, "candidates"):
            self._finish_reasons.add(text(candidate, "finishReason"), once=True)
            self._add_searches(obj(candidate, "groundingMetadata"))
            for part in objects(obj(candidate, "content"), "parts"):
                self._tools.add(text(obj(part, "functionCall"), "name"))
                output = output or any(part.get(key) for key in part if key != "thoughtSignature")
        return output

    def _add_searches(self, grounding: JsonObject) -> None:
        """Notes what was searched for: the unique queries that are not empty are billed.

        https://ai.google.dev/gemini-api/docs/google-search (pricing). Chunks of a stream may repeat them.
        """
        for query in items(grounding, "webSearchQueries"):
            if isinstance(query, str) and query.strip() and len(self._searches) < _MOST_SEARCHES:
                self._searches.add(query)

    def facts(self) -> ReplyFacts:
        usage = read_usage(self._usage) if self._usage else Usage()
        if self._searches:
            usage = msgspec.structs.replace(usage, web_search_requests=len(self._searches))
        return ReplyFacts(
            model=self._model,
            response_id=self._response_id,
            finish_reasons=self._finish_reasons.all(),
            tools=self._tools.all(),
            usage=usage,
            # Vertex AI says which kind of traffic it was instead.
            service_tier=text(self._usage, "serviceTier") or text(self._usage, "trafficType"),
            cost_usd=stated_cost({"usageMetadata": self._usage}),
            error=self._error,
            complete=bool(self._finish_reasons.all()),
        )


def read_request(body: JsonObject) -> RequestFacts:
    """Nothing: the model and the kind of reply stand in the URL."""
    del body
    return RequestFacts()


GENERATE_CONTENT = Api(
    name="gemini.generate_content",
    operation="generate_content",
    reader=GenerateContentReader,
    read_request=read_request,
    array_stream=True,
)
