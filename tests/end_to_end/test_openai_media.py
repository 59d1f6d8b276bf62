"""OpenAI's SDK through a real mitmdump: pictures, sound, moderations and Azure; and Codex's bodies."""

from __future__ import annotations

import http.client
import json
import ssl
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import openai
import pytest
import zstandard

from sessiontap.call import Call, encode
from sessiontap.demo.answer import Answer, ReceivedCall
from sessiontap.demo.double import Double
from sessiontap.demo.proxy_process import ProxyProcess
from sessiontap.store import Ledger
from tests.conformance.metering import Fixture, fixture

SESSION = "session_media"
AZURE = "my-resource.openai.azure.com"
CODEX = "chatgpt.com"
PNG, WAV = ("room.png", b"\x89PNG not shown"), ("speech.wav", b"RIFF not shown")
_DEPLOYMENT = "my-chat"


def _fixture(name: str) -> Fixture:
    file, _, title = name.partition(": ")
    return fixture(file, title)


def _answer(call: ReceivedCall) -> Answer:
    """The documented reply that the client has named."""
    each = _fixture(call.header("x-fixture") or "")
    return Answer(
        status=each.status, headers=(("Content-Type", each.content_type),), chunks=(each.response_body,)
    )


@dataclass(frozen=True, slots=True)
class Place:
    """A running proxy before a double of OpenAI."""

    double: Double
    proxy: ProxyProcess

    def call(self, path: str) -> Call:
        """The one recorded call of a path of the session."""
        (found,) = [call for call in Ledger(self.proxy.home).calls(SESSION) if call.session_path == path]
        return found


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """One proxy for all the tests here; each test has a session path of its own."""
    folder: Path = tmp_path_factory.mktemp("media")
    with (
        Double(_answer, hosts=("api.openai.com", AZURE, CODEX), folder=folder) as double,
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


def _headers(name: str, path: str) -> dict[str, str]:
    return {"Helicone-Session-Id": SESSION, "Helicone-Session-Path": path, "x-fixture": name}


def _generate(client: openai.OpenAI) -> int:
    return len(client.images.generate(model="gpt-image-2", prompt="A lighthouse", user="user-4").data or ())


def _generate_streamed(client: openai.OpenAI) -> int:
    events = client.images.generate(model="gpt-image-2", prompt="A lighthouse", stream=True, partial_images=1)
    return len(list(events))


def _edit(client: openai.OpenAI) -> int:
    return len(
        client.images.edit(model="gpt-image-2", image=PNG, prompt="Add a cat", user="user-4").data or ()
    )


def _edit_streamed(client: openai.OpenAI) -> int:
    return len(list(client.images.edit(model="gpt-image-2", image=PNG, prompt="Add a cat", stream=True)))


def _transcribe(client: openai.OpenAI) -> str:
    return client.audio.transcriptions.create(model="gpt-4o-transcribe", file=WAV).text


def _transcribe_streamed(client: openai.OpenAI) -> str:
    events = client.audio.transcriptions.create(model="gpt-4o-mini-transcribe", file=WAV, stream=True)
    return "".join(event.delta for event in events if event.type == "transcript.text.delta")


def _subtitles(client: openai.OpenAI) -> bool:
    text: str = client.audio.transcriptions.create(model="whisper-1", file=WAV, response_format="vtt")
    return text.startswith("WEBVTT")


def _translate(client: openai.OpenAI) -> str:
    return client.audio.translations.create(model="whisper-1", file=WAV, response_format="verbose_json").text


def _speak(client: openai.OpenAI) -> bytes:
    words = "The quick brown fox, naïve, jumped."
    return client.audio.speech.create(model="tts-1", input=words, voice="alloy").read()


def _speak_long(client: openai.OpenAI) -> bytes:
    spoken = client.audio.speech.with_streaming_response.create(
        model="tts-1-hd", input="ö" * 4096, voice="alloy", response_format="opus"
    )
    with spoken as reply:
        return b"".join(reply.iter_bytes())


def _speak_events(client: openai.OpenAI) -> bytes:
    spoken = client.audio.speech.create(
        model="gpt-4o-mini-tts", input="Hello", voice="coral", stream_format="sse"
    )
    return spoken.read()[-100:]


def _moderate(client: openai.OpenAI) -> bool:
    reply = client.moderations.create(model="omni-moderation-latest", input="I want to hug them.")
    return reply.results[0].flagged


_SSE_END = _fixture("openai.speech@openai: sound as events: the last reports the tokens").response_body[-100:]

CASES: dict[str, tuple[Callable[[openai.OpenAI], object], object]] = {
    "openai.images@openai: a picture, its tokens by class": (_generate, 1),
    "openai.images@openai: a streamed picture: partial ones first, the tokens with the last": (
        _generate_streamed,
        2,
    ),
    "openai.images@openai: an edit sent as a form": (_edit, 1),
    "openai.images@openai: a streamed edit, asked for by a form": (_edit_streamed, 2),
    "openai.transcription@openai: a transcription billed by tokens": (
        _transcribe,
        "Imagine the wildest idea.",
    ),
    "openai.transcription@openai: a streamed transcription": (_transcribe_streamed, "I see skies of blue"),
    "openai.transcription@openai: subtitles, which report nothing": (_subtitles, True),
    "openai.transcription@openai: a translation, whose verbose form says how long the sound was": (
        _translate,
        "Hello, my name is Wolfgang.",
    ),
    "openai.speech@openai: sound itself: the characters are in the request": (_speak, b"ID3 not shown"),
    "openai.speech@openai: a long text is counted whole": (_speak_long, b"Ogg not shown"),
    "openai.speech@openai: sound as events: the last reports the tokens": (_speak_events, _SSE_END),
    "openai.moderations@openai: a moderation, which is free": (_moderate, False),
}
# What differs from call to call, and from a fixture's way of asking.
_TIMES = ("ttft_ms", "duration_ms")
# The tests here name a session by a header.
_WHOSE = ("session_id", "session_source")


def _agrees(call: Call, name: str) -> None:
    """The record says what the fixture says of the call; its times are there where they are due."""
    each, record = _fixture(name), json.loads(encode(call))
    expected = {key: value for key, value in each.expect.items() if key not in _TIMES + _WHOSE}
    assert {key: record.get(key) for key in expected} == expected
    assert (call.provider, call.api, call.host, call.url_path) == (
        each.provider,
        each.api,
        each.host,
        each.path,
    )
    assert (call.ttft_ms is not None) == ("ttft_ms" in each.expect)
    assert call.response_bytes == len(each.response_body)


# The SDK warns of models that are to be shut down.
@pytest.mark.filterwarnings("ignore:deprecated:DeprecationWarning")
@pytest.mark.parametrize("name", CASES)
def test_a_call_of_the_sdk_is_recorded_as_documented(place: Place, name: str) -> None:
    """The SDK reads its reply as ever, and the record has exactly the usage that the call was billed."""
    make, read = CASES[name]
    path = f"/{make.__name__}"
    with openai.OpenAI(api_key="sk-none", default_headers=_headers(name, path), max_retries=0) as client:
        assert make(client) == read
    _agrees(place.call(path), name)


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
def test_a_deployment_on_azure_is_recorded_at_its_model(place: Place, *, stream: bool) -> None:
    """AzureOpenAI asks for a deployment; the record has that name, and the model that the reply names."""
    title = "a streamed completion with usage" if stream else "a deployment; the reply names the model"
    name, path = f"openai.chat@azure: {title}", f"/azure/{stream}"
    with openai.AzureOpenAI(
        api_key="none",
        api_version="2024-10-21",
        azure_endpoint=f"https://{AZURE}",
        default_headers=_headers(name, path),
    ) as client:
        if stream:
            chunks = client.chat.completions.create(
                model=_DEPLOYMENT,
                messages=[{"role": "user", "content": "Hi"}],
                stream=True,
                stream_options={"include_usage": True},
            )
            said = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
        else:
            reply = client.chat.completions.create(
                model=_DEPLOYMENT, messages=[{"role": "user", "content": "Hi"}]
            )
            said = reply.choices[0].message.content or ""
    assert said == "Hi"
    _agrees(place.call(path), name)


def test_codex_under_a_plan_is_notional(place: Place) -> None:
    """Codex compresses its bodies with zstd; the record has model and usage, and says that a plan pays."""
    name, path = "openai.responses@codex: a turn of Codex, which the plan pays for", "/codex"
    each = _fixture(name)
    body = zstandard.ZstdCompressor().compress(each.request_body)
    tls = ssl.create_default_context(cafile=str(place.proxy.ca_file))
    connection = http.client.HTTPSConnection("127.0.0.1", place.proxy.port, timeout=30, context=tls)
    connection.set_tunnel(CODEX)
    headers = {"Content-Type": "application/json", "Content-Encoding": "zstd", **_headers(name, path)}
    connection.request("POST", each.path, body, headers)
    assert connection.getresponse().read() == each.response_body
    connection.close()
    assert place.double.received[-1].body == body
    _agrees(place.call(path), name)
