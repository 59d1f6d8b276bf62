"""bedrock.invoke: InvokeModel and InvokeModelWithResponseStream, whose bodies are each model's own.

https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_InvokeModel.html and
https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_InvokeModelWithResponseStream.html
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import replace

import msgspec

from sessiontap.apis.anthropic_messages import MessagesReader
from sessiontap.apis.bedrock_converse import ConverseReader
from sessiontap.apis.bedrock_models import ModelReader
from sessiontap.apis.bedrock_reply import read_aws_error, read_headers, read_request
from sessiontap.apis.bedrock_usage import read_metrics
from sessiontap.apis.openai_chat import ChatReader
from sessiontap.apis.reading import Api, ErrorFacts, ReplyFacts, ReplyReader, RequestFacts
from sessiontap.semconv import Operation
from sessiontap.untrusted import JsonObject, items, obj, objects, text
from sessiontap.usage import Usage

_MESSAGES = ("message", "message_start", "content_block_start", "content_block_delta", "message_delta")
_NOVA = ("output", "messageStart", "contentBlockStart", "contentBlockDelta", "messageStop", "metadata")
_METRICS = "amazon-bedrock-invocationMetrics"
# A guardrail's trace stands in the last chunk, also where the guardrail kept the model from being asked.
_TRACE = "amazon-bedrock-trace"
_DOCUMENTS_A_SEARCH = 100


class InvokeReader:
    """Takes the model's own objects out of the stream and has them read by the shape that they have.

    A plain reply is one object. The metrics that end a stream repeat the model's own counts, and so
    only fill in what the model leaves unknown.
    """

    __slots__ = ("_complete", "_error", "_inner", "_metrics", "_recognised")

    def __init__(self) -> None:
        self._inner: ReplyReader = ModelReader()
        self._recognised = False
        self._error: ErrorFacts | None = None
        self._metrics = Usage()
        self._complete = False

    def feed(self, event: JsonObject) -> bool:
        if "chunk" not in event:
            return self._read(event)
        inner = _decoded(obj(event, "chunk"))
        return inner is not None and self._read(inner)

    def _read(self, said: JsonObject) -> bool:
        if error := read_aws_error(said):
            self._error = error
            return False
        if metrics := obj(said, _METRICS):
            self._metrics = read_metrics(metrics)
        self._complete = self._complete or bool(metrics) or _TRACE in said
        if not self._recognised and (reader := _reader_of(said)) is not None:
            self._inner, self._recognised = reader(), True
        return self._inner.feed(_with_finish_reasons(said) if isinstance(self._inner, ChatReader) else said)

    def facts(self) -> ReplyFacts:
        facts = self._inner.facts()
        return replace(
            facts.filled_in_by(ReplyFacts(usage=self._metrics)),
            error=self._error or facts.error,
            complete=self._complete or facts.complete,
        )


def _decoded(chunk: JsonObject) -> JsonObject | None:
    """The object that a chunk carries in base64; None where it carries none."""
    try:
        carried = base64.b64decode(text(chunk, "bytes") or "", validate=True)
        found: object = msgspec.json.decode(carried)
    # ValueError is what is no base64, no UTF-8 or no JSON.
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _reader_of(said: JsonObject) -> Callable[[], ReplyReader] | None:
    """Who reads a reply with this object in it; None where it shows no shape that many models share."""
    if text(said, "type") in _MESSAGES:
        return MessagesReader
    if any(isinstance(said.get(name), dict) for name in _NOVA):
        return ConverseReader
    if isinstance(said.get("choices"), list):
        return ChatReader
    return None


def _with_finish_reasons(said: JsonObject) -> JsonObject:
    """A completion in OpenAI's shape throughout: some models write `stop_reason` for `finish_reason`."""
    choices = [
        {**choice, "finish_reason": text(choice, "finish_reason") or text(choice, "stop_reason")}
        for choice in objects(said, "choices")
    ]
    return {**said, "choices": choices}


def _read_ranking(body: JsonObject) -> RequestFacts:
    """A ranking is billed by the search; a search covers up to a hundred documents.

    https://aws.amazon.com/bedrock/pricing/ (Cohere Rerank, Amazon Rerank)
    """
    documents = len(items(body, "documents"))
    searches = -(-documents // _DOCUMENTS_A_SEARCH)
    return RequestFacts(usage=Usage(search_units=searches or None))


def _api(name: str, operation: Operation) -> Api:
    return Api(
        name=name,
        operation=operation,
        reader=InvokeReader,
        read_request=read_request,
        read_headers=read_headers,
    )


INVOKE = _api("bedrock.invoke", "chat")
INVOKE_EMBEDDINGS = _api("bedrock.embeddings", "embeddings")
INVOKE_IMAGES = _api("bedrock.images", "image_generation")
INVOKE_RERANK = replace(
    _api("bedrock.rerank", "rerank"), read_request=_read_ranking, long_fields=frozenset({"documents"})
)
