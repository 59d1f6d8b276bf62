"""What is metered live and what is imported from a capture of it are the same calls."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from sessiontap.call import Call
from sessiontap.times import rfc3339
from tests.conformance.metering import COMPRESSORS, Fixture, finish, fixtures, meter
from tests.conformance.test_sockets import Conversation, _conversations, _metered
from tests.imports.captures import BEGAN, ENDED_S, SENT_S, har, mitm, of_fixture, socket
from tests.imports.importing import Listed, calls_of, settling, take

_ALL = fixtures()
# What is the capture's own: ids, and times that the tests of the meter invent.
_OWN = (
    "call_id",
    "session_id",
    "session_name",
    "properties",
    "started_at",
    "ended_at",
    "ttft_ms",
    "duration_ms",
)


def _record(call: Call | None) -> dict[str, Any] | None:
    """A call without what the capture adds."""
    if call is None:
        return None
    found: dict[str, Any] = msgspec.structs.asdict(call)
    return {name: value for name, value in found.items() if name not in _OWN}


def _live(each: Fixture, encoding: str) -> Call | None:
    """The record of live traffic: metered, joined with its polls, priced."""
    started = meter(each.match(), each.request_body, each.request_headers())
    wire = COMPRESSORS[encoding](each.response_body)
    call = finish(started, each.status, each.response_headers(encoding), [wire])
    if started.match.recognised_by_reply and not started.recognised:
        return None
    # Priced by the day of the capture.
    call = msgspec.structs.replace(call, started_at=rfc3339(BEGAN))
    return settling().ended(call, poll=started.match.kind == "poll")


@pytest.mark.parametrize("encoding", COMPRESSORS, ids=lambda name: name or "identity")
@pytest.mark.parametrize("each", _ALL, ids=lambda each: f"{each.file}: {each.name}")
def test_a_call_of_a_capture_is_the_call_of_the_live_traffic(each: Fixture, encoding: str) -> None:
    """Model, usage, cost and all else but ids and times, out of a flow file and out of a HAR of it."""
    flows = [of_fixture(each, encoding, 0)]
    live = _record(_live(each, encoding))
    for capture in (mitm(flows), har(flows)):
        found = calls_of(capture)
        assert len(found) == (live is not None)
        assert [_record(call) for call in found] == [live] * len(found)


@pytest.mark.parametrize("encoding", ["", "gzip"])
@pytest.mark.parametrize("each", _ALL[::7], ids=lambda each: f"{each.file}: {each.name}")
def test_what_a_capture_kept_of_a_call_is_stored(each: Fixture, encoding: str) -> None:
    """The request, and the reply without its coding; a poll brings the reply only."""
    flows = [of_fixture(each, encoding, 0)]
    for capture in (mitm(flows), har(flows)):
        store = Listed()
        take(store, capture)
        for call in store.calls:
            bodies = store.bodies[call.call_id]
            assert bodies.reply is not None
            assert bodies.reply.content == each.response_body
            if each.match().kind != "poll":
                assert bodies.request is not None
                assert bodies.request.content == each.request_body


@pytest.mark.parametrize("encoding", ["", "gzip"])
def test_a_flow_file_and_a_har_of_it_have_the_same_times(encoding: str) -> None:
    """Start, end, durations and sizes of every call are the same to the millisecond, whatever wrote them."""
    flows = [of_fixture(each, encoding, number) for number, each in enumerate(_ALL)]
    times = [
        {
            call.started_at: (
                call.ended_at,
                call.ttft_ms,
                call.duration_ms,
                call.request_bytes,
                call.response_bytes,
            )
            for call in calls_of(capture)
        }
        for capture in (mitm(flows), har(flows))
    ]
    assert times[0] == times[1]
    assert len(times[0]) > 400


@pytest.mark.parametrize("each", _conversations(), ids=lambda each: f"{each.file}: {each.name}")
def test_the_calls_of_a_socket_are_those_of_the_live_one(each: Conversation) -> None:
    """A WebSocket's messages become the same calls, with the times of its messages."""
    *spoken, last = each.messages
    if "closed" not in last:
        spoken, last = each.messages, {"closed": "client", "code": 1000, "reason": ""}
    said = [next(iter(message.items())) for message in spoken]
    messages = [
        (direction == "sent", content.encode() if isinstance(content, str) else msgspec.json.encode(content))
        for direction, content in said
    ]
    _, live = _metered(each)
    flow = socket(each.url, messages, closed=(last["closed"] == "client", last["code"], last["reason"]))
    sizes = {"request_bytes": None, "response_bytes": None}
    expected = [settling().ended(call, poll=False) for call in live]
    kept = [msgspec.structs.replace(call, **sizes) for call in expected if call is not None]
    found = [msgspec.structs.replace(call, **sizes) for call in calls_of(mitm([flow]))]
    assert list(map(_priceless, map(_record, found))) == list(map(_priceless, map(_record, kept)))
    assert [(call.ttft_ms, call.duration_ms) for call in found] == [
        (call.ttft_ms, call.duration_ms) for call in kept
    ]


def _priceless(record: dict[str, Any] | None) -> dict[str, Any]:
    """Without the price's own day: the two are of different ones."""
    assert record is not None
    return {
        k: v
        for k, v in record.items()
        if k not in {"price_id", "cost_usd", "cost_breakdown", "unpriced_reason"}
    }


def test_a_har_of_a_socket_has_its_calls() -> None:
    """What mitmproxy writes keeps the messages and their times, text and binary."""
    each = next(each for each in _conversations() if each.file == "openai.realtime")
    said = [next(iter(message.items())) for message in each.messages if "closed" not in message]
    flow = socket(
        each.url,
        [
            (
                direction == "sent",
                content.encode() if isinstance(content, str) else msgspec.json.encode(content),
            )
            for direction, content in said
        ],
    )
    of_flow_file, of_har = calls_of(mitm([flow])), calls_of(har([flow]))
    assert of_flow_file
    whole = [call for call in of_flow_file if call.status in {"ok", "error"}]
    assert [_record(call) for call in of_har][: len(whole)] == [_record(call) for call in whole]
    assert [(call.started_at, call.duration_ms) for call in of_har][: len(whole)] == [
        (call.started_at, call.duration_ms) for call in whole
    ]


def test_times_are_those_of_the_capture() -> None:
    """From the request's last byte to the reply's; the first output is known where it is the last byte."""
    each = next(each for each in _ALL if each.file == "openai.chat" and each.expect["status"] == "ok")
    (call,) = calls_of(mitm([of_fixture(each, "", 0)]))
    assert (call.started_at, call.ended_at) == ("2026-11-24T06:00:00.250Z", "2026-11-24T06:00:01.875Z")
    assert call.duration_ms == round((ENDED_S - SENT_S) * 1000)
    assert call.ttft_ms == (None if call.stream else call.duration_ms)
