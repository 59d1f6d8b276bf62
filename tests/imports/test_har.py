"""HAR as browsers and proxies write it, each in its own way, and what may be wrong with one."""

from __future__ import annotations

import base64
import gzip
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sessiontap.errors import CaptureError
from sessiontap.imports.har import har_flows
from sessiontap.imports.stored import StoredFlow, Unreadable
from tests.conformance.replies import BEDROCK, CHAT
from tests.imports.captures import entry, failed, flow, har, with_entries
from tests.imports.importing import Listed, calls_of, figures, one, take
from tests.imports.test_flowfile import ASKED, JSON, REPLY, SSE

TEXT = REPLY.decode()
PACKED = base64.b64encode(gzip.compress(REPLY)).decode()


def chrome(**response: Any) -> dict[str, Any]:
    """An entry as Chrome writes it; `response` replaces parts of the reply."""
    return {
        "startedDateTime": "2026-11-24T06:00:00.250Z",
        "time": 1700.5,
        "timings": {
            "blocked": 20.5,
            "dns": -1,
            "ssl": 30,
            "connect": 80,
            "send": 100,
            "wait": 500,
            "receive": 1000,
        },
        "request": {
            "method": "POST",
            "url": CHAT,
            "httpVersion": "h2",
            "headers": [
                {"name": ":authority", "value": "api.openai.com"},
                {"name": "Content-Type", "value": "application/json"},
                {"name": "Helicone-Session-Id", "value": "run-1"},
            ],
            "postData": {"mimeType": "application/json", "text": ASKED.decode()},
            "bodySize": len(ASKED),
        },
        "response": {
            "status": 200,
            "headers": [{"name": "content-type", "value": "application/json"}],
            "content": {"size": len(TEXT), "mimeType": "application/json", "text": TEXT},
            "bodySize": -1,
            **response,
        },
    }


def read(data: bytes) -> tuple[list[StoredFlow | Unreadable], str | None]:
    """The flows of a HAR, and why it could not be read to its end."""
    found: list[StoredFlow | Unreadable] = []
    try:
        for each in har_flows(data):
            found.append(each)  # noqa: PERF402 -- what came before a fault counts
    except CaptureError as error:
        return found, str(error)
    return found, None


def test_an_entry_of_a_browser_is_a_call() -> None:
    """Its headers name the session; its times begin where the request was sent."""
    call = one(with_entries(chrome()))
    assert (call.session_id, call.usage.input_tokens, call.usage.output_tokens) == ("run-1", 1000, 100)
    assert (call.started_at, call.ended_at) == ("2026-11-24T06:00:00.250Z", "2026-11-24T06:00:01.950Z")
    # The reply's last byte came 500 + 1000 ms after the request's.
    assert (call.duration_ms, call.request_bytes) == (1500, len(ASKED))
    assert call.cost_usd is not None


@pytest.mark.parametrize(
    ("stamp", "started_at"),
    [
        ("2026-11-24T07:00:00.250+01:00", "2026-11-24T06:00:00.250Z"),
        ("2026-11-24T07:00:00.250+0100", "2026-11-24T06:00:00.250Z"),
        ("2026-11-24T06:00:00.2509999Z", "2026-11-24T06:00:00.250Z"),
        ("2026-11-24T06:00:00", "2026-11-24T06:00:00.000Z"),
    ],
)
def test_times_are_read_in_every_zone(stamp: str, started_at: str) -> None:
    """With any offset and any number of digits; without a zone it is UTC."""
    assert one(with_entries({**chrome(), "startedDateTime": stamp})).started_at == started_at


@pytest.mark.parametrize("timings", [None, {}, {"wait": -1, "receive": -1}, {"wait": "500", "receive": []}])
def test_what_is_not_timed_is_not_known(timings: object) -> None:
    """The whole time gives the end; how long the reply took stays open."""
    call = one(with_entries({**chrome(), "timings": timings}))
    assert (call.ended_at, call.duration_ms, call.ttft_ms) == ("2026-11-24T06:00:01.950Z", None, None)


def _content(text: object, headers: dict[str, str] | None = None, **more: object) -> dict[str, Any]:
    listed = [{"name": name, "value": value} for name, value in {**JSON, **(headers or {})}.items()]
    return {"headers": listed, "content": {"mimeType": "application/json", "text": text, **more}}


@pytest.mark.parametrize(
    "response",
    [
        pytest.param(_content(TEXT, {"content-encoding": "br"}), id="decoded, though the header says br"),
        pytest.param(_content(base64.b64encode(REPLY).decode(), encoding="base64"), id="base64"),
        pytest.param(
            _content(PACKED, {"Content-Encoding": "gzip"}, encoding="base64"),
            id="still coded",
        ),
        pytest.param(
            _content(base64.b64encode(REPLY).decode(), {"Content-Encoding": "gzip"}, encoding="base64"),
            id="base64 of what is decoded",
        ),
        pytest.param({"headers": [["content-type", "application/json"]]}, id="headers as lists of two"),
        pytest.param({"headers": []}, id="no headers, only the content's type"),
        pytest.param({"headers": None, "bodySize": "?"}, id="headers of a wrong type"),
    ],
)  # fmt: skip
def test_a_body_is_read_however_it_is_written(response: dict[str, Any]) -> None:
    """What the header says of the wire does not hold for the text."""
    assert figures([one(with_entries(chrome(**response)))]) == [1000]


@pytest.mark.parametrize(
    "content", [{}, None, {"size": 900}, {"text": None}, {"text": "!", "encoding": "base64"}]
)
def test_a_reply_that_was_not_kept_is_a_call_without_usage(content: object) -> None:
    """Browsers leave bodies out: the call went well, its usage is not known, and the result says so."""
    store = Listed()
    (result,) = take(store, with_entries(chrome(content=content)))
    (call,) = store.calls
    assert (call.status, call.usage_source, call.response_bytes) == ("ok", "none", None)
    assert (result.without_reply, result.in_part) == (1, 0)


def test_a_body_that_was_cut_is_told() -> None:
    """Some writers keep the first megabyte; the call says what is known."""
    store = Listed()
    (result,) = take(store, with_entries(chrome(**_content(TEXT[:40]))))
    assert (result.in_part, figures(store.calls)) == (1, [-1])
    assert result.problem is not None


@pytest.mark.parametrize(
    ("error", "status"),
    [("net::ERR_ABORTED", "cancelled"), ("net::ERR_TIMED_OUT", "interrupted"), (None, "interrupted")],
)
def test_an_entry_without_a_reply_failed(error: str | None, status: str) -> None:
    """Its status is 0."""
    call = one(with_entries(chrome(status=0, content={}, headers=[], _error=error)))
    assert (call.status, call.http_status) == (status, None)


def test_mitmproxys_own_errors_are_read_as_they_are_live() -> None:
    """The HAR of a flow that its client left."""
    assert one(har([failed(flow(CHAT, ASKED, None), "Client disconnected.")])).status == "cancelled"


def test_text_that_was_read_as_latin_1_is_put_right() -> None:
    """So mitmproxy does where no charset is named, as in streams of events."""
    said = json.loads(REPLY) | {"choices": [{"delta": {"content": "Größe 日本"}, "finish_reason": "stop"}]}
    body = b"data: " + json.dumps(said, ensure_ascii=False).encode() + b"\n\ndata: [DONE]\n\n"
    capture = har([flow(CHAT, ASKED, body, reply_headers=SSE)])
    (found,) = har_flows(capture)
    assert isinstance(found, StoredFlow)
    assert found.reply is not None
    assert found.reply.body == body


def test_binary_that_was_written_as_text_is_put_right() -> None:
    """A stream of AWS's messages is text to mitmproxy where most of its first bytes are."""
    body = b"A" * 90 + bytes(range(256))
    url = f"{BEDROCK}/m/converse-stream"
    capture = har(
        [flow(url, b"{}", body, reply_headers={"content-type": "application/vnd.amazon.eventstream"})]
    )
    assert "encoding" not in entry(capture)["response"]["content"]
    (found,) = har_flows(capture)
    assert isinstance(found, StoredFlow)
    assert found.reply is not None
    assert found.reply.body == body


def test_messages_of_a_socket_as_chrome_writes_them() -> None:
    """A text is a text, and what has opcode 2 is base64; times are seconds."""
    create = {"type": "response.create", "response": {"model": "gpt-5-mini", "input": "hi"}}
    reply = {
        "id": "resp_1",
        "model": "gpt-5-mini",
        "status": "completed",
        "usage": {"input_tokens": 7, "output_tokens": 2},
    }
    done = base64.b64encode(json.dumps({"type": "response.completed", "response": reply}).encode()).decode()
    created = {"type": "response.created", "response": {"id": "resp_1", "model": "gpt-5-mini"}}
    socket = chrome() | {
        "request": {"method": "GET", "url": "wss://api.openai.com/v1/responses", "headers": []},
        "_resourceType": "websocket",
        "_webSocketMessages": [
            {"type": "send", "time": 1795500001.0, "opcode": 1, "data": json.dumps(create)},
            {"type": "receive", "time": 1795500001.5, "opcode": 1, "data": json.dumps(created)},
            {"type": "receive", "time": 1795500003.0, "opcode": 2, "data": done},
            {"type": "other", "data": 1},
            "nothing",
        ],
    }
    call = one(with_entries(socket))
    assert (call.started_at, call.duration_ms, call.usage.input_tokens) == (
        "2026-11-24T06:00:01.000Z",
        2000,
        7,
    )


def test_two_calls_that_are_the_same_are_two() -> None:
    """A HAR gives no ids: equal entries are told apart by their number, the same each time."""
    capture = with_entries(chrome(), chrome())
    assert len(calls_of(capture)) == 2
    assert [call.call_id for call in calls_of(capture)] == [call.call_id for call in calls_of(capture)]


def test_a_har_that_is_cut_off_gives_the_entries_before() -> None:
    """A disk was full, or a download ended early."""
    whole = with_entries(chrome(), chrome(), chrome())
    found, error = read(whole[:-300])
    assert len(found) == 2
    assert error is not None
    assert error.startswith("is no whole JSON: ")
    assert read(b"\xef\xbb\xbf" + whole)[1] is None


@pytest.mark.parametrize(
    "data",
    [
        b"{",
        b"{}",
        b'{"log": []}',
        b'{"log": {"entries": {}}}',
        b'{"log": {"entries": ' + b"[" * 100_000,
        b'{"a": ' * 100_000,
        b'{"log": {"entries": [1e999, "\xff"',
    ],
    ids=lambda data: data[:30].decode("latin-1"),
)
def test_what_is_no_har_is_one_line(data: bytes) -> None:
    """It says what is wrong, whatever the JSON is."""
    found, error = read(data)
    assert not [each for each in found if isinstance(each, StoredFlow)]
    assert error is not None
    assert "\n" not in error


_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=6),
    lambda below: st.lists(below, max_size=3) | st.dictionaries(st.text(max_size=6), below, max_size=3),
    max_leaves=5,
)


def _places(value: object, at: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    if not isinstance(value, dict):
        return [at]
    return [at, *(place for key, below in value.items() for place in _places(below, (*at, key)))]


_BASE = chrome() | {
    "_webSocketMessages": [{"type": "send", "time": 1, "opcode": 1, "data": "{}"}],
    "comment": "",
}


def test_a_number_that_is_none_costs_its_entry_nothing() -> None:
    """NaN is no JSON, and the entries are read all the same."""
    found, error = read(with_entries(chrome(bodySize=float("nan")), chrome()))
    assert len([each for each in found if isinstance(each, StoredFlow)]) == 2
    assert error is not None


@given(place=st.sampled_from(_places(_BASE)), value=_values)
def test_an_entry_with_anything_anywhere_is_read_or_left_out(place: tuple[str, ...], value: object) -> None:
    """Wrong types make an unreadable flow, or a call that knows less; never a fault."""
    made: dict[str, Any] = {"": json.loads(json.dumps(_BASE))}
    below = made
    path = ("", *place)
    for key in path[:-1]:
        below = below[key]
    below[path[-1]] = value
    (result,) = take(Listed(), with_entries(made[""]))
    assert result.error is None
    assert result.calls + result.other + sum(result.unreadable.values()) == 1


@given(data=st.data())
def test_a_har_with_flipped_bytes_is_read_as_far_as_it_can_be(data: st.DataObject) -> None:
    """Damage ends in one line, or in an entry that says something else."""
    whole = bytearray(with_entries(chrome(), chrome()))
    for _ in range(data.draw(st.integers(1, 4))):
        whole[data.draw(st.integers(1, len(whole) - 1))] = data.draw(st.integers(0, 255))
    take(Listed(), bytes(whole))
