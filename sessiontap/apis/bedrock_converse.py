"""bedrock.converse: Converse and ConverseStream.

https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html and
https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ConverseStream.html
"""

from __future__ import annotations

from decimal import Decimal

from sessiontap.apis.bedrock_reply import read_aws_error, read_headers, read_request, service_tier
from sessiontap.apis.bedrock_usage import read_usage
from sessiontap.apis.reading import Api, ErrorFacts, Names, ReplyFacts
from sessiontap.apis.stated_cost import latest_cost
from sessiontap.untrusted import JsonObject, obj, objects, text
from sessiontap.usage import Usage


class ConverseReader:
    """Folds the events of ConverseStream, each `{"<type>": {...}}`; a plain reply is one event.

    Amazon Nova's own format, behind InvokeModel, is the same in all that is read here. No reply names
    its model. The last event of a stream, `metadata`, brings the usage.
    """

    __slots__ = ("_cost", "_ended", "_error", "_service_tier", "_stop_reason", "_tools", "_usage")

    def __init__(self) -> None:
        self._stop_reason: str | None = None
        self._usage = Usage()
        self._cost: Decimal | None = None
        self._ended = False
        self._service_tier: str | None = None
        self._error: ErrorFacts | None = None
        self._tools = Names()

    def feed(self, event: JsonObject) -> bool:
        if stop_reason := text(event, "stopReason"):
            return self._read_whole(event, stop_reason)
        self._error = read_aws_error(event) or self._error
        self._stop_reason = text(obj(event, "messageStop"), "stopReason") or self._stop_reason
        self._tools.add(text(obj(event, "contentBlockStart", "start", "toolUse"), "name"))
        if metadata := obj(event, "metadata"):
            self._read_end(metadata)
        return bool(obj(event, "contentBlockDelta", "delta"))

    def _read_whole(self, reply: JsonObject, stop_reason: str) -> bool:
        self._stop_reason = stop_reason
        self._read_end(reply)
        content = objects(obj(reply, "output", "message"), "content")
        for block in content:
            self._tools.add(text(obj(block, "toolUse"), "name"))
        return bool(content)

    def _read_end(self, said: JsonObject) -> None:
        self._ended = True
        self._usage = read_usage(obj(said, "usage"))
        self._cost = latest_cost(self._cost, said)
        self._service_tier = service_tier(
            text(obj(said, "serviceTier"), "type"), text(obj(said, "performanceConfig"), "latency")
        )

    def facts(self) -> ReplyFacts:
        return ReplyFacts(
            finish_reasons=(self._stop_reason,) if self._stop_reason else (),
            tools=self._tools.all(),
            usage=self._usage,
            service_tier=self._service_tier,
            cost_usd=self._cost,
            error=self._error,
            complete=self._ended and self._stop_reason is not None,
        )


CONVERSE = Api(
    name="bedrock.converse",
    operation="chat",
    reader=ConverseReader,
    read_request=read_request,
    read_headers=read_headers,
)
