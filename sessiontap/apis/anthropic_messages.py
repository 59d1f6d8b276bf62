"""anthropic.messages: the Messages API, plain and streamed, at Anthropic and at those who resell it.

https://docs.anthropic.com/en/api/messages and https://docs.anthropic.com/en/api/messages-streaming
"""

from __future__ import annotations

from decimal import Decimal

from sessiontap.apis.anthropic_usage import read_parts, read_usage
from sessiontap.apis.reading import (
    Api,
    ErrorFacts,
    Names,
    ReplyFacts,
    RequestFacts,
    plain_request,
    read_error,
)
from sessiontap.apis.stated_cost import latest_cost
from sessiontap.untrusted import JsonObject, obj, objects, text

_TOOL_BLOCKS = frozenset({"tool_use", "server_tool_use", "mcp_tool_use"})


class MessagesReader:
    """Folds message events; a plain message is one event.

    `message_delta.usage` is cumulative and replaces `message_start.usage` field by field, in both
    directions: a server-side tool loop grows the input, a compaction shrinks the cached part.
    """

    __slots__ = (
        "_complete",
        "_cost",
        "_error",
        "_first_usage",
        "_message",
        "_stop_reason",
        "_tools",
        "_usage",
    )

    def __init__(self) -> None:
        self._message: JsonObject = {}
        self._first_usage: JsonObject = {}
        self._usage: JsonObject = {}
        self._stop_reason: str | None = None
        self._error: ErrorFacts | None = None
        self._cost: Decimal | None = None
        self._tools = Names()
        self._complete = False

    def feed(self, event: JsonObject) -> bool:
        kind = text(event, "type")
        self._cost = latest_cost(self._cost, event)
        if kind == "message":
            self._start(event)
            self._complete = text(event, "stop_reason") is not None
            return bool(objects(event, "content"))
        if kind == "message_start":
            self._start(obj(event, "message"))
        elif kind == "message_delta":
            self._stop_reason = text(obj(event, "delta"), "stop_reason") or self._stop_reason
            self._usage.update({k: v for k, v in obj(event, "usage").items() if v is not None})
        elif kind == "message_stop":
            self._complete = True
        elif kind == "content_block_start":
            self._add_tool(obj(event, "content_block"))
        elif kind == "content_block_delta":
            return True
        else:
            self._error = read_error(event) or self._error
        return False

    def _start(self, message: JsonObject) -> None:
        self._message = message
        self._stop_reason = text(message, "stop_reason")
        self._first_usage = obj(message, "usage")
        self._usage = dict(self._first_usage)
        for block in objects(message, "content"):
            self._add_tool(block)

    def _add_tool(self, block: JsonObject) -> None:
        if block.get("type") in _TOOL_BLOCKS:
            self._tools.add(text(block, "name"))

    def facts(self) -> ReplyFacts:
        model = text(self._message, "model")
        parts = read_parts(self._usage, model)
        return ReplyFacts(
            model=model,
            response_id=text(self._message, "id"),
            finish_reasons=(self._stop_reason,) if self._stop_reason else (),
            tools=self._tools.all(),
            usage=read_usage(self._usage, self._first_usage, parts),
            usage_parts=parts,
            service_tier=_service_tier(self._usage),
            region=_region(self._usage),
            cost_usd=self._cost,
            error=self._error,
            complete=self._complete,
        )


def _service_tier(usage: JsonObject) -> str | None:
    """What decides the rates: fast mode is billed at rates of its own, whichever tier it runs in."""
    return "fast" if usage.get("speed") == "fast" else text(usage, "service_tier")


def _region(usage: JsonObject) -> str | None:
    """Where the model ran (https://platform.claude.com/docs/en/manage-claude/data-residency)."""
    geo = text(usage, "inference_geo")
    return None if geo == "not_available" else geo


def read_request(body: JsonObject) -> RequestFacts:
    """The request's facts. `metadata.user_id` is the caller's opaque user, so it is not shown as one."""
    plain = plain_request(body)
    return RequestFacts(model=plain.model, stream=plain.stream)


MESSAGES = Api(name="anthropic.messages", operation="chat", reader=MessagesReader, read_request=read_request)
