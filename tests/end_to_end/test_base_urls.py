"""Clients that know no proxy: a base URL on loopback, of a reverse mode or of the proxy's own port."""

from __future__ import annotations

import http.client
import json
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import anthropic
import openai
import pytest
from google import genai
from google.genai import types

from sessiontap.call import Call
from sessiontap.demo import replies
from sessiontap.demo.answer import Answer, ReceivedCall
from sessiontap.demo.double import Double
from sessiontap.demo.proxy_process import ProxyProcess
from sessiontap.providers.named import HOSTS
from sessiontap.store import Ledger
from sessiontap.usage import Usage
from tests.end_to_end.place import BODY, WAIT_S

USAGE = Usage(input_tokens=120, output_tokens=57)
GPT, CLAUDE, GEMINI = "gpt-5-mini", "claude-opus-4-8", "gemini-2.5-flash"
HI: Any = [{"role": "user", "content": "Hi"}]


def _answer(call: ReceivedCall) -> Answer:
    if call.path.endswith("/messages"):
        return replies.anthropic_messages(CLAUDE, "Hello", USAGE, stream=False)
    if "enerateContent" in call.path:
        return replies.gemini_generate_content(GEMINI, "Hello", USAGE, stream=False)
    stream = bool(json.loads(call.body or b"{}").get("stream"))
    return replies.openai_chat(GPT, "Hello", USAGE, stream=stream)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of the whole module."""
    return tmp_path_factory.mktemp("base_urls")


@pytest.fixture(scope="module")
def double(folder: Path) -> Iterator[Double]:
    """One for all providers."""
    (folder / "double").mkdir()
    with Double(_answer, hosts=set(HOSTS.values()), folder=folder / "double") as running:
        yield running
        assert running.faults == []


@pytest.fixture(scope="module")
def proxy(folder: Path, double: Double) -> Iterator[ProxyProcess]:
    """A plain `mitmdump -s addon.py`; each test has a session of its own."""
    with ProxyProcess(home=folder / "home", confdir=folder / "conf", double=double) as running:
        yield running


@pytest.fixture(autouse=True)
def _without_a_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "SSL_CERT_FILE"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


def _calls_of_each(session: str, openai_url: str, anthropic_url: str, gemini_url: str) -> None:
    headers = {"Helicone-Session-Id": session}
    if openai_url:
        with openai.OpenAI(
            api_key="sk-none", base_url=openai_url, default_headers={**headers, "Helicone-Session-Path": "/a"}
        ) as client:
            reply = client.chat.completions.create(model=GPT, messages=HI)
            assert reply.choices[0].message.content == "Hello"
            chunks = client.chat.completions.create(model=GPT, messages=HI, stream=True)
            assert "".join(each.choices[0].delta.content or "" for each in chunks if each.choices) == "Hello"
    if anthropic_url:
        with anthropic.Anthropic(
            api_key="sk-ant-none", base_url=anthropic_url, default_headers=headers
        ) as claude:
            claude.messages.create(model=CLAUDE, max_tokens=99, messages=HI)
    if gemini_url:
        options = types.HttpOptions(base_url=gemini_url, api_version="v1beta", headers=headers)
        with genai.Client(api_key="none", http_options=options) as google:
            assert google.models.generate_content(model=GEMINI, contents="Hi").text == "Hello"


def _seen(calls: list[Call]) -> list[tuple[str, str, str, str]]:
    assert all(call.cost_usd and call.usage.output_tokens == USAGE.output_tokens for call in calls)
    return [(call.provider, call.host, call.url_path, call.status) for call in calls]


_OPENAI = ("openai", "api.openai.com", "/v1/chat/completions", "ok")
_ANTHROPIC = ("anthropic", "api.anthropic.com", "/v1/messages", "ok")
_GEMINI = (
    "gcp.gemini",
    "generativelanguage.googleapis.com",
    f"/v1beta/models/{GEMINI}:generateContent",
    "ok",
)


def test_one_port_leads_to_every_provider(proxy: ProxyProcess, double: Double) -> None:
    """The SDKs of three providers: one session, the clients' own keys, no header of ours."""
    before = len(double.received)
    _calls_of_each("one port", f"{proxy.url}/openai/v1", f"{proxy.url}/anthropic", f"{proxy.url}/gemini")
    calls = Ledger(proxy.home).calls("one port")
    assert _seen(calls) == [_OPENAI, _OPENAI, _ANTHROPIC, _GEMINI]
    received = double.received[before:]
    assert [(call.host, call.path) for call in received] == [(each[1], each[2]) for each in _seen(calls)]
    keys = [
        received[0].header("authorization"),
        # Versions of the SDK differ.
        received[2].header("x-api-key") or received[2].header("authorization"),
        received[3].header("x-goog-api-key"),
    ]
    assert [(key or "").removeprefix("Bearer ") for key in keys] == ["sk-none", "sk-ant-none", "none"]
    names = [name.lower() for call in received for name, _ in call.headers]
    assert [name for name in names if name.startswith("helicone")] == []


@pytest.mark.parametrize("name", HOSTS)
def test_each_name_leads_to_its_provider(proxy: ProxyProcess, double: Double, name: str) -> None:
    """Every name of the table, and those that people use, with the provider's own path and query."""
    connection = http.client.HTTPConnection("127.0.0.1", proxy.port, timeout=WAIT_S)
    connection.request("GET", f"/{name}/some/path?a=1")
    assert connection.getresponse().status == 200
    connection.close()
    assert (double.received[-1].host, double.received[-1].path) == (HOSTS[name], "/some/path?a=1")


@pytest.mark.parametrize(
    ("url", "sdk"), [("https://api.openai.com", 0), ("https://api.anthropic.com", 1), ("gemini", 2)]
)
def test_a_reverse_mode_is_recognised_by_its_upstream(
    folder: Path, double: Double, url: str, sdk: int
) -> None:
    """`mitmdump --mode reverse:URL -s addon.py`, and the SDK's base URL on loopback."""
    url = url if sdk < 2 else f"https://{_GEMINI[1]}"
    with ProxyProcess(
        home=folder / "reverse", confdir=folder / "conf", double=double, options={"mode": f"reverse:{url}/"}
    ) as reverse:
        at = f"http://127.0.0.1:{reverse.port}"
        session = f"reverse {sdk}"
        _calls_of_each(session, *(each if n == sdk else "" for n, each in enumerate((f"{at}/v1", at, at))))
        calls = Ledger(reverse.home).calls(session)
    assert _seen(calls) == [[_OPENAI, _OPENAI], [_ANTHROPIC], [_GEMINI]][sdk]
    assert double.received[-1].header("helicone-session-id") is None


def _raw(proxy: ProxyProcess, head: str) -> tuple[int, str]:
    with socket.create_connection(("127.0.0.1", proxy.port), WAIT_S) as client:
        client.sendall(head.replace("PORT", str(proxy.port)).encode())
        reply = http.client.HTTPResponse(client)
        reply.begin()
        return reply.status, reply.read().decode()


@pytest.mark.parametrize(
    ("head", "status", "words"),
    [
        ("GET / HTTP/1.1\r\nHost: 127.0.0.1:PORT\r\n\r\n", 404, "/openai/v1"),
        ("GET /v1/models HTTP/1.1\r\nHost: localhost:PORT\r\n\r\n", 404, "/gemini and the like"),
        ("GET /local/v1/models HTTP/1.1\r\nHost: 127.0.0.1:PORT\r\n\r\n", 404, "no provider"),
        ("GET /aws.bedrock/x HTTP/1.1\r\nHost: 127.0.0.1:PORT\r\n\r\n", 404, "no provider"),
        ("GET /api.openai.com/x HTTP/1.1\r\nHost: 127.0.0.1:PORT\r\n\r\n", 404, "no provider"),
        (
            "GET /openai/v1/models HTTP/1.1\r\nHost: 127.0.0.1:PORT\r\nOrigin: https://evil.example\r\n\r\n",
            403,
            "other sites",
        ),
        (
            "GET /openai/v1/models HTTP/1.1\r\nHost: 127.0.0.1:PORT\r\nOrigin: null\r\n\r\n",
            403,
            "other sites",
        ),
        (
            # A picture, or a link: browsers send no Origin.
            "GET /openai/v1/models HTTP/1.1\r\nHost: 127.0.0.1:PORT\r\nSec-Fetch-Site: cross-site\r\n\r\n",
            403,
            "other sites",
        ),
        (
            "GET /xai/v1 HTTP/1.1\r\nHost: localhost:PORT\r\nSec-Fetch-Site: cross-site\r\nOrigin: http://[::1]\r\n\r\n",
            200,
            "",
        ),
        ("GET /openai/v1/models HTTP/1.1\r\nHost: 127.0.0.1:PORT\r\nSec-Fetch-Site: none\r\n\r\n", 200, ""),
        (
            "GET /openai/v1/models HTTP/1.1\r\nHost: 127.0.0.1:PORT\r\nOrigin: http://localhost:3000\r\n\r\n",
            200,
            "",
        ),
        ("GET http://127.0.0.1:PORT/openai/v1/models HTTP/1.1\r\nHost: x\r\n\r\n", 200, ""),
    ],
)
def test_only_known_names_and_this_machine_are_let_through(
    proxy: ProxyProcess, double: Double, head: str, status: int, words: str
) -> None:
    """Whatever else is asked of the port is told what there is, and nothing is sent."""
    before = len(double.received)
    found = _raw(proxy, head)
    assert found[0] == status
    assert words in found[1]
    assert len(double.received) - before == (status == 200)


def test_cookies_of_this_machine_stay_here(proxy: ProxyProcess, double: Double) -> None:
    """A browser sends a host's cookies to all of its ports: among them the one that opens our pages."""
    head = "GET /openai/v1/models HTTP/1.1\r\nHost: 127.0.0.1:PORT\r\nCookie: sessiontap=0123\r\n\r\n"
    assert _raw(proxy, head)[0] == 200
    assert double.received[-1].header("cookie") is None


@pytest.mark.parametrize("body", [b"{}", b"no JSON", json.dumps({"messages": HI}).encode()])
def test_what_is_sent_to_nobody_does_not_stay_under_way(
    proxy: ProxyProcess, double: Double, body: bytes
) -> None:
    """A base URL without a provider's name, and a body that may be no call: answered, and over."""
    before = len(double.received)
    connection = http.client.HTTPConnection("127.0.0.1", proxy.port, timeout=WAIT_S)
    connection.request("POST", "/v1/chat/completions", body, {"Helicone-Session-Id": "to nobody"})
    reply = connection.getresponse()
    assert (reply.status, len(double.received)) == (404, before)
    assert reply.read()
    connection.close()
    assert [call for call in Ledger(proxy.home).calls("to nobody") if call.status == "running"] == []


def test_a_name_that_leads_here_for_a_moment_is_another_host(proxy: ProxyProcess, double: Double) -> None:
    """DNS rebinding opens no way to a provider: the request is for that name, as for any proxy."""
    before = len(double.received)
    _raw(proxy, "GET /openai/v1/models HTTP/1.1\r\nHost: evil.example:PORT\r\n\r\n")
    assert [call.host for call in double.received[before:]] == [f"evil.example:{proxy.port}"]


def test_a_chunked_body_to_nobody_is_no_fault(folder: Path, double: Double) -> None:
    """Also where mitmproxy finds out late that it would stream it."""
    options = {"stream_large_bodies": "1k"}
    with ProxyProcess(
        home=folder / "late", confdir=folder / "conf", double=double, options=options
    ) as running:
        chunk = "1000\r\n" + "x" * 0x1000 + "\r\n0\r\n\r\n"
        head = "POST /nobody/x HTTP/1.1\r\nHost: 127.0.0.1:PORT\r\nTransfer-Encoding: chunked\r\n\r\n"
        status, _ = _raw(running, head + chunk)
        assert status == 502
        running.stop()
        assert "NotImplementedError" not in running.log


def test_the_body_is_the_clients(proxy: ProxyProcess, double: Double) -> None:
    """Byte for byte."""
    connection = http.client.HTTPConnection("127.0.0.1", proxy.port, timeout=WAIT_S)
    connection.request("POST", "/openai/v1/chat/completions", BODY, {"Content-Type": "application/json"})
    reply = connection.getresponse()
    assert [name for name in reply.headers if name.lower().startswith("helicone")] == []
    assert reply.read()
    connection.close()
    assert double.received[-1].body == BODY
