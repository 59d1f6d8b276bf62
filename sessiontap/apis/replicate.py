"""replicate.predictions: a prediction of Replicate's, as it is made, awaited and polled.

https://replicate.com/docs/topics/predictions and https://replicate.com/docs/reference/http
"""

from __future__ import annotations

from sessiontap.apis.reading import Api, ErrorFacts, ReplyFacts, RequestFacts, read_error
from sessiontap.untrusted import JsonObject, count, obj, text
from sessiontap.usage import Usage

_ENDED = frozenset({"succeeded", "failed", "canceled", "aborted"})


class PredictionReader:
    """Reads a prediction's state at one moment.

    The metrics of a language model count its tokens; others only take time, and of them no usage is known.
    A prediction that was waited for may have its output before its end.
    """

    __slots__ = ("_error", "_prediction")

    def __init__(self) -> None:
        self._prediction: JsonObject = {}
        self._error: ErrorFacts | None = None

    def feed(self, event: JsonObject) -> bool:
        status = text(event, "status")
        if status is None:
            # A refusal is a problem document, whose `status` is a number.
            self._error = read_error(event) or self._error
            return False
        self._prediction = event
        if status == "failed":
            self._error = ErrorFacts("failed", text(event, "error"))
        return bool(event.get("output"))

    def facts(self) -> ReplyFacts:
        prediction = self._prediction
        status, metrics = text(prediction, "status"), obj(prediction, "metrics")
        ended = status in _ENDED
        whole = ended or bool(prediction.get("output"))
        return ReplyFacts(
            model=text(prediction, "model"),
            response_id=text(prediction, "id"),
            finish_reasons=(status,) if status and ended else (),
            usage=Usage(
                input_tokens=count(metrics, "input_token_count"),
                output_tokens=count(metrics, "output_token_count"),
            ),
            error=self._error,
            complete=whole,
            pending=bool(prediction) and not whole,
        )


def read_request(body: JsonObject) -> RequestFacts:
    """The request's facts. `stream` asks for the address of a stream, which this reply is not."""
    return RequestFacts(model=text(body, "version"))


PREDICTIONS = Api(
    name="replicate.predictions",
    operation="prediction",
    reader=PredictionReader,
    read_request=read_request,
)
