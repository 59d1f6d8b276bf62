"""The Realtime API: which of a socket's calls each message belongs to.

The client's `response.create` begins a response, or the provider does so itself when the user has stopped
speaking. https://platform.openai.com/docs/api-reference/realtime
"""

from __future__ import annotations

from collections import deque

from sessiontap.apis.reading import RequestFacts, Step
from sessiontap.recent import Recent
from sessiontap.untrusted import JsonObject, obj, text

_MOST_OPEN = 256
_TRANSCRIPTION = "conversation.item.input_audio_transcription."
# Errors that answer another message of the client's than `response.create`.
_OTHER_CODES = ("response_cancel", "item", "input_audio_buffer", "session")


class RealtimeSocket:
    """Cuts the messages of one socket into responses and transcriptions.

    A transcription is a call only where the provider reports usage, or an error, for it.
    """

    __slots__ = ("_asked", "_model", "_number", "_responses", "_transcribed", "_transcriber")

    def __init__(self) -> None:
        self._number = 0
        self._model: str | None = None
        self._transcriber: str | None = None
        # The calls that the client has begun and no response has been created for: call, event_id.
        self._asked: deque[tuple[str, str | None]] = deque(maxlen=_MOST_OPEN)
        self._responses: Recent[str, str] = Recent(_MOST_OPEN)
        self._transcribed: Recent[str, str] = Recent(_MOST_OPEN)

    def sent(self, message: JsonObject) -> list[Step]:
        kind = text(message, "type")
        if kind == "response.create":
            call = self._new_call()
            self._asked.append((call, text(message, "event_id")))
            return [Step(call=call, begins=RequestFacts(stream=True))]
        self._read_transcriber(message)
        return []

    def received(self, message: JsonObject) -> list[Step]:
        kind = text(message, "type") or ""
        if kind.startswith("response."):
            return self._response(kind, message)
        if kind.startswith(_TRANSCRIPTION) or kind == "input_audio_buffer.committed":
            return self._transcription(kind, message)
        if kind == "error":
            return self._refused(message)
        if session := obj(message, "session"):
            self._model = text(session, "model") or self._model
            self._read_transcriber(message)
        return []

    def _response(self, kind: str, message: JsonObject) -> list[Step]:
        response_id = text(message, "response_id") or text(obj(message, "response"), "id") or ""
        call = self._responses.get(response_id)
        begins = None
        if call is None:
            if kind not in {"response.created", "response.done"}:
                return []
            if self._asked:
                call, _ = self._asked.popleft()
            else:
                call, begins = self._new_call(), RequestFacts(stream=True)
            self._responses.put(response_id, call)
        ends = kind == "response.done"
        if ends:
            self._responses.take(response_id)
        event = {**message, "session": {"model": self._model}} if "response" in message else message
        return [Step(call=call, begins=begins, event=event, ends=ends)]

    def _transcription(self, kind: str, message: JsonObject) -> list[Step]:
        item_id = text(message, "item_id") or ""
        call = self._transcribed.get(item_id)
        begins = None
        if call is None:
            if kind.endswith(".committed") and self._transcriber is None:
                return []
            call, begins = self._new_call(), RequestFacts(model=self._transcriber, stream=True)
            self._transcribed.put(item_id, call)
        ends = kind.endswith((".completed", ".failed"))
        if ends:
            self._transcribed.take(item_id)
        return [
            Step(
                call=call, begins=begins, tentative=True, operation="transcription", event=message, ends=ends
            )
        ]

    def _refused(self, message: JsonObject) -> list[Step]:
        """An error names the message that it answers where that had an id; else its code has to do."""
        error = obj(message, "error")
        event_id = text(error, "event_id")
        call = next((call for call, asked in self._asked if asked == event_id), None)
        about_other = (text(error, "code") or "").startswith(_OTHER_CODES) or (
            text(error, "param") or ""
        ).startswith(_OTHER_CODES)
        if call is None or (event_id is None and about_other):
            return []
        self._asked = deque((each for each in self._asked if each[0] != call), maxlen=_MOST_OPEN)
        return [Step(call=call, event=message, ends=True)]

    def _read_transcriber(self, message: JsonObject) -> None:
        session = obj(message, "session")
        now = obj(session, "audio", "input", "transcription") or obj(session, "input_audio_transcription")
        self._transcriber = text(now, "model") or self._transcriber

    def _new_call(self) -> str:
        self._number += 1
        return str(self._number)
