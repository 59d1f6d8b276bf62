"""The providers' own SDKs through a real mitmdump: every call is recorded under the headers it carried."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import anthropic
import openai
import pytest
from google import genai
from google.genai import types

from sessiontap.call import Call
from sessiontap.demo import replies
from sessiontap.demo.answer import Answer, ReceivedCall
from sessiontap.demo.compression import accepted_encoding, compressed
from sessiontap.demo.double import Double
from sessiontap.demo.proxy_process import ProxyProcess
from sessiontap.store import Ledger
from sessiontap.usage import Usage
from tests.oracles.corpus import HOSTS

USAGE = Usage(input_tokens=1200, cache_read_input_tokens=1024, output_tokens=57)
TEXT = "The order is replaced today."
SESSION = "session_abc123"
DEFAULT_HEADERS = {"Helicone-Session-Id": SESSION, "Helicone-Session-Name": "support_ticket_4521"}

GPT, CLAUDE, GEMINI = "gpt-5-mini", "claude-opus-4-8", "gemini-2.5-flash"


def _answer(call: ReceivedCall) -> Answer:
    body = json.loads(call.body)
    stream = bool(body.get("stream")) or ":streamGenerateContent" in call.path
    if call.path == "/v1/chat/completions":
        answer = replies.openai_chat(GPT, TEXT, USAGE, stream=stream)
    elif call.path == "/v1/responses":
        answer = replies.openai_responses(GPT, TEXT, USAGE, stream=stream)
    elif call.path == "/v1/messages":
        answer = replies.anthropic_messages(CLAUDE, TEXT, USAGE, stream=stream)
    elif "enerateContent" in call.path:
        answer = replies.gemini_generate_content(GEMINI, TEXT, USAGE, stream=stream)
    else:
        return Answer(status=404)
    encoding = accepted_encoding(call)
    return compressed(answer, encoding) if encoding else answer


@dataclass(frozen=True, slots=True)
class Place:
    """A running proxy before a double of the providers."""

    double: Double
    proxy: ProxyProcess

    def calls(self, path: str) -> list[Call]:
        """The recorded calls of a path of the session."""
        return [call for call in Ledger(self.proxy.home).calls(SESSION) if call.session_path == path]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """One proxy for all the tests here; each test has a session path of its own."""
    folder: Path = tmp_path_factory.mktemp("sdks")
    with (
        Double(_answer, hosts=HOSTS, folder=folder) as double,
        ProxyProcess(home=folder / "home", confdir=folder / "conf", double=double) as proxy,
    ):
        yield Place(double, proxy)
        assert double.faults == []


@pytest.fixture(autouse=True)
def _through_the_proxy(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", place.proxy.url)
    monkeypatch.setenv("SSL_CERT_FILE", str(place.proxy.ca_file))
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)


def _headers(path: str) -> dict[str, str]:
    return {"Helicone-Session-Path": path}


def _openai_chat(path: str, *, stream: bool) -> str:
    with openai.OpenAI(api_key="sk-none", default_headers=DEFAULT_HEADERS) as client:
        if not stream:
            reply = client.chat.completions.create(
                model=GPT, messages=[{"role": "user", "content": "Hi"}], extra_headers=_headers(path)
            )
            return reply.choices[0].message.content or ""
        chunks = client.chat.completions.create(
            model=GPT,
            messages=[{"role": "user", "content": "Hi"}],
            stream=True,
            stream_options={"include_usage": True},
            extra_headers=_headers(path),
        )
        return "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)


def _openai_chat_async(path: str, *, stream: bool) -> str:
    async def run() -> str:
        async with openai.AsyncOpenAI(api_key="sk-none", default_headers=DEFAULT_HEADERS) as client:
            if not stream:
                reply = await client.chat.completions.create(
                    model=GPT, messages=[{"role": "user", "content": "Hi"}], extra_headers=_headers(path)
                )
                return reply.choices[0].message.content or ""
            chunks = await client.chat.completions.create(
                model=GPT,
                messages=[{"role": "user", "content": "Hi"}],
                stream=True,
                stream_options={"include_usage": True},
                extra_headers=_headers(path),
            )
            return "".join([c.choices[0].delta.content or "" async for c in chunks if c.choices])

    return asyncio.run(run())


def _openai_responses(path: str, *, stream: bool) -> str:
    with openai.OpenAI(api_key="sk-none", default_headers=DEFAULT_HEADERS) as client:
        if not stream:
            return client.responses.create(model=GPT, input="Hi", extra_headers=_headers(path)).output_text
        events = client.responses.create(model=GPT, input="Hi", stream=True, extra_headers=_headers(path))
        return "".join(event.delta for event in events if event.type == "response.output_text.delta")


def _openai_responses_async(path: str, *, stream: bool) -> str:
    async def run() -> str:
        async with openai.AsyncOpenAI(api_key="sk-none", default_headers=DEFAULT_HEADERS) as client:
            if not stream:
                reply = await client.responses.create(model=GPT, input="Hi", extra_headers=_headers(path))
                return reply.output_text
            events = await client.responses.create(
                model=GPT, input="Hi", stream=True, extra_headers=_headers(path)
            )
            return "".join([e.delta async for e in events if e.type == "response.output_text.delta"])

    return asyncio.run(run())


def _anthropic(path: str, *, stream: bool) -> str:
    with anthropic.Anthropic(api_key="sk-ant-none", default_headers=DEFAULT_HEADERS) as client:
        if not stream:
            reply = client.messages.create(
                model=CLAUDE,
                max_tokens=99,
                messages=[{"role": "user", "content": "Hi"}],
                extra_headers=_headers(path),
            )
            return "".join(block.text for block in reply.content if block.type == "text")
        with client.messages.stream(
            model=CLAUDE,
            max_tokens=99,
            messages=[{"role": "user", "content": "Hi"}],
            extra_headers=_headers(path),
        ) as events:
            return "".join(events.text_stream)


def _anthropic_async(path: str, *, stream: bool) -> str:
    async def run() -> str:
        async with anthropic.AsyncAnthropic(api_key="sk-ant-none", default_headers=DEFAULT_HEADERS) as client:
            if not stream:
                reply = await client.messages.create(
                    model=CLAUDE,
                    max_tokens=99,
                    messages=[{"role": "user", "content": "Hi"}],
                    extra_headers=_headers(path),
                )
                return "".join(block.text for block in reply.content if block.type == "text")
            async with client.messages.stream(
                model=CLAUDE,
                max_tokens=99,
                messages=[{"role": "user", "content": "Hi"}],
                extra_headers=_headers(path),
            ) as events:
                return "".join([text async for text in events.text_stream])

    return asyncio.run(run())


def _gemini_client(**headers: str) -> genai.Client:
    options = types.HttpOptions(headers={**DEFAULT_HEADERS, **headers})
    return genai.Client(api_key="none", http_options=options)


def _gemini_config(path: str) -> types.GenerateContentConfig:
    return types.GenerateContentConfig(http_options=types.HttpOptions(headers=_headers(path)))


def _gemini(path: str, *, stream: bool) -> str:
    with _gemini_client() as client:
        config = _gemini_config(path)
        if not stream:
            return client.models.generate_content(model=GEMINI, contents="Hi", config=config).text or ""
        chunks = client.models.generate_content_stream(model=GEMINI, contents="Hi", config=config)
        return "".join(chunk.text or "" for chunk in chunks)


def _gemini_async(path: str, *, stream: bool) -> str:
    async def run() -> str:
        # Where aiohttp is installed, the client uses it, and asks for br, which the newest aiohttp cannot
        # read beside the brotli that mitmproxy 11.0.2 brings.
        async with _gemini_client(**{"Accept-Encoding": "gzip"}).aio as client:
            config = _gemini_config(path)
            if not stream:
                reply = await client.models.generate_content(model=GEMINI, contents="Hi", config=config)
                return reply.text or ""
            chunks = await client.models.generate_content_stream(model=GEMINI, contents="Hi", config=config)
            return "".join([chunk.text or "" async for chunk in chunks])

    return asyncio.run(run())


CLIENTS: dict[str, tuple[Callable[..., str], str, str, str]] = {
    "openai-chat": (_openai_chat, "openai", "openai.chat", GPT),
    "openai-chat-async": (_openai_chat_async, "openai", "openai.chat", GPT),
    "openai-responses": (_openai_responses, "openai", "openai.responses", GPT),
    "openai-responses-async": (_openai_responses_async, "openai", "openai.responses", GPT),
    "anthropic": (_anthropic, "anthropic", "anthropic.messages", CLAUDE),
    "anthropic-async": (_anthropic_async, "anthropic", "anthropic.messages", CLAUDE),
    "gemini": (_gemini, "gcp.gemini", "gemini.generate_content", GEMINI),
    "gemini-async": (_gemini_async, "gcp.gemini", "gemini.generate_content", GEMINI),
}


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize("name", CLIENTS)
def test_an_sdk_call_is_recorded_under_its_headers(place: Place, name: str, stream: bool) -> None:
    """The SDK reads its reply as ever, and the call stands in the session with usage, cost and times."""
    make, provider, api, model = CLIENTS[name]
    path = f"/{name}/{'streamed' if stream else 'whole'}"
    assert make(path, stream=stream) == TEXT
    (call,) = place.calls(path)
    assert (call.provider, call.api, call.response_model, call.stream) == (provider, api, model, stream)
    assert (call.session_name, call.session_source) == ("support_ticket_4521", "header")
    assert (call.status, call.http_status, call.usage_source) == ("ok", 200, "reported")
    assert call.usage.input_tokens == USAGE.input_tokens
    assert call.usage.cache_read_input_tokens == USAGE.cache_read_input_tokens
    assert call.usage.output_tokens == USAGE.output_tokens
    assert call.cost_usd is not None
    assert call.cost_usd > 0
    assert call.ttft_ms is not None
    assert call.duration_ms is not None
    assert call.ttft_ms <= call.duration_ms


def test_session_headers_end_at_the_proxy(place: Place) -> None:
    """No provider sees a `helicone-*` header; the credential goes to it and to no file of ours."""
    _openai_chat("/headers", stream=False)
    received = place.double.received[-1]
    assert [name for name, _ in received.headers if name.lower().startswith("helicone")] == []
    assert received.header("authorization") == "Bearer sk-none"
    written = b"".join(file.read_bytes() for file in place.proxy.home.rglob("*") if file.is_file())
    assert written
    assert b"sk-none" not in written
