from __future__ import annotations

import http.client
import threading
from collections.abc import Callable, Iterator

import pytest

from sessiontap.demo.answer import Answer, ReceivedCall
from sessiontap.demo.double import Double
from sessiontap.demo.proxy_process import ProxyProcess
from sessiontap.demo.replies import openai_chat
from sessiontap.store import Ledger
from sessiontap.usage import Usage

Connect = Callable[[ProxyProcess, str], http.client.HTTPSConnection]

HOST = "api.openai.com"
JSON = {"Content-Type": "application/json"}
BODY = b'{"model":"gpt-4o","stream":true,"messages":[]}'


@pytest.mark.parametrize("proxy", [{"addon": False}, {}], indirect=True, ids=["bare", "with the addon"])
def test_connect(proxy: ProxyProcess, double: Double, connect: Connect) -> None:
    """A call through CONNECT reaches the double under its real host, and its answer comes back whole."""
    double.handler = lambda call: Answer(status=418, headers=(("X-Of", call.host),), chunks=(b"tea", b"pot"))
    connection = connect(proxy, HOST)

    connection.request("POST", "/v1/chat/completions", BODY, {**JSON, "Helicone-Stream-Usage": "false"})
    reply = connection.getresponse()

    assert (reply.status, reply.headers["x-of"], reply.read()) == (418, HOST, b"teapot")
    assert [(call.method, call.host, call.path, call.body) for call in double.received] == [
        ("POST", HOST, "/v1/chat/completions", BODY)
    ]


def test_streams_while_the_reply_is_under_way(proxy: ProxyProcess, double: Double, connect: Connect) -> None:
    """The client has a stream's first event before the provider has sent the second."""
    seen = threading.Event()

    def handler(_call: ReceivedCall) -> Answer:
        def events() -> Iterator[bytes]:
            yield b"data: {}\n\n"
            assert seen.wait(20), "the first event did not come through while the reply was under way"
            yield b"data: [DONE]\n\n"

        return Answer(headers=(("Content-Type", "text/event-stream"),), chunks=events())

    double.handler = handler
    connection = connect(proxy, HOST)

    connection.request("POST", "/v1/chat/completions", BODY)
    reply = connection.getresponse()
    first = reply.read1(1000)
    seen.set()

    assert first == b"data: {}\n\n"
    assert reply.read() == b"data: [DONE]\n\n"


def test_records(proxy: ProxyProcess, double: Double, connect: Connect) -> None:
    """A streamed call with session headers is on disk when mitmdump ended; the headers went no further."""
    usage = Usage(input_tokens=21, cache_read_input_tokens=5, output_tokens=8, reasoning_output_tokens=2)
    double.handler = lambda _call: openai_chat("gpt-4o", "Good morning to you", usage, stream=True)
    connection = connect(proxy, HOST)
    headers = {"Helicone-Session-Id": "s-1", "Helicone-Session-Path": "/greet", "Authorization": "Bearer k"}

    connection.request("POST", "/v1/chat/completions", BODY, headers)
    connection.getresponse().read()
    status = proxy.stop()

    assert status == 0, proxy.log
    [call] = Ledger(proxy.home).calls("s-1")
    assert (call.session_path, call.status, call.http_status) == ("/greet", "ok", 200)
    assert (call.usage.input_tokens, call.usage.cache_read_input_tokens) == (21, 5)
    assert (call.usage.output_tokens, call.usage.reasoning_output_tokens) == (8, 2)
    [received] = double.received
    assert received.header("authorization") == "Bearer k"
    assert not [name for name, _ in received.headers if name.lower().startswith("helicone")]
