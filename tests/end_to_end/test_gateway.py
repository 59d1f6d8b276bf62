"""A company's gateway, named by option, through a real mitmdump."""

from __future__ import annotations

import http.client
import json
from pathlib import Path

import pytest

from sessiontap.demo.answer import Answer
from sessiontap.demo.double import Double
from sessiontap.demo.proxy_process import ProxyProcess
from sessiontap.errors import SessiontapError
from tests.end_to_end.place import BODY, Place, open_place, plain, raw
from tests.streams_with_usage import Stream

HOST = "files.example"


def _post(place: Place, connection: http.client.HTTPConnection, url: str, session: str, body: bytes) -> bytes:
    headers = {"x-test": session, "Helicone-Session-Id": session, "Content-Type": "application/json"}
    connection.request("POST", url, body, headers)
    reply = connection.getresponse().read()
    connection.close()
    assert place.double.received[-1].header("helicone-session-id") is None
    return reply


def test_a_gateway_is_recorded_as_its_provider(tmp_path: Path) -> None:
    """Over https and http, behind a prefix, calls stand under the provider's name and the gateway's host."""
    options = {"sessiontap_hosts": f"{HOST}:4000=openai,other.example=anthropic"}
    with open_place(tmp_path, options=options) as place:
        cost = ("x-litellm-response-cost", "0.000125")
        place.handlers["https"] = raw(b"".join(plain(None).chunks), cost)  # type: ignore[arg-type]
        place.handlers["http"] = plain
        _post(place, place.connection(HOST), "/openai/chat/completions", "https", BODY)
        proxy = http.client.HTTPConnection("127.0.0.1", place.proxy.port, timeout=30)
        _post(place, proxy, f"http://{HOST}/team/v1/chat/completions", "http", BODY)
        (stated,), (priced,) = place.calls("https"), place.calls("http")
    for call, path in ((stated, "/openai/chat/completions"), (priced, "/team/v1/chat/completions")):
        assert (call.provider, call.api, call.host, call.url_path) == ("openai", "openai.chat", HOST, path)
        assert (call.status, call.usage.input_tokens) == ("ok", 11)
    assert (str(stated.cost_usd), stated.cost_source) == ("0.000125", "provider")
    assert priced.cost_source == "table"


def test_a_gateway_is_not_asked_for_usage_unless_told(tmp_path: Path) -> None:
    """Nobody documents what it refuses, so its streams are asked for usage only where the user says so."""
    stream = json.dumps({**json.loads(BODY), "stream": True}).encode()
    answer = Answer(
        headers=(("Content-Type", "text/event-stream"),), chunks=[Stream().body(with_usage=False)]
    )
    for mode in ("auto", "on"):
        folder = tmp_path / mode
        folder.mkdir()
        options = {"sessiontap_hosts": f"{HOST}=openai", "sessiontap_stream_usage": mode}
        with open_place(folder, options=options) as place:
            place.handlers["stream"] = lambda _: answer
            received = _post(place, place.connection(HOST), "/v1/chat/completions", "stream", stream)
            assert received == Stream().body(with_usage=False)
            assert (b"include_usage" in place.double.received[-1].body) == (mode == "on")
            (call,) = place.calls("stream")
            assert call.usage_source == "estimated"


@pytest.mark.parametrize(
    ("option", "words"),
    [
        (("sessiontap_hosts", "llm.corp.example=openia"), ["openia", "openai, ", "anthropic"]),
        (("sessiontap_stream_usage", "always"), ["always", "auto, on, off"]),
    ],
)
def test_an_option_that_cannot_be_meant_ends_the_start(
    tmp_path: Path, confdir: Path, double: Double, option: tuple[str, str], words: list[str]
) -> None:
    """One line names the option, what was said and what is allowed."""
    with pytest.raises(SessiontapError) as refused:
        ProxyProcess(home=tmp_path, confdir=confdir, double=double, options=dict([option]))
    assert all(word in str(refused.value) for word in [option[0], *words])
    assert "\n" not in str(refused.value)
