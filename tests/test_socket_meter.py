from __future__ import annotations

import itertools
import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sessiontap.apis.reading import ErrorFacts
from sessiontap.call import Call
from sessiontap.capture import Metered
from sessiontap.identity import identify
from sessiontap.providers import DIRECTORY
from sessiontap.record import Moment
from sessiontap.socket_meter import MOST_OPEN, SocketMeter

RESPONSES = "/v1/responses"
REALTIME = "/v1/realtime?model=gpt-realtime"
NOW = Moment("2026-01-01T00:00:00.000Z", 100.0)
END = Moment("2026-01-01T00:00:09.000Z", 109.0)
USAGE = {"input_tokens": 12, "output_tokens": 3}
CREATE = {"type": "response.create", "model": "gpt-5-mini", "user": "ada"}
CREATED = {"type": "response.created", "response": {"id": "r1", "model": "gpt-5-mini-1"}}
COMPLETED = {
    "type": "response.completed",
    "response": {"id": "r1", "model": "gpt-5-mini-1", "status": "completed", "usage": USAGE},
}


def meter(target: str = RESPONSES, **headers: str) -> SocketMeter:
    """A meter for a socket of OpenAI's."""
    found = DIRECTORY.match("GET", "api.openai.com", target)
    assert found is not None
    identity = identify(headers.items(), proxy_user=None, today="2026-01-01")
    numbers = itertools.count(1)
    return SocketMeter(found, identity, target=target, new_call_id=lambda: f"call-{next(numbers)}")


def wire(message: object) -> bytes:
    """The message as it is sent."""
    return json.dumps(message).encode()


def records(metered: list[Metered]) -> list[Call]:
    """The records of the calls that a message began and ended."""
    return [each.call for each in metered]


def statuses(metered: list[Metered]) -> list[tuple[str, str]]:
    """Which calls a message began and ended."""
    return [(call.call_id, call.status) for call in records(metered)]


def test_a_call_is_given_as_it_begins_and_as_it_ends() -> None:
    """The record of a running call has what was asked for; that of the ended one what was answered."""
    socket = meter(**{"Helicone-Session-Id": "s1", "Helicone-Session-Path": "/a/b"})
    (running,) = records(socket.sent(wire(CREATE), NOW))
    assert (running.status, running.request_model, running.user_id) == ("running", "gpt-5-mini", "ada")
    assert (running.session_id, running.session_path, running.started_at) == ("s1", "/a/b", NOW.stamp)
    assert socket.received(wire(CREATED), NOW) == []
    (ended,) = records(socket.received(wire(COMPLETED), END))
    assert (ended.call_id, ended.status, ended.response_id) == (running.call_id, "ok", "r1")
    assert (ended.usage.input_tokens, ended.usage.output_tokens) == (12, 3)
    assert (ended.started_at, ended.ended_at, ended.duration_ms) == (NOW.stamp, END.stamp, 9000)
    assert socket.close("client-left", END) == []


def test_sizes_are_those_of_the_calls_messages() -> None:
    """Bytes of the client's and the provider's messages are counted apart, and others' not at all."""
    socket = meter()
    socket.sent(wire({"type": "something.else"}), NOW)
    socket.sent(wire(CREATE), NOW)
    socket.received(wire({"type": "codex.rate_limits"}), NOW)
    socket.received(wire(CREATED), NOW)
    (ended,) = records(socket.received(wire(COMPLETED), END))
    assert ended.request_bytes == len(wire(CREATE))
    assert ended.response_bytes == len(wire(CREATED)) + len(wire(COMPLETED))


def test_the_handshakes_status_is_known_once_the_provider_has_answered() -> None:
    """A call that was never answered has no HTTP status, so it does not count as one that may cost."""
    socket = meter()
    socket.sent(wire(CREATE), NOW)
    socket.sent(wire(CREATE), NOW)
    socket.received(wire(CREATED), NOW)
    answered, unanswered = records(socket.close("client-left", END))
    assert (answered.http_status, answered.status, answered.unpriced) == (101, "cancelled", True)
    assert (unanswered.http_status, unanswered.status, unanswered.unpriced) == (None, "cancelled", False)


def test_a_broken_socket_leaves_its_calls_interrupted() -> None:
    """What was seen of a response stays when the provider's side breaks."""
    socket = meter()
    socket.sent(wire(CREATE), NOW)
    socket.received(wire(CREATED), NOW)
    (cut,) = records(socket.close("cut", END))
    assert (cut.status, cut.response_id, cut.usage_source) == ("interrupted", "r1", "none")


def test_the_providers_reason_to_close_is_the_error_of_the_open_calls() -> None:
    """A socket that the provider closes with an error ends its calls with that error."""
    socket = meter()
    socket.sent(wire(CREATE), NOW)
    (failed,) = records(socket.close("cut", END, ErrorFacts("websocket_close_1011", "overloaded")))
    assert (failed.status, failed.error_type, failed.error_message) == (
        "error",
        "websocket_close_1011",
        "overloaded",
    )


@pytest.mark.parametrize(
    ("target", "model"),
    [
        ("/v1/realtime?model=gpt-realtime", "gpt-realtime"),
        ("/v1/realtime?deployment=a%20b&x=1#fragment", "a b"),
        ("/v1/realtime?model=", None),
        ("/v1/realtime?call_id=rtc_1", None),
        ("/v1/realtime", None),
    ],
)
def test_the_url_names_the_model(target: str, model: str | None) -> None:
    """The query's `model` or `deployment` is what was asked for, where no message says so."""
    (running,) = records(meter(target).sent(wire({"type": "response.create"}), NOW))
    assert running.request_model == model


@pytest.mark.parametrize("direction", ["sent", "received"])
@pytest.mark.parametrize(
    "data",
    [b"", b"ping", b"\x00\xff\xfe", b"[1]", b'"text"', b"{", b"null", b"[" * 100_000, b"x" * 70_000],
)
def test_what_is_no_json_object_is_passed_over(direction: str, data: bytes) -> None:
    """Messages of any other kind mean nothing, and harm nothing."""
    socket = meter()
    socket.sent(wire(CREATE), NOW)
    assert getattr(socket, direction)(data, NOW) == []
    assert statuses(socket.received(wire(COMPLETED), END)) == [("call-1", "ok")]


def test_of_a_large_message_the_top_is_read() -> None:
    """A conversation of megabytes is not built: its model and its flags are read all the same."""
    socket = meter()
    large = {**CREATE, "input": [{"role": "user", "content": "x" * 100_000}]}
    (running,) = records(socket.sent(wire(large), NOW))
    assert (running.request_model, running.user_id) == ("gpt-5-mini", "ada")


def test_of_a_large_message_the_objects_in_it_are_read() -> None:
    """Parameters one level down are found as well, beside what is large there."""
    socket = meter()
    inner = {"model": "gpt-5-mini", "input": ["x" * 100_000]}
    (running,) = records(socket.sent(wire({"type": "response.create", "response": inner}), NOW))
    assert running.request_model == "gpt-5-mini"


def test_a_large_message_that_is_no_object_is_passed_over() -> None:
    """A list, or an object that is cut short, means nothing at any size."""
    socket = meter()
    assert socket.sent(wire(["x" * 100_000]), NOW) == []
    assert socket.sent(wire({**CREATE, "input": "x" * 100_000})[:-1], NOW) == []


def test_open_calls_are_bounded() -> None:
    """A client that asks and asks without an answer fills no memory: the oldest call ends as cut."""
    socket = meter()
    for _ in range(MOST_OPEN):
        assert len(socket.sent(wire(CREATE), NOW)) == 1
    begun, dropped = records(socket.sent(wire(CREATE), END))
    assert (begun.call_id, begun.status) == (f"call-{MOST_OPEN + 1}", "running")
    assert (dropped.call_id, dropped.status) == ("call-1", "interrupted")
    assert len(socket.close("cut", END)) == MOST_OPEN


def test_time_to_the_first_output_counts_from_the_clients_message() -> None:
    """Where the provider began the call itself, it is not known."""
    delta = wire({"type": "response.output_audio.delta", "response_id": "r1", "delta": "AA"})
    done = wire({"type": "response.done", "response": {"id": "r1", "status": "completed", "usage": USAGE}})
    asked, unasked = meter(REALTIME), meter(REALTIME)
    asked.sent(wire({"type": "response.create"}), NOW)
    for socket in (asked, unasked):
        socket.received(wire(CREATED), NOW)
        socket.received(delta, Moment(NOW.stamp, 101.5))
    (of_asked,), (of_unasked,) = records(asked.received(done, END)), records(unasked.received(done, END))
    assert (of_asked.ttft_ms, of_asked.duration_ms) == (1500, 9000)
    assert (of_unasked.ttft_ms, of_unasked.duration_ms) == (None, 9000)


_KINDS = st.sampled_from(
    [
        "response.create",
        "response.created",
        "response.done",
        "response.completed",
        "response.output_text.delta",
        "error",
        "session.updated",
        "input_audio_buffer.committed",
        "conversation.item.input_audio_transcription.completed",
    ]
)
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["id", "model", "usage", "error", "session", "type", "seconds", "event_id", "audio", "input"]
            )
            | st.text(max_size=5),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)
_KEYS = st.sampled_from(
    [
        "response",
        "response_id",
        "item_id",
        "stream_id",
        "session",
        "usage",
        "error",
        "generate",
        "serverContent",
        "usageMetadata",
        "clientContent",
        "setup",
        "toolCall",
    ]
)
_MESSAGES = st.builds(
    lambda kind, rest: {"type": kind, **rest}, _KINDS | _JSON, st.dictionaries(_KEYS, _JSON, max_size=4)
)
_SOCKETS = (
    ("api.openai.com", RESPONSES),
    ("api.openai.com", REALTIME),
    (
        "generativelanguage.googleapis.com",
        "/ws/google.ai.generativelanguage.v1beta.GenerativeService.BidiGenerateContent",
    ),
)


@given(where=st.sampled_from(_SOCKETS), messages=st.lists(st.tuples(st.booleans(), _MESSAGES), max_size=12))
def test_no_message_raises_and_what_begins_ends(
    where: tuple[str, str], messages: list[tuple[bool, dict[str, Any]]]
) -> None:
    """Whatever is said on a socket, every call that began ends exactly once."""
    found = DIRECTORY.match("GET", *where)
    assert found is not None
    numbers = itertools.count()
    identity = identify([], proxy_user=None, today="2026-01-01")
    socket = SocketMeter(found, identity, target=where[1], new_call_id=lambda: str(next(numbers)))
    calls = [
        call
        for sent, message in messages
        for call in records((socket.sent if sent else socket.received)(wire(message), NOW))
    ]
    calls += records(socket.close("client-left", END))
    begun = [call.call_id for call in calls if call.status == "running"]
    ended = [call.call_id for call in calls if call.status != "running"]
    assert len(set(ended)) == len(ended)
    assert set(begun) <= set(ended)


def test_messages_of_sound_cost_little(print_table: Any) -> None:
    """20,000 messages of 8 KB of sound are read in a fraction of the time that they take to pass."""
    socket = meter(REALTIME)
    socket.received(wire({"type": "response.created", "response": {"id": "r1"}}), NOW)
    delta = wire({"type": "response.output_audio.delta", "response_id": "r1", "delta": "A" * 8000})
    append = wire({"type": "input_audio_buffer.append", "audio": "A" * 8000})
    started = time.perf_counter()
    for _ in range(10_000):
        socket.received(delta, NOW)
        socket.sent(append, NOW)
    took = time.perf_counter() - started
    print_table(f"{took / 20_000 * 1e6:.1f} us for a message of 8 KB")
    assert took < 10
