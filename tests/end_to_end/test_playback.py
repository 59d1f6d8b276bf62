"""Playback through a real mitmdump: SDKs get the recorded answers again, and nothing leaves the machine."""

from __future__ import annotations

import http.client
import itertools
import json
import socket
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeAlias

import anthropic
import openai
import pytest
from click.testing import CliRunner
from google import genai
from google.genai import errors, types

from sessiontap.call import ANSWERED_BY, FOUND_BY, Call
from sessiontap.cli.main import cli
from sessiontap.demo import replies, reroute
from sessiontap.demo.answer import Answer, ReceivedCall
from sessiontap.errors import SessiontapError
from sessiontap.launch.started import StartedProxy, start_proxy
from sessiontap.store import Ledger
from sessiontap.usage import Usage
from tests import nowhere
from tests.end_to_end.place import BODY, Place, open_place, plain, raw, tries
from tests.end_to_end.runs import CURL, Runs

OpenPlace: TypeAlias = Callable[..., AbstractContextManager[Place]]
USAGE = Usage(input_tokens=1200, output_tokens=9)
SESSION = "recorded"
HEADERS = {"Helicone-Session-Id": SESSION}
_OPENAI: Any = {"model": "gpt-5-mini", "messages": [{"role": "user", "content": "Hi"}]}
_USAGE_TOO: Any = {"include_usage": True}
_CLAUDE: Any = {**_OPENAI, "model": "claude-haiku-4-5", "max_tokens": 9}


def answer(call: ReceivedCall) -> Answer:
    """Each provider's answer; another one each time, so that what is played is not made anew."""
    stream = ":stream" in call.path or bool(json.loads(call.body).get("stream"))
    text = f"It is {time.monotonic_ns()}, by {call.host}"
    if call.path.startswith("/v1/messages"):
        return replies.anthropic_messages("claude-haiku-4-5", text, USAGE, stream=stream)
    if call.path.startswith("/v1/responses"):
        return replies.openai_responses("gpt-5-mini", text, USAGE, stream=stream)
    if "googleapis" in call.host:
        return replies.gemini_generate_content("gemini-2.5-flash", text, USAGE, stream=stream)
    return replies.openai_chat("gpt-5-mini", text, USAGE, stream=stream)


def said() -> list[Any]:
    """Asks three providers, whole and in streams; all that their SDKs give, ids and usage included."""
    options = types.HttpOptions(headers=HEADERS)
    with (
        openai.OpenAI(api_key="k", default_headers=HEADERS) as gpt,
        anthropic.Anthropic(api_key="k", default_headers=HEADERS) as claude,
        genai.Client(api_key="k", http_options=options) as gemini,
    ):
        found: list[Any] = [
            gpt.chat.completions.create(**_OPENAI),
            list(gpt.chat.completions.create(**_OPENAI, stream=True)),
            list(gpt.chat.completions.create(**_OPENAI, stream=True, stream_options=_USAGE_TOO)),
            gpt.responses.create(model="gpt-5-mini", input="Hi"),
            list(gpt.responses.create(model="gpt-5-mini", input="Hi", stream=True)),
            claude.messages.create(**_CLAUDE),
            list(claude.messages.create(**_CLAUDE, stream=True)),
        ]
        made = gemini.models.generate_content(model="gemini-2.5-flash", contents="Hi")
        streamed = list(gemini.models.generate_content_stream(model="gemini-2.5-flash", contents="Hi"))
    # The HTTP reply's own headers are in these, with the moment.
    google = [each.model_copy(update={"sdk_http_response": None}) for each in (made, *streamed)]
    return [*found, *google]


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Any]]:
    """A folder with a home that has the session, and what the SDKs said as it was recorded."""
    folder = tmp_path_factory.mktemp("playback")
    with open_place(folder) as place, pytest.MonkeyPatch.context() as patch:
        place.double.handler = answer
        through(place.proxy.url, place.proxy.ca_file, patch)
        was_said = said()
        place.bodies_of(SESSION, 9)
    return folder, was_said


def through(url: str, ca_file: Path, patch: pytest.MonkeyPatch) -> None:
    """Sends the SDKs of this process through a proxy."""
    patch.setenv("HTTPS_PROXY", url)
    patch.setenv("SSL_CERT_FILE", str(ca_file))
    patch.delenv("NO_PROXY", raising=False)


@contextmanager
def playing(folder: Path, patch: pytest.MonkeyPatch, **options: str) -> Iterator[StartedProxy]:
    """A proxy that plays the session and lets nothing out."""
    told = folder / "told"
    told.write_text("")
    with start_proxy(
        home=folder / "home",
        confdir=folder / "conf",
        options={"sessiontap_playback": SESSION, **{f"sessiontap_{n}": v for n, v in options.items()}},
        arguments=("-s", nowhere.__file__),
        environ={nowhere.VARIABLE: str(told)},
    ) as proxy:
        through(proxy.url, proxy.ca_file, patch)
        yield proxy


def files(folder: Path) -> Mapping[Path, bytes]:
    """The files of the recorded session."""
    calls = Ledger(folder / "home").path(SESSION)
    return {path: path.read_bytes() for path in calls.parent.iterdir()}


def played(folder: Path, but: set[str]) -> list[Call]:
    """What was recorded by playing."""
    found = [call for session in Ledger(folder / "home").sessions() for call in session.calls]
    return [call for call in found if call.session_id != SESSION and call.call_id not in but]


def known(folder: Path) -> set[str]:
    """The calls that are there already."""
    return {call.call_id for session in Ledger(folder / "home").sessions() for call in session.calls}


@pytest.mark.parametrize("pace", ["at-once", "recorded"])
def test_sdks_are_answered_as_they_were(
    recorded: tuple[Path, list[Any]], pace: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every chunk with its ids and usage; no connection upstream; free; the recording is as it was."""
    folder, was_said = recorded
    before, ids = files(folder), known(folder)
    with playing(folder, monkeypatch, playback_pace=pace):
        again = said()
    assert again == was_said
    assert (folder / "told").read_text() == ""
    assert files(folder) == before
    calls = played(folder, ids)
    assert {call.session_id for call in calls} != {None}
    assert {(call.status, call.cost_usd, call.cost_source, call.unpriced) for call in calls} == {
        ("ok", Decimal(0), "playback", False)
    }
    assert {call.usage.input_tokens for call in calls} == {1200}
    assert {call.properties[FOUND_BY] for call in calls} == {"request"}
    assert {call.properties[ANSWERED_BY] for call in calls} == {
        call.call_id for call in Ledger(folder / "home").calls(SESSION)
    }
    assert sum(call.stream for call in calls) == 5


def test_what_was_not_recorded_is_refused_as_the_provider_would(
    recorded: tuple[Path, list[Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another model, and what is no model call: each SDK raises its `NotFound` at once."""
    folder, _ = recorded
    ids = known(folder)
    opus: Any = {**_CLAUDE, "model": "claude-opus-4-1"}
    hi: Any = {"model": "gemini-2.5-pro", "contents": "Hi"}
    with (
        playing(folder, monkeypatch) as proxy,
        openai.OpenAI(api_key="k") as gpt,
        anthropic.Anthropic(api_key="k") as claude,
        genai.Client(api_key="k") as gemini,
    ):
        calls: list[tuple[type[Exception], Callable[[], Any]]] = [
            (openai.NotFoundError, lambda: gpt.embeddings.create(model="text-embedding-3-small", input="Hi")),
            (openai.NotFoundError, gpt.models.list),
            (anthropic.NotFoundError, lambda: claude.messages.create(**opus)),
            (anthropic.NotFoundError, claude.models.list),
            (errors.ClientError, lambda: gemini.models.generate_content(**hi)),
        ]
        for error, call in calls:
            with pytest.raises(error, match="sessiontap_playback_missing=pass"):
                call()
        said_so = "session recorded is played back and has no call like this one left"
        assert any(said_so in proxy.log for _ in tries())
    assert (folder / "told").read_text() == ""
    refused = {(call.status, call.http_status, call.error_type) for call in played(folder, ids)}
    assert refused == {("error", 404, "not_in_recording")}


def test_order_answers_what_was_asked_otherwise(
    recorded: tuple[Path, list[Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next call of the path, model and kind, which is marked as such; by request only it is refused."""
    folder, was_said = recorded
    ids = known(folder)
    asked: Any = {"model": "gpt-5-mini", "messages": [{"role": "user", "content": "Something else"}]}
    with playing(folder, monkeypatch), openai.OpenAI(api_key="k", default_headers=HEADERS) as client:
        found = client.chat.completions.with_raw_response.create(**asked)
        with pytest.raises(openai.NotFoundError):
            client.chat.completions.create(**asked)
    assert found.parse() == was_said[0]
    assert found.headers["sessiontap-playback"].endswith("; match=order")
    assert [call.properties.get(FOUND_BY) for call in played(folder, ids)] == ["order", None]
    with (
        playing(folder, monkeypatch, playback_match="request"),
        openai.OpenAI(api_key="k", default_headers=HEADERS) as client,
        pytest.raises(openai.NotFoundError),
    ):
        client.chat.completions.create(**asked)


def test_a_session_that_is_not_there_ends_the_start(tmp_path: Path) -> None:
    """In one line that names it."""
    with pytest.raises(SessiontapError, match=r"sessiontap_playback: no session .*nobody"):
        start_proxy(
            home=tmp_path / "home", confdir=tmp_path / "conf", options={"sessiontap_playback": "nobody"}
        )


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> OpenPlace:
    """Opens a place with options, whose double is behind every address but loopback's."""
    monkeypatch.setenv(reroute.SPARED_VARIABLE, "127.0.0.1")

    numbers = itertools.count()

    def opened(also: Mapping[str, str] | None = None, **options: str) -> AbstractContextManager[Place]:
        folder = tmp_path / f"place-{next(numbers)}"
        folder.mkdir()
        named = {**{f"sessiontap_{name}": value for name, value in options.items()}, **(also or {})}
        return open_place(folder, home=tmp_path / "home", options=named)

    return opened


def played_calls(home: Path) -> list[Call]:
    """The calls of all sessions but `s`."""
    calls = [call for session in Ledger(home).sessions() for call in session.calls]
    return [call for call in calls if call.session_id != "s"]


def test_what_is_missing_is_recorded_into_it(place: OpenPlace) -> None:
    """By option: asked once, it goes to the provider and into the session; from then on it is played."""
    other = BODY.replace(b'"Hi"', b'"And now?"')
    with place() as first:
        first.send("s", plain)
        first.bodies_of("s", 1)
    with place(playback="s", playback_missing="record", playback_match="request") as second:
        assert second.send("s", answer, body=other)[0] == 200
        second.bodies_of("s", 2)
        asked = len(second.double.received)
        texts = [second.send("another", raw(b"never"), body=other)[1] for _ in range(2)]
        assert len(second.double.received) == asked == 1
        stored = second.calls("s")
        bodies = Ledger(second.proxy.home).bodies("s").get(stored[1].call_id)
        assert bodies is not None
        assert bodies.reply is not None
        assert texts == [bodies.reply.content] * 2
    assert [call.cost_source for call in stored] == ["table", "table"]
    assert [call.properties[ANSWERED_BY] for call in second.calls("another")] == [stored[1].call_id] * 2


def test_what_is_missing_is_passed_on(place: OpenPlace) -> None:
    """By option: it costs what it costs, and the recorded session does not get it, though it has its id."""
    other = BODY.replace(b"gpt-5-mini", b"gpt-5-nano")
    with place() as first:
        first.send("s", plain)
        first.bodies_of("s", 1)
    with place(playback="s", playback_missing="pass") as second:
        assert second.send("s", plain, body=other)[0] == 200
        assert len(second.double.received) == 1
    assert len(second.calls("s")) == 1
    (call,) = played_calls(second.proxy.home)
    assert (call.session_id or "").startswith("s-playback-")
    assert call.cost_usd


def test_errors_and_broken_streams_come_again(place: OpenPlace) -> None:
    """An error with its status and words; a stream that broke off breaks off, in the same order."""
    limited = raw(b'{"error":{"message":"slow down","type":"rate_limit"}}', status=429)
    chunk = b'data: {"id":"c","choices":[{"index":0,"delta":{"content":"Half"}}]}\n\n'
    broken = Answer(
        headers=(("Content-Type", "text/event-stream"),), chunks=(chunk,), chunked=True, abort_after=1
    )
    stream = BODY[:-1] + b',"stream":true}'
    with place() as first:
        assert first.send("s", limited)[0] == 429
        assert first.send("s", plain)[0] == 200
        with pytest.raises(http.client.IncompleteRead):
            first.send("s", lambda _: broken, body=stream)
        first.bodies_of("s", 3)
    with place(playback="s") as second:
        assert second.send("other", plain) == (429, b'{"error":{"message":"slow down","type":"rate_limit"}}')
        assert second.send("other", plain)[0] == 200
        with pytest.raises(http.client.IncompleteRead) as caught:
            second.send("other", plain, body=stream)
        assert caught.value.partial == chunk
        assert second.double.received == ()
    statuses = [call.status for call in second.calls("other")]
    assert statuses == ["error", "ok", "interrupted"]


def test_a_request_with_a_credential_is_found(place: OpenPlace) -> None:
    """It is masked in the store; one with another of the kind is the same request."""
    key = b"sk-proj-" + b"a1B2" * 12
    with place() as first:
        first.send("s", plain, body=BODY.replace(b"Hi", key))
        first.bodies_of("s", 1)
    with place(playback="s", playback_match="request") as second:
        assert second.send("other", plain, body=BODY.replace(b"Hi", key))[0] == 200
        assert second.double.received == ()


def test_a_run_is_played(tmp_path: Path, place: OpenPlace) -> None:
    """`run --playback` starts a proxy of its own, names the run, and its receipt says who answered."""
    with place() as first:
        first.send("s", plain)
        first.bodies_of("s", 1)
        other = BODY.replace(b"mini", b"nano").decode()
        runs = Runs(tmp_path, tmp_path / "conf", first.double)
        ended = runs.run("--playback", "s", "--", *CURL, "--next", *CURL[1:-1], other)
        assert first.double.received[1:] == ()
    assert ended.code == 0
    assert "playback 1 call answered by s, 1 refused, for it has none like them" in ended.err
    assert "cost     $0.00" in ended.err
    (name,) = {
        c.session_name for s in Ledger(tmp_path / "home").sessions() for c in s.calls if c.session_id != "s"
    }
    assert name == "Playback of s"
    no = runs.run("--playback", "nobody", "--", *CURL)
    assert (no.code, no.err.count("\n")) == (1, 1)
    assert "nobody" in no.err


def test_large_bodies_are_not_sent_on_as_they_come(place: OpenPlace) -> None:
    """Else mitmproxy would stream them to their provider before anybody knows what is asked."""
    large = BODY.replace(b"Hi", b"Hi " * 1000)
    with place() as first:
        first.send("s", plain, body=large)
        first.bodies_of("s", 1)
    with place(also={"stream_large_bodies": "1k"}, playback="s", playback_match="request") as second:
        assert second.send("other", plain, body=large)[0] == 200
        assert second.send("other", plain, body=large.replace(b"Hi", b"No"))[0] == 404
        assert second.send("other", plain, body=large, path="/v1/files")[0] == 404
        assert second.double.received == ()


def test_a_reply_that_is_gone_is_refused(place: OpenPlace) -> None:
    """Its session was deleted in the meantime: the call does not go to its provider for that."""
    with place() as first:
        first.send("s", plain)
        first.bodies_of("s", 1)
    with place(playback="s") as second:
        Ledger(second.proxy.home).path("s").with_name("bodies.jsonl").unlink()
        # Something that is not recorded, so that it is looked for again.
        assert second.send("other", plain, body=BODY.replace(b"mini", b"nano"))[0] == 404
        assert second.send("other", plain)[0] == 404
        assert second.double.received == ()
        assert second.logged("the reply of call")


def test_no_connection_is_made_whoever_asks_for_it(place: OpenPlace) -> None:
    """Neither for what is not HTTP, nor where another addon has sent the call elsewhere."""
    with place() as first:
        first.send("s", plain)
        first.bodies_of("s", 1)
    elsewhere = {"map_remote": "|//api.openai.com|//api.mistral.ai"}
    with place(also=elsewhere, playback="s") as second:
        assert second.send("other", plain)[0] == 502
        with socket.create_connection(("127.0.0.1", second.proxy.port), timeout=30) as client:
            client.sendall(b"CONNECT api.openai.com:443 HTTP/1.1\r\nHost: api.openai.com:443\r\n\r\n")
            assert client.recv(1000).startswith(b"HTTP/1.1 200")
            client.sendall(b"\x00\x01\x02 of another protocol\n")
            assert client.recv(1000) == b""
        assert second.logged("nothing is sent to api.openai.com")
        assert second.double.received == ()


def test_a_run_in_the_recorded_session_has_a_receipt(tmp_path: Path, place: OpenPlace) -> None:
    """Its calls are in a session beside it, and the receipt is of that one."""
    with place() as first:
        first.send("s", plain)
        first.bodies_of("s", 1)
        ended = Runs(tmp_path, tmp_path / "conf", first.double).run(
            "--playback", "s", "--session", "s", "--", *CURL
        )
    assert "playback 1 call answered by s" in ended.err
    assert "s-playback-" in ended.err
    assert len(first.calls("s")) == 1


def test_what_is_played_is_no_call_of_those_that_a_session_may_have(place: OpenPlace) -> None:
    """It was not sent; what goes to its provider counts."""
    other = BODY.replace(b"mini", b"nano")
    with place() as first:
        first.send("s", plain)
        first.bodies_of("s", 1)
    with place(playback="s", playback_missing="pass", max_calls="1") as second:
        assert [second.send("other", plain)[0] for _ in range(3)] == [200] * 3
        assert [second.send("other", plain, body=other)[0] for _ in range(2)] == [200, 402]
        assert len(second.double.received) == 1


def test_headers_of_any_length(place: OpenPlace) -> None:
    """The proxy takes them, and so does who plays in the place of the provider."""
    with place() as first:
        first.send("s", plain)
        first.bodies_of("s", 1)
    with place(playback="s") as second:
        assert second.send("other", plain, X_Long="x" * 500_000)[0] == 200


def test_what_was_streamed_unasked_is_played(place: OpenPlace) -> None:
    """Speech asks for it in a word of its own, and some gateways stream in any case."""

    def streamed(_: ReceivedCall) -> Answer:
        return replies.openai_chat("gpt-5-mini", "Hello", USAGE, stream=True)

    with place() as first:
        found = first.send("s", streamed)
        first.bodies_of("s", 1)
    assert [call.stream for call in first.calls("s")] == [True]
    with place(playback="s", playback_match="request") as second:
        assert second.send("other", plain) == found
        assert second.send("other", plain, body=BODY[:-1] + b',"stream":true}')[0] == 404


def test_a_recording_without_media_is_found(place: OpenPlace) -> None:
    """Its requests have a mark where a picture was; so has what is asked, then."""
    picture = f'"data:image/png;base64,{"iVBORw0KGgo" * 200}"'.encode()
    body = BODY.replace(b'"Hi"', b'[{"type":"image_url","image_url":{"url":' + picture + b"}}]")
    with place(capture="text") as first:
        assert first.send("s", plain, body=body)[0] == 200
        first.bodies_of("s", 1)
    with place(playback="s", playback_match="request") as second:
        assert second.send("other", plain, body=body)[0] == 200
        assert second.double.received == ()


def test_options_of_playback_want_a_session(tmp_path: Path) -> None:
    """They would do nothing without one."""
    done = CliRunner().invoke(cli, ["run", "--home", str(tmp_path), "--playback-pace", "recorded", "true"])
    assert done.exit_code == 2
    assert "name one by --playback SESSION" in done.output
