from __future__ import annotations

from typing import Any

import pytest

from sessiontap.apis.reading import RequestFacts
from sessiontap.apis.responses_socket import ResponsesSocket

CREATE: dict[str, Any] = {"type": "response.create", "model": "gpt-5-mini"}


def event(kind: str, response_id: str | None = None, **fields: Any) -> dict[str, Any]:
    """An event of the provider's, with its response where it has one."""
    return {
        "type": f"response.{kind}",
        **({"response": {"id": response_id}} if response_id else {}),
        **fields,
    }


def test_a_create_begins_and_the_last_event_ends() -> None:
    """What stands between belongs to the call, and what comes after the end to none."""
    socket = ResponsesSocket()
    (begun,) = socket.sent({**CREATE, "user": "ada"})
    assert begun.begins == RequestFacts(model="gpt-5-mini", stream=True, user="ada")
    for message in (event("created", "r1"), event("output_text.delta")):
        (step,) = socket.received(message)
        assert (step.call, step.begins, step.event, step.ends) == (begun.call, None, message, False)
    (last,) = socket.received(event("completed", "r1"))
    assert (last.call, last.ends) == (begun.call, True)
    assert socket.received(event("output_text.delta")) == []


@pytest.mark.parametrize("kind", ["completed", "incomplete", "failed", "cancelled", "done"])
def test_every_last_event_ends(kind: str) -> None:
    """A response ends completed, incomplete, failed or cancelled; first servers said done."""
    socket = ResponsesSocket()
    socket.sent(CREATE)
    (step,) = socket.received(event(kind, "r1"))
    assert step.ends
    assert step.event is not None
    assert step.event["type"] == ("response.completed" if kind == "done" else f"response.{kind}")


def test_the_events_of_a_lane_are_those_of_its_first_call() -> None:
    """Calls of one `stream_id` are answered in order, those of others beside them."""
    socket = ResponsesSocket()
    (first,), (second,), (other,) = (
        socket.sent({**CREATE, "stream_id": "a"}),
        socket.sent({**CREATE, "stream_id": "a"}),
        socket.sent({**CREATE, "stream_id": "b"}),
    )
    assert socket.received(event("created", "r9", stream_id="b"))[0].call == other.call
    assert socket.received(event("output_text.delta", stream_id="a"))[0].call == first.call
    assert socket.received(event("completed", "r1", stream_id="a"))[0].call == first.call
    assert socket.received(event("output_text.delta", stream_id="a"))[0].call == second.call


def test_a_response_id_says_more_than_the_order() -> None:
    """An event that names a response belongs to its call, also where a lane is not named."""
    socket = ResponsesSocket()
    (first,), (second,) = socket.sent({**CREATE, "stream_id": "a"}), socket.sent({**CREATE, "stream_id": "b"})
    socket.received(event("created", "r2", stream_id="b"))
    assert socket.received(event("completed", "r2"))[0].call == second.call
    assert socket.received(event("created", "r1"))[0].call == first.call


def test_an_error_refuses_the_call_that_waits() -> None:
    """Without a number, an error answers the call that has no response yet; with one, that which runs."""
    socket = ResponsesSocket()
    (running,) = socket.sent(CREATE)
    socket.received(event("created", "r1"))
    (waiting,) = socket.sent(CREATE)
    (refused,) = socket.received({"type": "error", "status": 400, "error": {}})
    assert (refused.call, refused.ends) == (waiting.call, True)
    (broken,) = socket.received({"type": "error", "sequence_number": 3, "error": {}})
    assert (broken.call, broken.ends) == (running.call, True)
    assert socket.received({"type": "error", "error": {}}) == []


def test_an_unasked_response_is_a_call_at_the_model_before() -> None:
    """The successor of a steered response inherits its settings."""
    socket = ResponsesSocket()
    socket.sent(CREATE)
    socket.received(event("incomplete", "r1"))
    (step,) = socket.received(event("created", "r2"))
    assert step.begins == RequestFacts(model="gpt-5-mini", stream=True)
    (last,) = socket.received(event("completed", "r2"))
    assert (last.call, last.begins, last.ends) == (step.call, None, True)


def test_a_turn_that_is_appended_is_a_call_at_the_model_before() -> None:
    """Clients of the first version name the model in the first turn only."""
    socket = ResponsesSocket()
    socket.sent(CREATE)
    (step,) = socket.sent({"type": "response.append", "input": []})
    assert step.begins is not None
    assert step.begins.model == "gpt-5-mini"


@pytest.mark.parametrize("message", [{"generate": False}, {"response": {"generate": False}}])
def test_a_warm_up_is_tentative(message: dict[str, Any]) -> None:
    """A response without output is a call only where it reports usage."""
    assert ResponsesSocket().sent({**CREATE, **message})[0].tentative
    assert not ResponsesSocket().sent(CREATE)[0].tentative


@pytest.mark.parametrize(
    "message",
    [
        {},
        {"type": "codex.rate_limits"},
        {"type": 1},
        {"type": "response.steer.accepted"},
        {"type": "response.created"},
        {"type": "error"},
    ],
)
def test_other_messages_are_no_calls(message: dict[str, Any]) -> None:
    """What belongs to no call begins none."""
    assert ResponsesSocket().received(message) == []
    assert ResponsesSocket().sent(message) == []
