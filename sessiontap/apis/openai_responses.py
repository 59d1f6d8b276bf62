"""openai.responses: the Responses API, plain, streamed, in the background, and compaction.

https://platform.openai.com/docs/api-reference/responses
"""

from __future__ import annotations

from decimal import Decimal
from functools import reduce
from operator import add

import msgspec

from sessiontap.apis.openai_image_usage import read_drawn
from sessiontap.apis.openai_usage import read_usage
from sessiontap.apis.reading import Api, ErrorFacts, Names, ReplyFacts, plain_request, read_error
from sessiontap.apis.responses_socket import ResponsesSocket
from sessiontap.apis.stated_cost import latest_cost
from sessiontap.call import UsagePart
from sessiontap.untrusted import JsonObject, count, obj, objects, text
from sessiontap.usage import Usage

_TERMINAL = frozenset({"response.completed", "response.incomplete", "response.failed", "response.cancelled"})
_OUTPUT = (".delta", ".partial_image")
_PENDING = frozenset({"queued", "in_progress"})
_TOOL_CALLS = {
    "function_call": None,
    "custom_tool_call": None,
    "mcp_call": None,
    "web_search_call": "web_search",
    "file_search_call": "file_search",
    "code_interpreter_call": "code_interpreter",
    "image_generation_call": "image_generation",
    "computer_call": "computer_use",
    "local_shell_call": "local_shell",
    "shell_call": "shell",
    "apply_patch_call": "apply_patch",
}


class ResponsesReader:
    """Folds `response.*` events; a plain response object is the last state of a stream.

    Only the terminal event carries usage. Output counts from the first delta. What a tool drew is billed at
    its own model, beside the usage.
    """

    __slots__ = ("_complete", "_cost", "_error", "_response", "_streamed_tools")

    def __init__(self) -> None:
        self._response: JsonObject = {}
        self._error: ErrorFacts | None = None
        self._cost: Decimal | None = None
        self._complete = False
        self._streamed_tools = Names()

    def feed(self, event: JsonObject) -> bool:
        kind = text(event, "type") or ""
        self._cost = latest_cost(self._cost, event, obj(event, "response"))
        if "object" in event or not kind:
            return self._read_plain(event)
        if kind == "error":
            self._error = read_error(event) or ErrorFacts(
                text(event, "code") or "error", text(event, "message")
            )
            return False
        if response := obj(event, "response"):
            self._response = response
            self._error = read_error(response) or self._error
            self._complete = kind in _TERMINAL
        if kind == "response.output_item.done":
            self._streamed_tools.add(_tool_name(obj(event, "item")))
        return kind.endswith(_OUTPUT)

    def _read_plain(self, event: JsonObject) -> bool:
        self._error = read_error(event) or self._error
        if "object" in event:
            self._response = event
        self._complete = bool(self._response) and text(self._response, "status") not in _PENDING
        return bool(objects(event, "output"))

    def facts(self) -> ReplyFacts:
        response = self._response
        output = objects(response, "output")
        tools = Names()
        for item in output:
            tools.add(_tool_name(item))
        reason = text(obj(response, "incomplete_details"), "reason") or text(response, "status")
        usage = obj(response, "usage")
        billed = _with_tools(read_usage(usage), response, output) if usage else Usage()
        drawn = read_drawn(response)
        parts = (UsagePart(model=text(response, "model") or "", usage=billed), *drawn) if drawn else ()
        return ReplyFacts(
            model=text(response, "model"),
            response_id=text(response, "id"),
            finish_reasons=(reason,) if reason and self._complete else (),
            tools=tools.all() or self._streamed_tools.all(),
            usage=reduce(add, (part.usage for part in parts)) if parts else billed,
            usage_parts=parts,
            service_tier=text(response, "service_tier"),
            cost_usd=self._cost,
            error=self._error,
            complete=self._complete,
            pending=response.get("background") is True and text(response, "status") in _PENDING,
        )


def _tool_name(item: JsonObject) -> str | None:
    kind = text(item, "type") or ""
    return text(item, "name") or _TOOL_CALLS[kind] if kind in _TOOL_CALLS else None


def _with_tools(usage: Usage, response: JsonObject, output: list[JsonObject]) -> Usage:
    """The usage with the counts of the tools that are billed by the call.

    `tool_usage.web_search.num_requests` is the billable count; where neither it nor the usage says one, every
    `search` action of a `web_search_call` is one (opening and finding in a page are not billed).
    A code interpreter's container is billed by its time and may serve many calls: no reply says what it cost.
    """
    searches = count(obj(response, "tool_usage", "web_search"), "num_requests")
    if searches is None:
        searches = usage.web_search_requests
    if searches is None:
        searches = usage.web_search_requests
    if searches is None:
        actions = [obj(item, "action") for item in output if item.get("type") == "web_search_call"]
        searches = sum(text(action, "type") in {"search", None} for action in actions) or None
    files = usage.file_search_requests
    if files is None:
        files = usage.file_search_requests
    if files is None:
        files = sum(item.get("type") == "file_search_call" for item in output) or None
    return msgspec.structs.replace(usage, web_search_requests=searches, file_search_requests=files)


RESPONSES = Api(
    name="openai.responses",
    operation="chat",
    reader=ResponsesReader,
    read_request=plain_request,
    socket=ResponsesSocket,
)
