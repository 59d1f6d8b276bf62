"""bedrock.agent: InvokeAgent and InvokeInlineAgent, one call of which asks models several times.

Only a trace (`enableTrace` in the request) tells the tokens and the models.
https://docs.aws.amazon.com/bedrock/latest/APIReference/API_agent-runtime_InvokeAgent.html
"""

from __future__ import annotations

from sessiontap.apis.bedrock_reply import read_aws_error, read_headers
from sessiontap.apis.bedrock_usage import read_usage
from sessiontap.apis.reading import Api, ErrorFacts, Names, ReplyFacts, RequestFacts
from sessiontap.call import UsagePart
from sessiontap.untrusted import JsonObject, label, obj, text
from sessiontap.usage import Usage

_MOST_PARTS = 1000


class AgentReader:
    """Folds the events of the stream: `chunk` is the agent's answer, `trace` one step on the way to it.

    A step tells the model before its tokens, in another event of the same trace id. The steps' tokens sum
    to the call's; the stream has no mark of its end, so an ending of the connection is all there is.
    """

    __slots__ = ("_all_named", "_answered", "_error", "_models", "_parts", "_tools", "_usage")

    def __init__(self) -> None:
        self._models: dict[str, str] = {}
        self._parts: list[UsagePart] = []
        self._all_named = True
        self._usage = Usage()
        self._tools = Names()
        self._answered = False
        self._error: ErrorFacts | None = None

    def feed(self, event: JsonObject) -> bool:
        self._error = read_aws_error(event) or self._error
        for step in obj(event, "trace", "trace").values():
            self._read_step(step)
        self._answered = self._answered or "chunk" in event or "returnControl" in event
        return "chunk" in event

    def _read_step(self, step: object) -> None:
        asked = obj(step, "modelInvocationInput")
        trace_id, model = text(asked, "traceId"), text(asked, "foundationModel")
        if trace_id and model and len(self._models) < _MOST_PARTS:
            self._models[trace_id] = model
        self._tools.add(text(obj(step, "invocationInput", "actionGroupInvocationInput"), "function"))
        answered = obj(step, "modelInvocationOutput")
        usage = read_usage(obj(answered, "metadata", "usage"))
        if not usage:
            return
        self._usage += usage
        model = label(self._models.get(text(answered, "traceId") or ""))
        if model is None or len(self._parts) == _MOST_PARTS:
            self._all_named = False
        else:
            self._parts.append(UsagePart(model=model, usage=usage))

    def facts(self) -> ReplyFacts:
        return ReplyFacts(
            model=self._parts[-1].model if self._parts else None,
            tools=self._tools.all(),
            usage=self._usage,
            # Parts sum to the whole, or there are none.
            usage_parts=tuple(self._parts) if self._all_named else (),
            error=self._error,
            complete=self._answered,
        )


def read_request(body: JsonObject) -> RequestFacts:
    """The request's facts: only an inline agent brings its model along."""
    return RequestFacts(model=text(body, "foundationModel"))


INVOKE_AGENT = Api(
    name="bedrock.agent",
    operation="chat",
    reader=AgentReader,
    read_request=read_request,
    read_headers=read_headers,
)
