"""openai.realtime: the Realtime API over a WebSocket, also as Azure and xAI serve it.

Each response is a call of its own; so is each transcription of the user's speech, which another model makes.
https://platform.openai.com/docs/api-reference/realtime
"""

from __future__ import annotations

from sessiontap.apis.openai_audio import read_transcription_usage
from sessiontap.apis.openai_realtime_socket import RealtimeSocket
from sessiontap.apis.reading import Api, ErrorFacts, Names, ReplyFacts, plain_request, read_error
from sessiontap.untrusted import JsonObject, obj, objects, text
from sessiontap.usage import Usage

_TRANSCRIPTION = "conversation.item.input_audio_transcription."
_TOOL_CALLS = frozenset({"function_call", "mcp_call"})


class RealtimeReader:
    """Folds the events of one response, or of one transcription.

    Only `response.done` carries usage: in the response, from xAI beside it. The model stands in the session,
    which the socket's router puts into an event.
    """

    __slots__ = ("_complete", "_error", "_item_id", "_model", "_response", "_usage")

    def __init__(self) -> None:
        self._model: str | None = None
        self._response: JsonObject = {}
        self._item_id: str | None = None
        self._usage: JsonObject = {}
        self._error: ErrorFacts | None = None
        self._complete = False

    def feed(self, event: JsonObject) -> bool:
        kind = text(event, "type") or ""
        self._model = text(obj(event, "session"), "model") or self._model
        self._error = read_error(event) or self._error
        if kind.startswith(_TRANSCRIPTION):
            self._item_id = text(event, "item_id") or self._item_id
            self._complete = kind.endswith(".completed")
            self._usage = obj(event, "usage") or self._usage
        elif response := obj(event, "response"):
            self._response = response
            self._complete = kind == "response.done"
            self._usage = obj(response, "usage") or obj(event, "usage")
            self._error = read_error(obj(response, "status_details")) or self._error
        return kind.endswith(".delta")

    def facts(self) -> ReplyFacts:
        response = self._response
        tools = Names()
        for item in objects(response, "output"):
            tools.add(text(item, "name") if text(item, "type") in _TOOL_CALLS else None)
        reason = text(obj(response, "status_details"), "reason") or text(response, "status")
        return ReplyFacts(
            model=self._model,
            response_id=text(response, "id") or self._item_id,
            finish_reasons=(reason,) if reason and self._complete else (),
            tools=tools.all(),
            usage=read_transcription_usage(self._usage) if self._usage else Usage(),
            error=self._error,
            complete=self._complete,
        )


REALTIME = Api(
    name="openai.realtime",
    operation="realtime",
    reader=RealtimeReader,
    read_request=plain_request,
    socket=RealtimeSocket,
)
