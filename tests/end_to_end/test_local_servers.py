"""Model servers on this machine, over plain http through a real mitmdump; and servers that are none.

The double listens on loopback and is called there, as a model server is: by its name or address and port.
"""

from __future__ import annotations

import http.client
import json
import threading
from collections.abc import Iterator
from decimal import Decimal

import openai
import pytest

from sessiontap.call import Call
from sessiontap.demo import replies
from sessiontap.demo.answer import Answer, ReceivedCall
from tests.end_to_end.place import CHAT, USAGE, WAIT_S, Place, open_place, plain, raw

MODEL = "qwen3:8b"
ASKED = json.dumps({"model": MODEL, "messages": [{"role": "user", "content": "Hi"}]}).encode()
NDJSON = ("Content-Type", "application/x-ndjson")
LAST = {"model": MODEL, "message": {"role": "assistant", "content": ""}, "done": True, "done_reason": "stop"}


def _line(**fields: object) -> bytes:
    return json.dumps({"model": MODEL, **fields}).encode() + b"\n"


def _word(text: str) -> bytes:
    return _line(message={"role": "assistant", "content": text}, done=False)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """One proxy for the module; a handler that failed fails the module."""
    with open_place(tmp_path_factory.mktemp("local")) as opened:
        yield opened
        assert opened.double.faults == []


def _begin(
    place: Place, session: str, path: str, body: bytes = ASKED, host: str = "localhost", **headers: str
) -> tuple[http.client.HTTPConnection, http.client.HTTPResponse]:
    """Sends a call over plain http, in the absolute form that proxies take; the reply has begun."""
    connection = http.client.HTTPConnection("127.0.0.1", place.proxy.port, timeout=WAIT_S)
    sent = {"Helicone-Session-Id": session, "x-test": session, "Content-Type": "application/json", **headers}
    connection.request("POST", f"http://{host}:{place.double.port}{path}", body, sent)
    return connection, connection.getresponse()


def _send(
    place: Place, session: str, path: str, body: bytes = ASKED, host: str = "localhost"
) -> tuple[int, bytes]:
    connection, reply = _begin(place, session, path, body, host)
    received = reply.status, reply.read()
    connection.close()
    return received


def _only_call(place: Place, session: str) -> Call:
    """The session's call, which is there once the proxy has seen its end."""
    pause = threading.Event()
    for _ in range(WAIT_S * 100):
        if calls := place.calls(session):
            (call,) = calls
            return call
        pause.wait(0.01)
    pytest.fail(f"no call of {session!r} was recorded")


@pytest.mark.parametrize("stream", [False, True], ids=["plain", "streamed"])
def test_the_openai_sdk_with_a_local_server(
    place: Place,
    monkeypatch: pytest.MonkeyPatch,
    stream: bool,
) -> None:
    """The SDK with a base URL on localhost is recorded, at no cost."""
    session = f"sdk {stream}"
    monkeypatch.setenv("HTTP_PROXY", place.proxy.url)
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    place.handlers[session] = lambda _: replies.openai_chat(MODEL, "Hello there", USAGE, stream=stream)
    headers = {"Helicone-Session-Id": session, "x-test": session}
    url = f"http://localhost:{place.double.port}/v1"
    with openai.OpenAI(api_key="none", base_url=url, default_headers=headers) as client:
        if stream:
            chunks = client.chat.completions.create(
                model=MODEL, messages=[], stream=True, stream_options={"include_usage": True}
            )
            text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
        else:
            text = client.chat.completions.create(model=MODEL, messages=[]).choices[0].message.content or ""
    assert text == "Hello there"
    call = _only_call(place, session)
    assert (call.provider, call.api, call.host, call.url_path) == ("local", "openai.chat", "localhost", CHAT)
    assert (call.status, call.stream, call.usage_source) == ("ok", stream, "reported")
    assert (call.usage.input_tokens, call.usage.output_tokens) == (USAGE.input_tokens, USAGE.output_tokens)
    assert (call.billing, call.cost_usd, call.cost_source) == ("free", Decimal(0), "table")


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "[::1]", "host.docker.internal", "0.0.0.0"])
def test_ollama_streams_lines(place: Place, host: str) -> None:
    """Each line reaches the client before the next is made, and the call is recorded by its last."""
    session = f"ollama {host}"
    first_was_read = threading.Event()
    last = json.dumps({**LAST, "prompt_eval_count": 26, "eval_count": 2}).encode() + b"\n"

    def handler(_: ReceivedCall) -> Answer:
        def chunks() -> Iterator[bytes]:
            yield _word("Hel")
            assert first_was_read.wait(WAIT_S)
            yield _word("lo")
            yield last

        return Answer(headers=(NDJSON,), chunks=chunks())

    place.handlers[session] = handler
    connection, reply = _begin(place, session, "/api/chat", host=host)
    assert reply.readline() == _word("Hel")
    first_was_read.set()
    assert reply.read() == _word("lo") + last
    connection.close()
    call = _only_call(place, session)
    assert (call.provider, call.api, call.host) == ("local", "ollama.chat", host.strip("[]"))
    assert (call.status, call.stream, call.finish_reasons) == ("ok", True, ("stop",))
    assert (call.usage.input_tokens, call.usage.output_tokens, call.usage_source) == (26, 2, "reported")
    assert call.cost_usd == 0


def test_a_client_that_leaves_a_local_stream(place: Place) -> None:
    """A stream that the client leaves is recorded as cancelled, once the model has said something."""
    session = "aborted"
    gone = threading.Event()

    def handler(_: ReceivedCall) -> Answer:
        def chunks() -> Iterator[bytes]:
            yield _word("Hel")
            gone.wait(WAIT_S)

        return Answer(headers=(NDJSON,), chunks=chunks())

    place.handlers[session] = handler
    connection, reply = _begin(place, session, "/api/chat")
    assert reply.readline() == _word("Hel")
    reply.close()
    connection.close()
    call = _only_call(place, session)
    gone.set()
    assert (call.status, call.response_model, call.usage_source) == ("cancelled", MODEL, "none")
    assert not call.unpriced


def test_a_local_server_that_dies_in_its_stream(place: Place) -> None:
    """A stream that the server cuts is recorded as interrupted."""
    session = "died"
    place.handlers[session] = lambda _: Answer(
        headers=(NDJSON,), chunks=(_word("Hel"), _word("lo")), abort_after=1
    )
    connection, reply = _begin(place, session, "/api/chat")
    with pytest.raises(http.client.HTTPException):
        reply.read()
    connection.close()
    assert _only_call(place, session).status == "interrupted"


def test_an_error_of_a_local_server(place: Place) -> None:
    """What Ollama answers for a model that it does not have is a call that failed."""
    session = "error"
    body = b'{"error":"model \'qwen3:8b\' not found"}'
    place.handlers[session] = raw(body, status=404)
    assert _send(place, session, "/api/chat") == (404, body)
    call = _only_call(place, session)
    assert (call.status, call.http_status, call.error_message) == ("error", 404, "model 'qwen3:8b' not found")


PAGE = b"<!doctype html><title>Messages</title>"
STRANGERS = {
    "an id": ("/v1/messages", b'{"to":"ann"}', raw(b'{"id": 7}', status=201), (201, b'{"id": 7}')),
    "an error": (
        "/v1/messages",
        b'{"to":"ann"}',
        raw(b'{"error":"no"}', status=401),
        (401, b'{"error":"no"}'),
    ),
    "a page": ("/api/chat", b"to=ann", lambda _: Answer(chunks=(PAGE,)), (200, PAGE)),
    "binary": ("/v1/embeddings", b"\x00\xff", raw(b"\xff\x00" * 9), (200, b"\xff\x00" * 9)),
    "a query": ("/v1/responses", b"{}", raw(b'{"data":{"Get":[]}}'), (200, b'{"data":{"Get":[]}}')),
    "a vector store": ("/v1/graphql", b"{}", raw(b'{"data":{}}'), (200, b'{"data":{}}')),
}


@pytest.mark.parametrize("kind", STRANGERS)
def test_an_unrelated_server_on_the_same_paths(place: Place, kind: str) -> None:
    """A web application on this machine is not recorded, and its bytes pass unchanged in both directions."""
    path, body, handler, expected = STRANGERS[kind]
    place.handlers[kind] = handler
    assert _send(place, kind, path, body) == expected
    received = place.double.received[-1]
    assert (received.path, received.body) == (path, body)
    # What comes after it in its session is all that is there: had it been recorded, it would be first.
    place.handlers[kind] = plain
    assert _send(place, kind, CHAT)[0] == 200
    assert [call.url_path for call in place.calls(kind)] == [CHAT]
    assert "recorded as far as known" not in place.proxy.log
