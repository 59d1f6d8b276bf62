"""Reads the replies of the models on Bedrock that answer in a shape of their own.

Amazon Titan, Anthropic's old completions, Meta Llama, Mistral's and Cohere's text models, AI21's Jurassic,
TwelveLabs Pegasus, and what makes embeddings, ranks and pictures. The shapes differ in names alone.
https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters.html
"""

from __future__ import annotations

from sessiontap.apis.reading import Names, ReplyFacts
from sessiontap.untrusted import JsonObject, count, items, obj, objects, text
from sessiontap.usage import Usage

_ANSWERS = ("results", "outputs", "generations", "completions")
_TEXTS = ("outputText", "generation", "completion", "text", "message")
_REASONS = ("completionReason", "stop_reason", "finish_reason", "finishReason")
_VECTORS = ("embedding", "embeddings", "embeddingsByType")
_INPUT_COUNTS = ("inputTextTokenCount", "prompt_token_count")
_OUTPUT_COUNTS = ("totalOutputTextTokenCount", "generation_token_count")


class ModelReader:
    """Folds the objects of one reply. In streams a count is that so far, and the last one stands."""

    __slots__ = ("_finish_reasons", "_images", "_input", "_output", "_response_id", "_tools", "_whole")

    def __init__(self) -> None:
        self._response_id: str | None = None
        self._finish_reasons = Names()
        self._tools = Names()
        self._input: int | None = None
        self._output: int | None = None
        self._images: int | None = None
        self._whole = False

    def feed(self, event: JsonObject) -> bool:
        self._response_id = text(event, "id") or text(event, "generation_id") or self._response_id
        self._input = _first(event, _INPUT_COUNTS, self._input)
        self._output = _first(event, _OUTPUT_COUNTS, self._output)
        for call in objects(event, "tool_calls"):
            self._tools.add(text(call, "name"))
        answers = [event, *(each for name in _ANSWERS for each in objects(event, name))]
        counted = [found for each in answers if (found := count(each, "tokenCount")) is not None]
        self._output = sum(counted) if counted else self._output
        for answer in answers:
            for reason in (_reason(answer, name) for name in _REASONS):
                self._finish_reasons.add(reason, once=True)
        images = items(event, "images")
        self._images = len(images) if images else self._images
        made = bool(images) or any(event.get(name) for name in _VECTORS) or _is_ranking(event)
        self._whole = self._whole or made
        return made or any(_has_text(answer) for answer in answers)

    def facts(self) -> ReplyFacts:
        reasons = self._finish_reasons.all()
        return ReplyFacts(
            response_id=self._response_id,
            finish_reasons=reasons,
            tools=self._tools.all(),
            usage=Usage(input_tokens=self._input, output_tokens=self._output, output_images=self._images),
            complete=self._whole or bool(reasons),
        )


def _first(event: JsonObject, names: tuple[str, ...], known: int | None) -> int | None:
    return next((found for name in names if (found := count(event, name)) is not None), known)


def _reason(answer: JsonObject, name: str) -> str | None:
    # Jurassic wraps it: {"finishReason": {"reason": "endoftext"}}.
    return text(answer, name) or text(obj(answer, name), "reason")


def _has_text(answer: JsonObject) -> bool:
    return any(text(answer, name) for name in _TEXTS) or text(obj(answer, "data"), "text") is not None


def _is_ranking(event: JsonObject) -> bool:
    return any("relevance_score" in each for each in objects(event, "results"))
