"""Gemini's Live API: which turn each message belongs to.

The client begins a turn with a text, the answer of a tool, or the end of what it says; where the provider
hears that end itself, the turn begins with what it answers. https://ai.google.dev/api/live
"""

from __future__ import annotations

from sessiontap.apis.reading import RequestFacts, Step
from sessiontap.untrusted import JsonObject, flag, obj, text

_TURN = "turnComplete"


class LiveSocket:
    """Cuts the messages of one socket into turns, one after the other.

    A turn ends with `turnComplete` and its usage, which stand in one message or in two.
    """

    __slots__ = ("_billed", "_finished", "_model", "_number", "_open")

    def __init__(self) -> None:
        self._number = 0
        self._model: str | None = None
        self._open: str | None = None
        self._finished = False
        self._billed = False

    def sent(self, message: JsonObject) -> list[Step]:
        if setup := obj(message, "setup"):
            # `models/NAME`, on Vertex AI `projects/…/models/NAME`.
            self._model = (text(setup, "model") or "").rpartition("/")[2] or None
        if not _asks(message):
            belongs = self._open is not None and bool(_either(message, "realtimeInput", "realtime_input"))
            return [Step(call=self._open)] if self._open is not None and belongs else []
        ended = self._end_finished()
        if self._open is not None:
            return [Step(call=self._open)]
        return [*ended, self._begin(None)]

    def received(self, message: JsonObject) -> list[Step]:
        content = obj(message, "serverContent")
        billed = bool(obj(message, "usageMetadata"))
        answers = "modelTurn" in content or "outputTranscription" in content or "toolCall" in message
        ended = self._end_finished() if answers else []
        if self._open is None:
            if not answers and not billed:
                return []
            # Usage that comes when the turn is long over is all that there will be.
            event = message if answers else {**message, "serverContent": {**content, _TURN: True}}
            step = self._begin(event)
            self._finished = not answers
        else:
            step = Step(call=self._open, event=message)
        self._billed = self._billed or billed
        self._finished = self._finished or flag(content, _TURN)
        if self._finished and self._billed:
            self._open = None
            step = Step(call=step.call, begins=step.begins, event=step.event, ends=True)
        return [*ended, step]

    def _begin(self, event: JsonObject | None) -> Step:
        self._number += 1
        self._open = str(self._number)
        self._finished = self._billed = False
        return Step(call=self._open, begins=RequestFacts(model=self._model, stream=True), event=event)

    def _end_finished(self) -> list[Step]:
        """Ends a turn that still waited for its usage: the next one begins."""
        if self._open is None or not self._finished:
            return []
        step = Step(call=self._open, ends=True)
        self._open = None
        return [step]


def _asks(message: JsonObject) -> bool:
    """True where the client's message asks for an answer. SDKs write the names in either way."""
    content = _either(message, "clientContent", "client_content")
    spoken = _either(message, "realtimeInput", "realtime_input")
    return (
        flag(content, _TURN)
        or flag(content, "turn_complete")
        or bool(_either(message, "toolResponse", "tool_response"))
        or bool(text(spoken, "text"))
        or "activityEnd" in spoken
        or "activity_end" in spoken
    )


def _either(message: JsonObject, camel: str, snake: str) -> JsonObject:
    return obj(message, camel) or obj(message, snake)
