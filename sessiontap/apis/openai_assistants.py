"""openai.assistants: runs of the Assistants API, streamed or polled.

https://platform.openai.com/docs/api-reference/runs
"""

from __future__ import annotations

from sessiontap.apis.openai_usage import read_usage
from sessiontap.apis.reading import Api, ErrorFacts, Names, ReplyFacts, plain_request, read_error
from sessiontap.untrusted import JsonObject, obj, objects, text
from sessiontap.usage import Usage

_PENDING = frozenset({"queued", "in_progress", "requires_action", "cancelling"})


class RunReader:
    """Folds a run's events; a plain run object is the state at that moment.

    The events of a stream are run, step, message and delta objects, told apart by `object`.
    Usage is in the ended run only.
    """

    __slots__ = ("_error", "_run", "_tools")

    def __init__(self) -> None:
        self._run: JsonObject = {}
        self._error: ErrorFacts | None = None
        self._tools = Names()

    def feed(self, event: JsonObject) -> bool:
        kind = text(event, "object") or ""
        self._error = read_error(event) or self._error
        if kind == "thread.run":
            self._run = event
            if last := obj(event, "last_error"):
                self._error = ErrorFacts(text(last, "code") or "error", text(last, "message"))
            calls = objects(obj(event, "required_action", "submit_tool_outputs"), "tool_calls")
            for call in calls:
                self._tools.add(text(obj(call, "function"), "name"), once=True)
        return kind.endswith(".delta")

    def facts(self) -> ReplyFacts:
        status = text(self._run, "status")
        usage = obj(self._run, "usage")
        pending = status in _PENDING
        return ReplyFacts(
            model=text(self._run, "model"),
            response_id=text(self._run, "id"),
            finish_reasons=(status,) if status and not pending else (),
            tools=self._tools.all(),
            usage=read_usage(usage) if usage else Usage(),
            error=self._error,
            complete=status is not None and not pending,
            pending=pending,
        )


RUNS = Api(name="openai.assistants", operation="chat", reader=RunReader, read_request=plain_request)
