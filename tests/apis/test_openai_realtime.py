from __future__ import annotations

import math
from typing import Any

import pytest

from sessiontap.apis.openai_realtime import RealtimeReader
from sessiontap.apis.openai_realtime_socket import RealtimeSocket
from sessiontap.apis.reading import RequestFacts
from sessiontap.usage import Usage

TRANSCRIPTION = "conversation.item.input_audio_transcription"
CREATE: dict[str, Any] = {"type": "response.create"}
COMMITTED: dict[str, Any] = {"type": "input_audio_buffer.committed", "item_id": "i1"}


def response(kind: str, response_id: str = "r1", **fields: Any) -> dict[str, Any]:
    """An event with a response."""
    return {"type": f"response.{kind}", "response": {"id": response_id, **fields}}


def error(**fields: Any) -> dict[str, Any]:
    """An error that the provider reports."""
    return {"type": "error", "error": {"type": "invalid_request_error", "message": "No.", **fields}}


def test_a_response_is_that_of_the_oldest_create() -> None:
    """Responses are created in the order in which they were asked for; further ones begin by themselves."""
    socket = RealtimeSocket()
    (first,), (second,) = socket.sent(CREATE), socket.sent(CREATE)
    assert socket.received(response("created", "r1"))[0].call == first.call
    assert socket.received(response("created", "r2"))[0].call == second.call
    (unasked,) = socket.received(response("created", "r3"))
    assert unasked.begins == RequestFacts(stream=True)
    delta: dict[str, Any] = {"type": "response.output_audio.delta", "response_id": "r2"}
    assert socket.received(delta)[0].call == second.call
    (done,) = socket.received(response("done", "r1"))
    assert (done.call, done.ends) == (first.call, True)


def test_a_response_that_was_never_created_is_still_counted() -> None:
    """`response.done` alone ends the call that was asked for, or is a whole call."""
    socket = RealtimeSocket()
    (asked,) = socket.sent(CREATE)
    (done,) = socket.received(response("done", "r1"))
    assert (done.call, done.begins, done.ends) == (asked.call, None, True)
    (whole,) = socket.received(response("done", "r2"))
    assert (whole.begins, whole.ends) == (RequestFacts(stream=True), True)


def test_the_sessions_model_is_the_one_that_answers() -> None:
    """`response.done` names no model: the session does, as it stands at that time."""
    socket, reader = RealtimeSocket(), RealtimeReader()
    socket.received({"type": "session.created", "session": {"model": "gpt-realtime"}})
    socket.received({"type": "session.updated", "session": {"model": "gpt-realtime-2"}})
    (step,) = socket.received(response("done"))
    assert step.event is not None
    reader.feed(step.event)
    assert reader.facts().model == "gpt-realtime-2"


@pytest.mark.parametrize(
    ("asked", "answered", "ends"),
    [
        ({"event_id": "mine"}, {"event_id": "mine"}, True),
        ({"event_id": "mine"}, {"event_id": "other"}, False),
        ({"event_id": "mine"}, {}, False),
        ({}, {}, True),
        ({}, {"event_id": "other"}, False),
        ({}, {"param": "session.voice"}, False),
        ({}, {"code": "response_cancel_not_active"}, False),
        ({}, {"code": "input_audio_buffer_commit_empty"}, False),
    ],
)
def test_which_errors_refuse_a_response(asked: dict[str, Any], answered: dict[str, Any], ends: bool) -> None:
    """An error names the message that it answers; where it does not, its code and parameter tell."""
    socket = RealtimeSocket()
    socket.sent({"type": "response.create", **asked})
    steps = socket.received(error(**answered))
    assert [step.ends for step in steps] == ([True] if ends else [])


@pytest.mark.parametrize(
    "session",
    [
        {"audio": {"input": {"transcription": {"model": "gpt-4o-transcribe"}}}},
        {"input_audio_transcription": {"model": "gpt-4o-transcribe"}},
    ],
)
@pytest.mark.parametrize("direction", ["sent", "received"])
def test_the_transcribers_model(session: dict[str, Any], direction: str) -> None:
    """The session names it, in the place of either version, and either side may say so first."""
    socket = RealtimeSocket()
    getattr(socket, direction)({"type": "session.update", "session": session})
    (begun,) = socket.received(COMMITTED)
    assert begun.begins == RequestFacts(model="gpt-4o-transcribe", stream=True)
    assert (begun.operation, begun.tentative, begun.ends) == ("transcription", True, False)
    (ended,) = socket.received({"type": f"{TRANSCRIPTION}.completed", "item_id": "i1"})
    assert (ended.call, ended.begins, ended.ends) == (begun.call, None, True)


def test_speech_that_nobody_transcribes_is_no_call() -> None:
    """Without a transcriber, committed speech begins nothing."""
    assert RealtimeSocket().received(COMMITTED) == []


@pytest.mark.parametrize(
    ("seconds", "ms"),
    [
        (1.5, 1500),
        (2, 2000),
        (0, 0),
        (-1, None),
        (math.inf, None),
        (math.nan, None),
        (True, None),
        ([], None),
    ],
)
def test_a_transcription_that_is_billed_by_its_length(seconds: object, ms: int | None) -> None:
    """Seconds become milliseconds; what is no length is not known."""
    reader = RealtimeReader()
    usage = {"type": "duration", "seconds": seconds}
    reader.feed({"type": f"{TRANSCRIPTION}.completed", "item_id": "i1", "usage": usage})
    assert reader.facts().usage == Usage(input_audio_ms=ms)
    assert reader.facts().complete


@pytest.mark.parametrize(
    "message",
    [{}, {"type": "ping"}, {"type": "response.output_audio.delta"}, {"type": "error"}, {"type": []}],
)
def test_other_messages_are_no_calls(message: dict[str, Any]) -> None:
    """What belongs to no call begins none."""
    assert RealtimeSocket().received(message) == []
    assert RealtimeSocket().sent(message) == []
