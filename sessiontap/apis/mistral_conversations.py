"""mistral.conversations: Mistral's agents with their connectors, plain and streamed.

https://docs.mistral.ai/api/endpoint/beta/conversations
"""

from __future__ import annotations

from sessiontap.apis.openai_usage import read_usage
from sessiontap.apis.reading import Api, ErrorFacts, Names, ReplyFacts, plain_request, read_error
from sessiontap.untrusted import JsonObject, count, obj, objects, text
from sessiontap.usage import Usage

_TOOLS = frozenset({"function.call", "function.call.delta", "tool.execution", "tool.execution.started"})
_LAST = frozenset({"conversation.response", "conversation.response.done"})


class ConversationReader:
    """Folds the events of one turn; a plain reply is one object with all that the turn put out.

    A conversation's id is that of all its turns, so it is no reply's. A turn may pass through several
    agents; the model is that of the last.
    """

    __slots__ = ("_complete", "_error", "_model", "_named", "_tools", "_usage")

    def __init__(self) -> None:
        self._model: str | None = None
        self._error: ErrorFacts | None = None
        self._usage = Usage()
        self._tools = Names()
        self._named: str | None = None
        self._complete = False

    def feed(self, event: JsonObject) -> bool:
        kind = text(event, "type") or text(event, "object") or ""
        if kind == "conversation.response.error":
            code = count(event, "code")
            self._error = ErrorFacts("error" if code is None else str(code), text(event, "message"))
            return False
        self._error = read_error(event) or self._error
        if usage := obj(event, "usage"):
            self._usage = read_usage(usage)
        self._complete = self._complete or kind in _LAST
        outputs = [self._read_entry(entry) for entry in [event, *objects(event, "outputs")]]
        return any(outputs)

    def _read_entry(self, entry: JsonObject) -> bool:
        kind = text(entry, "type")
        self._model = text(entry, "model") or self._model
        if kind in _TOOLS:
            # Every delta of a call has its name.
            call = text(entry, "tool_call_id") or text(entry, "id")
            if call is None or call != self._named:
                self._tools.add(text(entry, "name"))
            self._named = call
        return bool(entry.get("content") or entry.get("arguments"))

    def facts(self) -> ReplyFacts:
        return ReplyFacts(
            model=self._model,
            tools=self._tools.all(),
            usage=self._usage,
            error=self._error,
            complete=self._complete,
        )


MISTRAL_CONVERSATIONS = Api(
    name="mistral.conversations", operation="chat", reader=ConversationReader, read_request=plain_request
)
