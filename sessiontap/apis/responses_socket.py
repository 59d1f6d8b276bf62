"""The Responses API over a WebSocket: which of its calls each message belongs to.

The client's `response.create` begins a call, the provider's last `response.*` event or an error ends it.
Calls of one `stream_id` are answered one after the other, those of different ones side by side
(https://developers.openai.com/api/docs/guides/websocket-mode).
"""

from __future__ import annotations

from collections import deque

from sessiontap.apis.reading import RequestFacts, Step
from sessiontap.untrusted import JsonObject, count, obj, text

_MOST_WAITING = 256
# `append` is what clients of the first version sent for the turns after the first.
_ASKS = frozenset({"response.create", "response.append"})
_FIRST = frozenset({"response.created", "response.queued", "response.in_progress"})
# `done` is what servers of the first version ended with.
_LAST = frozenset(
    {"response.completed", "response.incomplete", "response.failed", "response.cancelled", "response.done"}
)


class ResponsesSocket:
    """Cuts the messages of one socket into calls.

    A call without output (`generate: false`, a warm-up) is one only where it reports usage. A response that
    nobody has asked for here (the successor of a steered one) is a call of its own, at the model before.
    """

    __slots__ = ("_model", "_number", "_waiting")

    def __init__(self) -> None:
        self._number = 0
        self._model: str | None = None
        self._waiting: deque[_Waiting] = deque(maxlen=_MOST_WAITING)

    def sent(self, message: JsonObject) -> list[Step]:
        if text(message, "type") not in _ASKS:
            return []
        # The parameters stand at the top, or where the Realtime API has them.
        inner = obj(message, "response")
        self._model = text(message, "model") or text(inner, "model") or self._model
        silent = message.get("generate", inner.get("generate")) is False
        user = text(message, "user") or text(inner, "user")
        begins = RequestFacts(model=self._model, stream=True, user=user)
        return [Step(call=self._wait(message).call, begins=begins, tentative=silent)]

    def received(self, message: JsonObject) -> list[Step]:
        kind = text(message, "type") or ""
        if kind != "error" and not kind.startswith("response."):
            return []
        waiting = self._answered_by(message)
        begins = None
        if waiting is None:
            if kind not in _FIRST | _LAST or not obj(message, "response"):
                return []
            waiting = self._wait(message)
            begins = RequestFacts(model=self._model, stream=True)
        waiting.response_id = waiting.response_id or text(obj(message, "response"), "id")
        ends = kind in _LAST or kind == "error"
        if ends:
            self._waiting.remove(waiting)
        event = {**message, "type": "response.completed"} if kind == "response.done" else message
        return [Step(call=waiting.call, begins=begins, event=event, ends=ends)]

    def _wait(self, message: JsonObject) -> _Waiting:
        self._number += 1
        waiting = _Waiting(str(self._number), text(message, "stream_id"))
        self._waiting.append(waiting)
        return waiting

    def _answered_by(self, message: JsonObject) -> _Waiting | None:
        """The call that a message answers: the one of its response, else the first of its lane.

        An error within a response is numbered like its other events; one that refuses to begin is not.
        """
        lane = text(message, "stream_id")
        mine = [each for each in self._waiting if each.lane == lane or lane is None]
        response_id = text(obj(message, "response"), "id")
        fresh = [each for each in mine if each.response_id is None]
        if response_id is not None:
            known = [each for each in mine if each.response_id == response_id]
            return next(iter(known or fresh), None)
        if text(message, "type") == "error" and count(message, "sequence_number") is None:
            return next(iter(fresh or mine), None)
        return next(iter(mine), None)


class _Waiting:
    """A call that has not ended yet; its lane is its `stream_id`."""

    __slots__ = ("call", "lane", "response_id")

    def __init__(self, call: str, lane: str | None) -> None:
        self.call = call
        self.lane = lane
        self.response_id: str | None = None
