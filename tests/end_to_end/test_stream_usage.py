"""Streams that are asked for their usage on the client's behalf, through a real mitmdump."""

from __future__ import annotations

import gzip
import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openai
import pytest

from sessiontap.demo.answer import Answer, ReceivedCall
from sessiontap.usage import Usage
from tests.end_to_end.place import CHAT, Place, open_place
from tests.streams_with_usage import Stream

MODEL = "gpt-4.1-mini"
REQUEST = {"model": MODEL, "stream": True, "messages": [{"role": "user", "content": "Say hello"}]}
SSE = ("Content-Type", "text/event-stream; charset=utf-8")


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """One proxy for the module."""
    with open_place(tmp_path_factory.mktemp("stream_usage")) as opened:
        yield opened


def _answer(stream: Stream, cut: int = 0, *headers: tuple[str, str], chunked: bool = True) -> Any:
    """A double that reports usage only where it is asked to, as OpenAI does."""

    def handler(call: ReceivedCall) -> Answer:
        asked = (json.loads(call.body).get("stream_options") or {}).get("include_usage") is True
        body = stream.body(with_usage=asked)
        pieces = [body[at : at + cut] for at in range(0, len(body), cut)] if cut else [body]
        return Answer(headers=(SSE, *headers), chunks=pieces, chunked=chunked)

    return handler


def _body(**changes: Any) -> bytes:
    return json.dumps({**REQUEST, **changes}).encode()


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"], ids=["lf", "crlf", "cr"])
@pytest.mark.parametrize("cut", [0, 1, 7, 100])
def test_the_client_reads_what_it_would_have_read(place: Place, cut: int, line_end: str) -> None:
    """The raw reply is the provider's own without usage, and the record has the reported usage."""
    stream = Stream(line_end=line_end)
    session = f"raw {cut} {line_end!r}"
    status, received = place.send(session, _answer(stream, cut), body=_body())
    assert (status, received) == (200, stream.body(with_usage=False))
    (call,) = place.calls(session)
    assert (call.usage_source, call.status) == ("reported", "ok")
    assert call.usage == Usage(
        input_tokens=9,
        cache_read_input_tokens=0,
        output_tokens=4,
        reasoning_output_tokens=0,
    )
    # The call ends with [DONE]; of the blank line behind it a part may come later.
    sent = len(stream.body(with_usage=True))
    assert call.response_bytes is not None
    assert sent - 2 <= call.response_bytes <= sent
    assert call.request_bytes == len(_body())


def test_the_provider_sees_the_request_with_one_thing_added(place: Place) -> None:
    """The body is the client's but for the question, its length is right, and no coding is accepted."""
    place.send("request", _answer(Stream()), body=_body(), Accept_Encoding="gzip, br")
    received = place.double.received[-1]
    asked = b'"stream_options":{"include_usage":true},'
    assert received.body.replace(asked, b"", 1) == _body()
    assert len(received.body) == len(_body()) + len(asked)
    assert received.header("content-length") == str(len(received.body))
    assert received.header("accept-encoding") == "identity"


def test_a_content_length_gives_way(place: Place) -> None:
    """A reply that states its length is read to its end all the same, on a connection that stays."""
    stream = Stream()
    for name in ("length 1", "length 2"):
        _, received = place.send(name, _answer(stream, chunked=False), body=_body())
        assert received == stream.body(with_usage=False)


def test_a_client_that_asks_gets_its_usage(place: Place) -> None:
    """Nothing is added to such a request, nor taken from its reply."""
    stream, body = Stream(), _body(stream_options={"include_usage": True})
    _, received = place.send("asked", _answer(stream), body=body)
    assert received == stream.body(with_usage=True)
    assert place.double.received[-1].body == body


@pytest.mark.parametrize(
    "header",
    [
        {"Helicone_Stream_Usage": "false"},
        {"Authorization": "AWS4-HMAC-SHA256 Credential=x"},
        {"Content_Digest": "sha-256=:x:"},
        {"Signature_Input": "sig1=()"},
        {"X_Amz_Content_SHA256": "x"},
        {"Content_MD5": "x"},
    ],
    ids=lambda header: next(iter(header)),
)
def test_a_signed_request_and_a_refusal_are_left_alone(place: Place, header: dict[str, str]) -> None:
    """The body goes on as it is; the usage is estimated from the text, and says so."""
    stream, session = Stream(), f"alone {header}"
    _, received = place.send(session, _answer(stream), body=_body(), Accept_Encoding="gzip", **header)
    assert received == stream.body(with_usage=False)
    assert place.double.received[-1].body == _body()
    assert place.double.received[-1].header("accept-encoding") == "gzip"
    assert place.double.received[-1].header("helicone-stream-usage") is None
    (call,) = place.calls(session)
    assert (call.usage_source, call.usage) == ("estimated", Usage(input_tokens=9, output_tokens=11))
    assert call.cost_usd


def test_a_compressed_reply_goes_on_whole(place: Place) -> None:
    """A reply that is compressed against our asking reaches the client byte for byte, and is read."""
    wire = gzip.compress(Stream().body(with_usage=True))
    answer = Answer(headers=(SSE, ("Content-Encoding", "gzip")), chunks=[wire])
    _, received = place.send("compressed", lambda _: answer, body=_body())
    assert received == wire
    (call,) = place.calls("compressed")
    assert call.usage_source == "reported"


def test_an_error_is_not_touched(place: Place) -> None:
    """An error in JSON, with its length, reaches the client as it came."""
    error = b'{"error":{"message":"no","type":"invalid_request_error"},"usage":null}'
    answer = Answer(
        status=400, headers=(("Content-Type", "application/json"),), chunks=[error], chunked=False
    )
    assert place.send("error", lambda _: answer, body=_body()) == (400, error)


def test_the_sdk_sees_the_same_chunks(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the openai SDK makes of the stream is what it makes of it without a proxy."""
    place.handlers["sdk"] = _answer(Stream())

    def chunks(**proxy: str) -> list[dict[str, Any]]:
        for name in ("HTTPS_PROXY", "SSL_CERT_FILE", "NO_PROXY", "no_proxy", "https_proxy"):
            monkeypatch.delenv(name, raising=False)
        for name, value in proxy.items():
            monkeypatch.setenv(name, value)
        base = "https://api.openai.com/v1" if proxy else f"http://127.0.0.1:{place.double.port}/v1"
        headers = {"x-test": "sdk", "Helicone-Session-Id": "sdk"}
        with openai.OpenAI(api_key="sk-none", base_url=base, default_headers=headers) as client:
            stream = client.chat.completions.create(
                model=MODEL, stream=True, messages=[{"role": "user", "content": "Say hello"}]
            )
            return [chunk.model_dump(exclude_unset=True) for chunk in stream]

    direct = chunks()
    through = chunks(HTTPS_PROXY=place.proxy.url, SSL_CERT_FILE=str(place.proxy.ca_file))
    assert through == direct
    assert direct
    (call,) = place.calls("sdk")
    assert call.usage_source == "reported"


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is the client that speaks HTTP/2 here")
@pytest.mark.parametrize("chunked", [True, False], ids=["chunked", "with a length"])
def test_a_client_of_http_2_reads_the_same(tmp_path: Path, chunked: bool) -> None:
    """Over HTTP/2 the stream ends cleanly without its usage event, whatever length the provider stated."""
    stream = Stream()
    # Lazy: a provider that speaks HTTP/1 only is not asked before the client is offered HTTP/2.
    with open_place(tmp_path, options={"connection_strategy": "lazy"}) as place:
        place.handlers["h2"] = _answer(stream, chunked=chunked)
        url, ca_file = place.proxy.url, str(place.proxy.ca_file)
        command = ["curl", "-sS", "--http2", "-x", url, "--cacert", ca_file, "-w", "%{http_version}"]
        for header in ("x-test: h2", "Helicone-Session-Id: h2", "Content-Type: application/json"):
            command += ["-H", header]
        command += ["--data-binary", _body().decode(), f"https://api.openai.com{CHAT}"]
        done = subprocess.run(command, capture_output=True, check=True)
        assert done.stdout == stream.body(with_usage=False) + b"2"
        assert b"include_usage" in place.double.received[-1].body
        (call,) = place.calls("h2")
        assert call.usage_source == "reported"


def test_off_asks_nobody_and_on_everybody(tmp_path: Path) -> None:
    """The option decides where the header says nothing, and the header against it."""
    stream = Stream()
    with open_place(tmp_path, options={"sessiontap_stream_usage": "off"}) as place:
        place.send("off", _answer(stream), body=_body())
        place.send("told", _answer(stream), body=_body(), Helicone_Stream_Usage="true")
        assert [b"include_usage" in each.body for each in place.double.received] == [False, True]
