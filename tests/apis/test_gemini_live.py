from __future__ import annotations

from typing import Any

import pytest

from sessiontap.apis.gemini_live import LiveReader
from sessiontap.apis.gemini_live_socket import LiveSocket
from sessiontap.apis.reading import RequestFacts
from sessiontap.usage import Usage

ASK: dict[str, Any] = {"clientContent": {"turns": [], "turnComplete": True}}
SAID: dict[str, Any] = {"serverContent": {"modelTurn": {"parts": [{"text": "Hi"}]}}}
USAGE: dict[str, Any] = {"promptTokenCount": 10, "responseTokenCount": 4, "totalTokenCount": 14}
TURN: dict[str, Any] = {"serverContent": {"turnComplete": True}}
BILLED_TURN = {**TURN, "usageMetadata": USAGE}


@pytest.mark.parametrize(
    ("model", "name"),
    [
        ("models/gemini-live", "gemini-live"),
        ("publishers/google/models/gemini-live", "gemini-live"),
        ("projects/p/locations/l/publishers/google/models/gemini-live", "gemini-live"),
        ("gemini-live", "gemini-live"),
        ("", None),
        (7, None),
    ],
)
def test_the_setup_names_the_model(model: object, name: str | None) -> None:
    """The model's own name is the last part of the resource that the setup names."""
    socket = LiveSocket()
    assert socket.sent({"setup": {"model": model}}) == []
    assert socket.sent(ASK)[0].begins == RequestFacts(model=name, stream=True)


@pytest.mark.parametrize(
    "message",
    [
        ASK,
        {"client_content": {"turn_complete": True}},
        {"toolResponse": {"functionResponses": []}},
        {"tool_response": {"functionResponses": []}},
        {"realtimeInput": {"text": "Hi"}},
        {"realtimeInput": {"activityEnd": {}}},
        {"realtime_input": {"activity_end": {}}},
    ],
)
def test_what_asks_for_an_answer_begins_a_turn(message: dict[str, Any]) -> None:
    """A text, a tool's answer or the end of speech begins a turn; a second one joins it."""
    socket = LiveSocket()
    (begun,) = socket.sent(message)
    assert begun.begins is not None
    (joined,) = socket.sent(message)
    assert (joined.call, joined.begins) == (begun.call, None)


@pytest.mark.parametrize(
    "message",
    [
        {},
        {"clientContent": {"turns": [], "turnComplete": False}},
        {"realtimeInput": {"audio": {"data": "AA"}}},
        {"realtimeInput": {"audioStreamEnd": True}},
        {"realtimeInput": {"activityStart": {}}},
        {"setup": {}},
    ],
)
def test_history_and_sound_begin_none(message: dict[str, Any]) -> None:
    """What the model need not answer begins no turn."""
    assert LiveSocket().sent(message) == []


@pytest.mark.parametrize(
    "message",
    [
        {},
        {"setupComplete": {}},
        {"goAway": {"timeLeft": "1s"}},
        {"sessionResumptionUpdate": {"newHandle": "h"}},
        {"serverContent": {"inputTranscription": {"text": "Hi"}}},
        {"serverContent": {"interrupted": True}},
        TURN,
    ],
)
def test_what_is_no_answer_begins_none(message: dict[str, Any]) -> None:
    """Only what the model says or calls begins a turn that nobody asked for."""
    assert LiveSocket().received(message) == []


@pytest.mark.parametrize(
    "message",
    [SAID, {"serverContent": {"outputTranscription": {}}}, {"toolCall": {"functionCalls": []}}],
)
def test_an_answer_to_speech_begins_a_turn(message: dict[str, Any]) -> None:
    """Where the provider hears the end of the speech itself, its first answer begins the turn."""
    socket = LiveSocket()
    (begun,) = socket.received(message)
    assert (begun.begins is not None, begun.event, begun.ends) == (True, message, False)
    (ended,) = socket.received(BILLED_TURN)
    assert (ended.call, ended.begins, ended.ends) == (begun.call, None, True)


def test_a_turn_waits_for_its_usage() -> None:
    """A turn that is complete without usage ends with the next message that has it."""
    socket = LiveSocket()
    (begun,) = socket.sent(ASK)
    assert not socket.received(TURN)[0].ends
    (ended,) = socket.received({"usageMetadata": USAGE})
    assert (ended.call, ended.ends) == (begun.call, True)


@pytest.mark.parametrize("ask", [True, False], ids=["the client begins", "the model begins"])
def test_a_turn_without_usage_ends_as_the_next_begins(ask: bool) -> None:
    """A turn whose usage never comes does not swallow the next one."""
    socket = LiveSocket()
    (first,) = socket.sent(ASK)
    socket.received(TURN)
    ended, begun = socket.sent(ASK) if ask else socket.received(SAID)
    assert (ended.call, ended.ends, ended.event) == (first.call, True, None)
    assert begun.call != first.call
    assert begun.begins is not None


def test_usage_after_the_end_is_a_turn_of_its_own() -> None:
    """What is billed when no turn is open is counted all the same, as a whole call."""
    socket, reader = LiveSocket(), LiveReader()
    socket.sent(ASK)
    socket.received(BILLED_TURN)
    (late,) = socket.received({"usageMetadata": USAGE})
    assert (late.begins is not None, late.ends) == (True, True)
    assert late.event is not None
    reader.feed(late.event)
    assert (reader.facts().complete, reader.facts().usage.input_tokens) == (True, 10)


def test_usage_of_a_turn_adds_up() -> None:
    """Each usage is billed; thoughts are no part of the total here and are output all the same."""
    reader = LiveReader()
    reader.feed({"usageMetadata": {**USAGE, "thoughtsTokenCount": 3}})
    reader.feed(BILLED_TURN)
    assert reader.facts().usage == Usage(input_tokens=20, output_tokens=11, reasoning_output_tokens=3)


def test_the_names_of_both_services_are_read() -> None:
    """The Gemini API says response, Vertex AI candidates."""
    details = [{"modality": "AUDIO", "tokenCount": 4}]
    answered = []
    for name in ("response", "candidates"):
        reader = LiveReader()
        counts = {f"{name}TokenCount": 4, f"{name}TokensDetails": details}
        reader.feed({"usageMetadata": {"promptTokenCount": 10, **counts}})
        answered.append(reader.facts().usage)
    assert answered == [Usage(input_tokens=10, output_tokens=4, output_audio_tokens=4)] * 2


@pytest.mark.parametrize(
    ("event", "output"),
    [
        (SAID, True),
        ({"toolCall": {"functionCalls": [{"name": "f"}]}}, True),
        ({"serverContent": {"outputTranscription": {"text": "Hi"}}}, True),
        ({"serverContent": {"outputTranscription": {}}}, False),
        ({"serverContent": {"generationComplete": True}}, False),
        (TURN, False),
    ],
)
def test_what_is_output(event: dict[str, Any], output: bool) -> None:
    """Time to the first output counts to what the model says or calls."""
    assert LiveReader().feed(event) is output
