"""vertex.embeddings, vertex.images, vertex.long_running: `predict` of Google's embedding and media models.

https://cloud.google.com/vertex-ai/generative-ai/docs/model-reference/text-embeddings-api, …/imagen-api
and …/veo-video-generation
"""

from __future__ import annotations

from sessiontap.apis.gemini_generate_content import read_request
from sessiontap.apis.reading import Api, ErrorFacts, ReplyFacts, read_error
from sessiontap.semconv import Operation
from sessiontap.untrusted import JsonObject, count, obj, objects, text
from sessiontap.usage import Usage

_IMAGE = ("bytesBase64Encoded", "gcsUri")


class PredictReader:
    """Reads the one object that a `predict` call answers.

    Text embeddings count the tokens of each input, those of other media count nothing; an image is billed
    by the piece. A video is made in the background: the reply is the operation's name, and its length,
    which is what it is billed by, stands nowhere.
    """

    __slots__ = ("_error", "_operation", "_predictions")

    def __init__(self) -> None:
        self._error: ErrorFacts | None = None
        self._operation: str | None = None
        self._predictions: list[JsonObject] = []

    def feed(self, event: JsonObject) -> bool:
        self._error = read_error(event) or self._error
        self._operation = text(event, "name") or self._operation
        self._predictions = objects(event, "predictions") or self._predictions
        return bool(self._predictions)

    def facts(self) -> ReplyFacts:
        statistics = [obj(each, "embeddings", "statistics") for each in self._predictions]
        tokens = [found for each in statistics if (found := count(each, "token_count")) is not None]
        # What the safety filter kept back is listed too, without a picture, and is not billed.
        images = sum(any(text(each, key) for key in _IMAGE) for each in self._predictions)
        return ReplyFacts(
            response_id=self._operation,
            usage=Usage(input_tokens=sum(tokens) if tokens else None, output_images=images or None),
            error=self._error,
            complete=bool(self._predictions or self._operation),
        )


def _api(name: str, operation: Operation) -> Api:
    return Api(name=name, operation=operation, reader=PredictReader, read_request=read_request)


PREDICT_EMBEDDINGS = _api("vertex.embeddings", "embeddings")
PREDICT_IMAGES = _api("vertex.images", "image_generation")
PREDICT_LONG_RUNNING = _api("vertex.long_running", "prediction")
