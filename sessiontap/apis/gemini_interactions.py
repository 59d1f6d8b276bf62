"""gemini.interactions: the Interactions API of models and agents: plain, streamed, in the background.

https://ai.google.dev/api/interactions-api and https://ai.google.dev/gemini-api/docs/streaming
"""

from __future__ import annotations

from sessiontap.apis.gemini_usage import read_interaction_usage
from sessiontap.apis.reading import Api, ErrorFacts, Names, ReplyFacts, RequestFacts, read_error
from sessiontap.untrusted import JsonObject, flag, obj, objects, text
from sessiontap.usage import Usage

_UNDER_WAY = frozenset({"queued", "in_progress"})
_FAILED = frozenset({"failed"})
_CALL = "_call"


class InteractionsReader:
    """Folds the events of a stream; a plain interaction is its last state.

    The usage of the last event counts; what stands beside earlier ones is an interim figure, and may be
    larger. The first version of the API wrote `outputs` for steps and `interaction.complete` for the end.
    """

    __slots__ = ("_complete", "_error", "_interaction", "_plain", "_tools", "_usage")

    def __init__(self) -> None:
        self._interaction: JsonObject = {}
        self._usage: JsonObject = {}
        self._error: ErrorFacts | None = None
        self._tools = Names()
        self._complete = False
        self._plain = False

    def feed(self, event: JsonObject) -> bool:
        kind = text(event, "event_type") or ""
        self._error = read_error(event) or self._error
        if not kind:
            return self._read_plain(event)
        self._plain = False
        interaction = obj(event, "interaction")
        if interaction:
            # The last one may leave out what the first one said.
            self._interaction = self._interaction | interaction
            self._error = read_error(interaction) or self._error
            self._complete = kind in {"interaction.completed", "interaction.complete"}
        self._usage = (
            obj(interaction, "usage")
            or obj(event, "usage")
            or obj(event, "metadata", "total_usage")
            or obj(event, "metadata", "usage")
            or self._usage
        )
        if kind == "step.start":
            self._tools.add(_tool_name(obj(event, "step")))
        return kind.endswith(".delta")

    def _read_plain(self, event: JsonObject) -> bool:
        status = text(event, "status")
        if "error" in event and status is None:
            return False
        self._plain = True
        self._interaction = event
        self._usage = obj(event, "usage")
        self._complete = status is not None and status not in _UNDER_WAY
        steps = objects(event, "steps") or objects(event, "outputs")
        for step in steps:
            self._tools.add(_tool_name(step))
        return any(step.get("type") != "user_input" for step in steps)

    def facts(self) -> ReplyFacts:
        status = text(self._interaction, "status")
        error = self._error
        if error is None and status in _FAILED:
            error = ErrorFacts("failed", None)
        return ReplyFacts(
            model=text(self._interaction, "model") or text(self._interaction, "agent"),
            response_id=text(self._interaction, "id"),
            finish_reasons=(status,) if status and self._complete else (),
            tools=self._tools.all(),
            usage=read_interaction_usage(self._usage) if self._usage else Usage(),
            service_tier=text(self._interaction, "service_tier"),
            error=error,
            complete=self._complete,
            pending=self._plain and status in _UNDER_WAY,
        )


def _tool_name(step: JsonObject) -> str | None:
    """The function's name, or which of Google's own tools was called."""
    kind = text(step, "type") or ""
    return text(step, "name") or kind.removesuffix(_CALL) if kind.endswith(_CALL) else None


def read_request(body: JsonObject) -> RequestFacts:
    """The model or the agent that is asked, and whether for a stream."""
    return RequestFacts(model=text(body, "model") or text(body, "agent"), stream=flag(body, "stream"))


INTERACTIONS = Api(
    name="gemini.interactions",
    operation="generate_content",
    reader=InteractionsReader,
    read_request=read_request,
)
