"""WebSockets through a real mitmdump: nothing of the traffic changes, and every call is recorded."""

from __future__ import annotations

import asyncio
import json
import secrets
import socket as sockets
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import openai
import pytest
from google import genai
from google.genai import types
from websockets.exceptions import InvalidStatus
from websockets.sync.client import ClientConnection
from websockets.sync.server import ServerConnection

from sessiontap.call import FOUND_BY, Call
from sessiontap.demo.proxy_process import ProxyProcess
from sessiontap.launch.started import start_proxy
from sessiontap.store import Ledger
from tests import nowhere
from tests.end_to_end.socket_double import SocketDouble, open_socket, open_sockets

HOSTS = ("api.openai.com", "generativelanguage.googleapis.com", "unrelated.example")
RESPONSES = "wss://api.openai.com/v1/responses"
REALTIME = "wss://api.openai.com/v1/realtime?model=gpt-realtime"
CREATE = {"type": "response.create", "model": "gpt-5-mini", "input": "Hi"}
WAIT_S = 30
# What a script beside the addon sees of the messages that mitmproxy keeps.
WATCH = """
class Watch:
    most = 0
    def websocket_message(self, flow):
        self.most = max(self.most, len(flow.websocket.messages))
    def websocket_end(self, flow):
        with open({path!r}, "w") as file:
            file.write(f"{{self.most}} {{flow.comment}}")
addons = [Watch()]
"""


@dataclass(slots=True)
class Place:
    """A running proxy before a double; tests choose what the double does on its next socket."""

    double: SocketDouble
    proxy: ProxyProcess
    watched: Path

    def ended(self, session: str, number: int) -> list[Call]:
        """The calls of a session, once so many have ended and none is left."""
        pause = threading.Event()
        for _ in range(WAIT_S * 100):
            calls = Ledger(self.proxy.home).calls(session)
            if len(calls) == number and all(call.status != "running" for call in calls):
                return calls
            pause.wait(0.01)
        pytest.fail(f"the calls of {session!r} did not end")


def _response(number: int, kind: str = "response.completed") -> str:
    usage = {"input_tokens": 10 + number, "output_tokens": number, "total_tokens": 10 + 2 * number}
    response = {
        "id": f"resp_{number}",
        "object": "response",
        "created_at": 1,
        "model": "gpt-5-mini-2025-08-07",
        "status": "completed" if kind == "response.completed" else "in_progress",
        "output": [],
        "parallel_tool_calls": True,
        "tool_choice": "auto",
        "tools": [],
        "usage": usage if kind == "response.completed" else None,
    }
    return json.dumps({"type": kind, "sequence_number": 0, "response": response})


_DELTA = json.dumps(
    {
        "type": "response.output_text.delta",
        "sequence_number": 1,
        "item_id": "msg_1",
        "output_index": 0,
        "content_index": 0,
        "delta": "Hello",
        "logprobs": [],
    }
)


def _answers(socket: ServerConnection) -> None:
    """Answers every message with a whole response."""
    for number, _ in enumerate(socket, 1):
        socket.send(_response(number, "response.created"))
        socket.send(_DELTA)
        socket.send(_response(number))


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """One proxy for all the tests here; each test has a session of its own."""
    folder: Path = tmp_path_factory.mktemp("sockets")
    watched, script = folder / "watched.txt", folder / "watch.py"
    script.write_text(WATCH.format(path=str(watched)), "utf-8")
    with open_sockets(folder, HOSTS, scripts=[script]) as (double, proxy):
        yield Place(double, proxy, watched)


@pytest.fixture(autouse=True)
def _through_the_proxy(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", place.proxy.url)
    monkeypatch.setenv("SSL_CERT_FILE", str(place.proxy.ca_file))
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)


def test_the_calls_of_a_socket_share_its_session(place: Place) -> None:
    """The handshake's headers say whose the calls are, and do not travel on."""
    seen: list[str] = []

    def serve(socket: ServerConnection) -> None:
        assert socket.request is not None
        seen.extend(socket.request.headers)
        _answers(socket)

    place.double.handler = serve
    named = {"Helicone_Session_Id": "shared", "Helicone_Session_Path": "/a/b", "Authorization": "Bearer none"}
    with open_socket(place.proxy, RESPONSES, **named) as client:
        for _ in range(2):
            client.send(json.dumps(CREATE))
            assert [client.recv(WAIT_S) for _ in range(3)][1] == _DELTA
    first, second = sorted(place.ended("shared", 2), key=lambda call: call.response_id or "")
    assert first.call_id != second.call_id
    for call, number in ((first, 1), (second, 2)):
        assert (call.session_path, call.status, call.http_status) == ("/a/b", "ok", 101)
        assert (call.request_model, call.response_model) == ("gpt-5-mini", "gpt-5-mini-2025-08-07")
        assert (call.usage.input_tokens, call.usage.output_tokens) == (10 + number, number)
        assert call.cost_usd is not None
    assert "authorization" in seen
    assert not [name for name in seen if name.startswith("helicone")]


def test_a_socket_to_a_gateway_of_helicones_is_the_providers(place: Place) -> None:
    """Its handshake goes to the provider with the key of that one alone, and its calls stand under it."""
    seen: list[tuple[str, str]] = []

    def serve(socket: ServerConnection) -> None:
        assert socket.request is not None
        seen.extend(socket.request.headers.raw_items())
        _answers(socket)

    place.double.handler = serve
    keys = "Bearer none, Bearer sk-helicone-1234567"
    url = RESPONSES.replace("api.openai.com", "oai.helicone.ai/sk-helicone-1234567")
    with open_socket(place.proxy, url, Authorization=keys, Helicone_Session_Id="gateway") as client:
        client.send(json.dumps(CREATE))
        assert [client.recv(WAIT_S) for _ in range(3)][1] == _DELTA
    (call,) = place.ended("gateway", 1)
    assert (call.host, call.url_path) == ("api.openai.com", "/v1/responses")
    assert call.properties == {"helicone-gateway": "oai.helicone.ai"}
    sent = {name.lower(): value for name, value in seen}
    assert (sent["host"], sent["authorization"]) == ("api.openai.com", "Bearer none")
    assert [name for name in sent if name.startswith("helicone")] == []


@pytest.mark.parametrize("compression", [None, "deflate"])
def test_what_is_no_call_passes_unchanged(place: Place, compression: str | None) -> None:
    """Binary, text that is no JSON, empty and large messages arrive as they were sent; pings are answered."""

    def serve(socket: ServerConnection) -> None:
        for message in socket:
            socket.send(message)

    place.double.handler = serve
    messages: list[str | bytes] = ["", b"", "no JSON \u2713", secrets.token_bytes(300_000), "[1]", b"\x00"]
    session = f"passing {compression}"
    url = REALTIME
    with open_socket(place.proxy, url, compression=compression, Helicone_Session_Id=session) as client:
        for message in messages:
            client.send(message)
            assert client.recv(WAIT_S) == message
        assert client.ping().wait(WAIT_S)
    assert Ledger(place.proxy.home).calls(session) == []


def test_memory_stays_flat_over_5000_messages(place: Place) -> None:
    """Of the messages that have passed, mitmproxy keeps one; the flow's comment is its last call's."""
    place.double.handler = _answers
    with open_socket(place.proxy, RESPONSES, Helicone_Session_Id="long") as client:
        for _ in range(1250):
            client.send(json.dumps(CREATE))
            for _ in range(3):
                client.recv(WAIT_S)
    calls = place.ended("long", 1250)
    assert {call.status for call in calls} == {"ok"}
    most, comment = place.watched.read_text("utf-8").split(" ", 1)
    assert most == "1"
    assert comment.endswith("1,260 in / 1,250 out · long /")


def _leaves(client: Any) -> None:
    client.socket.shutdown(sockets.SHUT_RDWR)


def _closes(client: Any) -> None:
    client.close()


@pytest.mark.parametrize("leave", [_leaves, _closes])
def test_a_client_that_leaves_keeps_what_was_seen(place: Place, leave: Callable[[Any], None]) -> None:
    """A socket that ends in the middle of a response leaves a cancelled call."""

    def serve(socket: ServerConnection) -> None:
        socket.recv()
        socket.send(_response(7, "response.created"))
        socket.send(_DELTA)
        socket.recv()

    place.double.handler = serve
    session = f"left by {leave.__name__}"
    with open_socket(place.proxy, RESPONSES, Helicone_Session_Id=session) as client:
        client.send(json.dumps(CREATE))
        client.recv(WAIT_S)
        client.recv(WAIT_S)
        leave(client)
        (call,) = place.ended(session, 1)
    assert (call.status, call.response_id, call.response_model) == (
        "cancelled",
        "resp_7",
        "gpt-5-mini-2025-08-07",
    )
    assert call.ttft_ms is not None


def test_a_provider_that_closes_with_an_error_fails_the_call(place: Place) -> None:
    """What the provider says as it closes the socket is the call's error."""

    def serve(socket: ServerConnection) -> None:
        socket.recv()
        socket.close(1011, "overloaded")

    place.double.handler = serve
    with open_socket(place.proxy, RESPONSES, Helicone_Session_Id="failed") as client:
        client.send(json.dumps(CREATE))
        (call,) = place.ended("failed", 1)
    assert (call.status, call.error_type, call.error_message) == (
        "error",
        "websocket_close_1011",
        "overloaded",
    )


def test_a_refused_handshake_is_no_call(place: Place) -> None:
    """A socket that never was leaves no record, and the client sees the refusal."""
    url = f"{RESPONSES}?refuse=1"
    with (
        pytest.raises(InvalidStatus) as refused,
        open_socket(place.proxy, url, Helicone_Session_Id="refused") as client,
    ):
        client.recv(WAIT_S)
    assert refused.value.response.status_code == 403
    assert Ledger(place.proxy.home).calls("refused") == []


def test_a_proxy_that_ends_keeps_the_open_calls(tmp_path: Path) -> None:
    """A call whose socket is open when the proxy ends is on disk as interrupted."""
    arrived = threading.Event()

    def serve(socket: ServerConnection) -> None:
        socket.recv()
        socket.send(_response(1, "response.created"))
        arrived.set()
        socket.recv()

    with open_sockets(tmp_path, HOSTS) as (double, proxy):
        double.handler = serve
        with open_socket(proxy, RESPONSES, Helicone_Session_Id="s") as client:
            client.send(json.dumps(CREATE))
            client.recv(WAIT_S)
            assert arrived.wait(WAIT_S)
            proxy.stop()
        (call,) = Ledger(proxy.home).calls("s")
    assert (call.status, call.response_id) == ("interrupted", "resp_1")


def test_the_openai_sdks_responses_socket(place: Place) -> None:
    """Two turns of `client.responses.connect` are two calls."""
    place.double.handler = _answers
    headers = {"Helicone-Session-Id": "sdk responses"}

    async def talk() -> list[str]:
        async with (
            openai.AsyncOpenAI(api_key="sk-none") as client,
            client.responses.connect(extra_headers=headers) as connection,
        ):
            kinds: list[str] = []
            for _ in range(2):
                await connection.response.create(model="gpt-5-mini", input="Hi")
                kinds += [(await connection.recv()).type for _ in range(3)]
            return kinds

    assert asyncio.run(talk()) == 2 * [
        "response.created",
        "response.output_text.delta",
        "response.completed",
    ]
    calls = place.ended("sdk responses", 2)
    assert sorted(call.usage.input_tokens or 0 for call in calls) == [11, 12]


def test_the_openai_sdks_realtime_socket(place: Place) -> None:
    """A response of `client.realtime.connect` is a call, with its sound apart."""
    usage = {
        "total_tokens": 50,
        "input_tokens": 10,
        "output_tokens": 40,
        "input_token_details": {"text_tokens": 10, "audio_tokens": 0, "cached_tokens": 0},
        "output_token_details": {"text_tokens": 8, "audio_tokens": 32},
    }

    def serve(socket: ServerConnection) -> None:
        session = {"type": "realtime", "model": "gpt-realtime"}
        socket.send(json.dumps({"type": "session.created", "event_id": "e1", "session": session}))
        socket.recv()
        created = {"id": "resp_1", "object": "realtime.response", "status": "in_progress"}
        socket.send(json.dumps({"type": "response.created", "event_id": "e2", "response": created}))
        done = {**created, "status": "completed", "usage": usage}
        socket.send(json.dumps({"type": "response.done", "event_id": "e3", "response": done}))
        socket.recv()

    place.double.handler = serve
    headers = {"Helicone-Session-Id": "sdk realtime"}

    async def talk() -> list[str]:
        async with (
            openai.AsyncOpenAI(api_key="sk-none") as client,
            client.realtime.connect(model="gpt-realtime", extra_headers=headers) as connection,
        ):
            first = (await connection.recv()).type
            await connection.response.create()
            return [first, *[(await connection.recv()).type for _ in range(2)]]

    assert asyncio.run(talk()) == ["session.created", "response.created", "response.done"]
    (call,) = place.ended("sdk realtime", 1)
    assert (call.request_model, call.response_model, call.status) == ("gpt-realtime", "gpt-realtime", "ok")
    assert (call.usage.input_tokens, call.usage.output_tokens, call.usage.output_audio_tokens) == (10, 40, 32)


def test_googles_sdks_live_socket(place: Place) -> None:
    """A turn of `client.aio.live.connect`, whose messages come in binary frames, is a call."""
    usage = {"promptTokenCount": 30, "responseTokenCount": 5, "totalTokenCount": 35, "thoughtsTokenCount": 2}

    def serve(socket: ServerConnection) -> None:
        socket.recv()
        socket.send(json.dumps({"setupComplete": {}}).encode())
        socket.recv()
        said = {"modelTurn": {"parts": [{"text": "Hello"}]}}
        socket.send(json.dumps({"serverContent": said}).encode())
        socket.send(json.dumps({"serverContent": {"turnComplete": True}, "usageMetadata": usage}).encode())
        socket.recv()

    async def talk() -> list[str]:
        options = types.HttpOptions(headers={"Helicone-Session-Id": "sdk live"})
        client = genai.Client(api_key="none", http_options=options)
        config = types.LiveConnectConfig(response_modalities=[types.Modality.TEXT])
        async with client.aio.live.connect(model="gemini-live-2.5-flash-preview", config=config) as session:
            content = types.Content(role="user", parts=[types.Part(text="Hi")])
            await session.send_client_content(turns=content, turn_complete=True)
            return [message.text async for message in session.receive() if message.text]

    place.double.handler = serve
    assert asyncio.run(talk()) == ["Hello"]
    (call,) = place.ended("sdk live", 1)
    assert (call.request_model, call.status) == ("gemini-live-2.5-flash-preview", "ok")
    assert (call.usage.input_tokens, call.usage.output_tokens) == (30, 7)


def test_a_socket_whose_session_has_spent_its_budget_gets_an_error(place: Place) -> None:
    """The message does not go on; the client reads OpenAI's own event, and the call is recorded as such."""
    came: list[object] = []
    place.double.handler = came.extend
    named = {"Helicone_Session_Id": "spent", "Sessiontap_Budget_Usd": "0"}
    with open_socket(place.proxy, RESPONSES, **named) as client:
        client.send(json.dumps(CREATE))
        event = json.loads(client.recv(WAIT_S))
    assert (event["type"], event["status"], event["error"]["code"]) == ("error", 402, "budget")
    (call,) = place.ended("spent", 1)
    assert (call.status, call.error_type) == ("error", "budget")
    assert came == []


def test_a_socket_is_played_back(place: Place, tmp_path: Path) -> None:
    """The recorded events, question by question; no connection upstream; free; then an error."""
    place.double.handler = _answers
    other = {**CREATE, "input": "And now?"}
    with open_socket(place.proxy, RESPONSES, Helicone_Session_Id="taped") as client:
        recorded = [_ask(client, question) for question in (CREATE, other)]
    place.ended("taped", 2)
    told = tmp_path / "told"
    told.touch()
    with (
        start_proxy(
            home=place.proxy.home,
            confdir=tmp_path / "conf",
            options={
                "sessiontap_playback": "taped",
                "sessiontap_playback_match": "request",
                # What is played is not held to it.
                "sessiontap_budget": "0",
            },
            arguments=("-s", nowhere.__file__),
            environ={nowhere.VARIABLE: str(told)},
        ) as proxy,
        open_socket(proxy, RESPONSES, Helicone_Session_Id="again") as client,
    ):
        assert [_ask(client, question) for question in (other, CREATE)] == recorded[::-1]
        client.send(json.dumps({"type": "response.cancel"}))
        client.send(json.dumps({**CREATE, "input": "Never asked"}))
        error = json.loads(client.recv(WAIT_S))
        said = (error["type"], error["status"], error["error"]["code"])
        assert said == ("error", 404, "not_in_recording")
        # A socket is played whole, whatever that option says.
        assert "sessiontap_playback_missing" not in error["error"]["message"]
    assert told.read_text() == ""
    calls = place.ended("again", 3)
    assert [(call.status, call.error_type, call.cost_usd) for call in calls] == [
        ("ok", None, Decimal(0)),
        ("ok", None, Decimal(0)),
        ("error", "not_in_recording", None),
    ]
    assert [call.properties.get(FOUND_BY) for call in calls] == ["request", "request", None]
    assert [call.response_id for call in calls] == ["resp_2", "resp_1", None]


def _ask(client: ClientConnection, question: dict[str, Any]) -> list[str | bytes]:
    """What a question is answered: three messages."""
    client.send(json.dumps(question))
    return [client.recv(WAIT_S) for _ in range(3)]
