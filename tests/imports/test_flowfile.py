"""mitmproxy's flow files: what they may hold besides whole calls, and what may be wrong with them."""

from __future__ import annotations

import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mitmproxy.connection import ConnectionState
from mitmproxy.flow import Flow
from mitmproxy.io import tnetstring
from mitmproxy.test import tflow

from sessiontap.errors import CaptureError
from sessiontap.imports.stored import StoredFlow, Unreadable
from sessiontap.proxy.flowfile import flow_file
from tests.conformance.metering import fixtures
from tests.conformance.replies import BEDROCK, CHAT, MESSAGES, RESPONSES
from tests.imports.captures import BEGAN, failed, flow, mitm, of_fixture, socket
from tests.imports.importing import Listed, calls_of, one, take

ASKED = b'{"model": "gpt-4.1-mini", "stream": true}'
REPLY = json.dumps(
    {
        "id": "c1",
        "model": "gpt-4.1-mini",
        "choices": [{"message": {"content": "Hi"}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 1000, "completion_tokens": 100},
    }
).encode()
JSON = {"content-type": "application/json"}
SSE = {"content-type": "text/event-stream"}


def read(data: bytes) -> tuple[list[StoredFlow | Unreadable | None], str | None]:
    """The flows of a file, and why it could not be read to its end."""
    found: list[StoredFlow | Unreadable | None] = []
    try:
        for each in flow_file(io.BytesIO(data), len(data)):
            found.append(each)  # noqa: PERF402 -- what came before a fault counts
    except CaptureError as error:
        return found, str(error)
    return found, None


@pytest.mark.parametrize("url", [CHAT, MESSAGES, RESPONSES, f"{BEDROCK}/m/converse-stream"])
def test_a_streamed_reply_that_was_not_kept_is_a_call_without_usage(url: str) -> None:
    """A body that was streamed is not in the file: the call went well, and its usage is not known."""
    store = Listed()
    (result,) = take(store, mitm([flow(url, ASKED, None, reply_headers=SSE)]))
    (call,) = store.calls
    assert (call.status, call.usage_source, call.http_status, call.error_type) == ("ok", "none", 200, None)
    assert (call.cost_usd, call.response_bytes, call.ttft_ms, call.unpriced) == (None, None, None, True)
    assert (result.without_reply, result.in_part) == (1, 0)


@pytest.mark.parametrize(
    ("said", "status"),
    [
        ("Client disconnected.", "cancelled"),
        ("stream reset by client (CANCEL)", "cancelled"),
        ("Server disconnected.", "interrupted"),
        ("peer closed connection", "interrupted"),
    ],
)
def test_a_flow_that_failed_is_a_call_that_failed(said: str, status: str) -> None:
    """Who ended it is read from what mitmproxy says; how long it took, from when."""
    call = one(mitm([failed(flow(CHAT, ASKED, None), said)]))
    assert (call.status, call.http_status, call.duration_ms) == (status, None, 1500)
    assert call.request_model == "gpt-4.1-mini"


def test_a_client_that_had_gone_when_the_error_came_has_left() -> None:
    """The proxy may only say that the upstream went away, because the client had."""
    made = failed(flow(CHAT, ASKED, None), "connection closed")
    made.client_conn.state = ConnectionState.CLOSED
    made.client_conn.timestamp_end = BEGAN + 1
    assert one(mitm([made])).status == "cancelled"


def test_a_flow_without_reply_and_error_was_cut() -> None:
    """It was saved while it ran."""
    made = flow(CHAT, ASKED, None)
    made.response = None
    call = one(mitm([made]))
    assert (call.status, call.ended_at, call.duration_ms) == ("interrupted", None, None)


def test_a_reply_that_had_said_its_end_is_whole_though_its_client_left() -> None:
    """Clients leave as soon as they have read [DONE]."""
    made = flow(CHAT, ASKED, b"data: " + REPLY + b"\n\ndata: [DONE]\n\n", reply_headers=SSE)
    response = made.response
    failed(made, "Client disconnected.").response = response
    assert one(mitm([made])).status == "ok"


def test_what_is_not_http_and_what_is_no_model_call_is_counted_as_that() -> None:
    """TCP, UDP and DNS flows, other hosts, uploads, and a handshake that was refused."""
    others: list[Flow] = [
        tflow.ttcpflow(),
        tflow.tudpflow(),
        tflow.tdnsflow(),
        flow("https://example.com/v1/chat/completions", ASKED, REPLY),
        flow("https://api.openai.com/v1/files", b"", b"{}"),
        flow("https://api.openai.com/v1/realtime?model=gpt-realtime", b"", b"", method="GET", status=401),
    ]
    store = Listed()
    (result,) = take(store, mitm([*others, flow(CHAT, ASKED, REPLY, reply_headers=JSON)]))
    assert (result.calls, result.other, result.unreadable) == (1, 6, {})


def test_a_host_that_is_an_address_is_known_by_the_tls_handshake() -> None:
    """In transparent mode the name is there alone."""
    made = flow("https://203.0.113.7/v1/chat/completions", ASKED, REPLY, reply_headers=JSON)
    made.client_conn.sni = "api.openai.com"
    assert one(mitm([made])).host == "api.openai.com"


def test_http2_is_read_as_http1_is() -> None:
    """The version changes nothing."""
    made = flow(CHAT, ASKED, REPLY, reply_headers=JSON)
    made.request.http_version = "HTTP/2.0"
    assert one(mitm([made])).usage.input_tokens == 1000


def test_the_proxys_user_is_the_session_where_mitmproxy_kept_it() -> None:
    """With --proxyauth it stands in the flow, over plain http in its headers; the password nowhere."""
    kept = flow(CHAT, ASKED, REPLY, reply_headers=JSON)
    kept.metadata["proxyauth"] = ("run-7", "a-password")
    plain = flow(
        "http://127.0.0.1:11434/v1/chat/completions",
        ASKED,
        REPLY,
        request_headers={"proxy-authorization": "Basic cnVuLTg6TmlnaHRseQ=="},
        reply_headers=JSON,
        number=2,
    )
    first, second = calls_of(mitm([kept, plain]))
    assert (first.session_id, first.session_source) == ("run-7", "proxy-user")
    assert (second.session_id, second.session_name) == ("run-8", "Nightly")
    assert "a-password" not in repr(first)


def test_a_message_that_was_dropped_was_not_sent() -> None:
    """An addon may have kept a client's message from the provider: no call began with it."""
    create = b'{"type": "response.create", "response": {"model": "gpt-5-mini", "input": "hi"}}'
    url = "https://api.openai.com/v1/responses"
    made = socket(url, [(True, create)])
    assert len(calls_of(mitm([made]))) == 1
    assert made.websocket is not None
    made.websocket.messages[0].dropped = True
    assert calls_of(mitm([made])) == []


def test_a_provider_that_closes_a_socket_with_a_reason_is_an_error() -> None:
    """The open call ends with what the provider said."""
    create = b'{"type": "response.create", "response": {"model": "gpt-5-mini", "input": "hi"}}'
    url = "https://api.openai.com/v1/responses"
    call = one(mitm([socket(url, [(True, create)], closed=(False, 1011, "try again later"))]))
    assert (call.status, call.error_type) == ("error", "websocket_close_1011")
    assert call.error_message == "try again later"


def test_one_bad_flow_costs_no_other() -> None:
    """A flow of a later format, or with a part missing, is left out and the next one read."""
    good = flow(CHAT, ASKED, REPLY, reply_headers=JSON)
    later, torn = good.get_state(), good.get_state()
    later["version"] = 9999
    del torn["request"]["path"]
    data = tnetstring.dumps(later) + tnetstring.dumps(torn) + tnetstring.dumps("no flow") + mitm([good])
    store = Listed()
    (result,) = take(store, data)
    assert result.calls == 1
    assert len(result.unreadable) == 3
    assert any("cannot read files with flow format version 9999" in reason for reason in result.unreadable)
    assert result.error is None


def test_an_older_format_is_read() -> None:
    """By the conversions that mitmproxy has for it."""
    state = flow(CHAT, ASKED, REPLY, reply_headers=JSON).get_state()
    state["version"] = 18
    for conn, names in (
        ("client_conn", {"address": "peername"}),
        ("server_conn", {"ip_address": "peername", "source_address": "sockname", "via2": "via"}),
    ):
        for older, newer in {**names, "cipher_name": "cipher"}.items():
            state[conn][older] = state[conn].pop(newer)
        state[conn] |= {"tls_established": True, "tls_extensions": []}
    state["server_conn"].pop("tls_extensions")
    (found,), error = read(tnetstring.dumps(state))
    assert error is None
    assert isinstance(found, StoredFlow)


def test_a_file_that_is_cut_off_gives_what_is_whole() -> None:
    """The proxy was killed, or the disk was full."""
    flows = [flow(CHAT, ASKED, REPLY, reply_headers=JSON, number=number) for number in (1, 2)]
    whole = mitm(flows)
    found, error = read(whole[:-7])
    assert len(found) == 1
    assert error == f"is damaged at byte {len(mitm(flows[:1])):,}: it is cut off there, or is no flow file"


def _nested(depth: int) -> bytes:
    frame = b"0:]"
    for _ in range(depth):
        frame = b"%d:%b]" % (len(frame), frame)
    return frame


HOSTILE = {
    "deep": _nested(2000),
    "huge length": b"999999999999:" + b"x" * 100,
    "absurd length": b"9" * 40,
    "digits": b"1" * 20_000,
    "nul": bytes(1000),
    "text": b"GET / HTTP/1.1\r\n",
    "no version": tnetstring.dumps({"a": 1}),
    "wrong version": tnetstring.dumps({"version": "x"}),
    "a list": tnetstring.dumps([1, 2]),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_is_one_line(name: str) -> None:
    """Whatever it holds, it is told in a line and nothing is built from it."""
    found, error = read(HOSTILE[name])
    lines = [error] if error else [each.reason for each in found if isinstance(each, Unreadable)]
    assert len(lines) == 1
    assert "\n" not in lines[0]


_states = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.binary(max_size=8) | st.text(max_size=8),
    lambda below: st.lists(below, max_size=3) | st.dictionaries(st.text(max_size=8), below, max_size=3),
    max_leaves=5,
)
_PLACES = [
    (part, name)
    for part in ("request", "response", "client_conn", "server_conn", "websocket", "error")
    for name in flow(CHAT, ASKED, REPLY).get_state().get(part) or {"x": 0}
]


@given(place=st.sampled_from(_PLACES), value=_states)
def test_a_flow_with_anything_anywhere_is_read_or_left_out(place: tuple[str, str], value: object) -> None:
    """A state of wrong types makes an unreadable flow, or a call; never a fault."""
    state = flow(CHAT, ASKED, REPLY, reply_headers=JSON).get_state()
    part, name = place
    if isinstance(state.get(part), dict):
        state[part][name] = value
    else:
        state[part] = value
    (result,) = take(Listed(), tnetstring.dumps(state))
    assert result.error is None
    assert result.calls + result.other + sum(result.unreadable.values()) == 1


@given(data=st.data())
def test_a_file_with_flipped_bytes_is_read_as_far_as_it_can_be(data: st.DataObject) -> None:
    """Damage ends in one line, or in a flow that says something else."""
    whole = bytearray(mitm([of_fixture(fixtures()[0])]))
    for _ in range(data.draw(st.integers(1, 4))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    take(Listed(), bytes(whole))


@given(st.binary(max_size=200))
def test_any_bytes_are_a_line_at_most(data: bytes) -> None:
    """Nothing but the one error leaves the reader."""
    read(data)
