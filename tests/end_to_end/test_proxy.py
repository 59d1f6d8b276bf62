"""What the addon does to traffic, and what it must leave alone, in a real mitmdump."""

from __future__ import annotations

import base64
import gzip
import http.client
import json
import socket
import ssl
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from sessiontap.call import Call
from sessiontap.demo import replies
from sessiontap.demo.answer import Answer, Handler, ReceivedCall
from sessiontap.demo.double import Double
from sessiontap.demo.proxy_process import ProxyProcess
from sessiontap.errors import SessiontapError
from sessiontap.store import Ledger
from sessiontap.usage import Usage
from tests.oracles.corpus import HOSTS

CHAT = "/v1/chat/completions"
BODY = json.dumps({"model": "gpt-5-mini", "messages": [{"role": "user", "content": "Hi"}]}).encode()
USAGE = Usage(input_tokens=11, output_tokens=7)
JSON = ("Content-Type", "application/json")
WAIT_S = 30


@dataclass(slots=True)
class Place:
    """A running proxy before a double; tests choose what the double answers, by path of the session."""

    double: Double
    proxy: ProxyProcess
    folder: Path
    handlers: dict[str, Handler] = field(default_factory=dict)

    def answer(self, call: ReceivedCall) -> Answer:
        """What the test that made the call has chosen."""
        return self.handlers[call.header("x-test") or ""](call)

    def connection(self, host: str = "api.openai.com", user: str = "") -> http.client.HTTPSConnection:
        """A client's connection to a host, through the proxy."""
        tls = ssl.create_default_context(cafile=str(self.proxy.ca_file))
        made = http.client.HTTPSConnection("127.0.0.1", self.proxy.port, timeout=WAIT_S, context=tls)
        headers = {"Proxy-Authorization": "Basic " + base64.b64encode(user.encode()).decode()} if user else {}
        made.set_tunnel(host, headers=headers)
        return made

    def send(
        self, test: str, handler: Handler, *, body: bytes = BODY, path: str = CHAT, **headers: str
    ) -> tuple[int, bytes]:
        """Sends one call in the session named after the test; the reply's status and raw body."""
        self.handlers[test] = handler
        connection = self.connection()
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        sent = {"Helicone-Session-Id": test, "x-test": test, "Content-Type": "application/json", **named}
        connection.request("POST", path, body, sent)
        reply = connection.getresponse()
        received = reply.status, reply.read()
        connection.close()
        return received

    def calls(self, session: str) -> list[Call]:
        """What was recorded of a session."""
        return Ledger(self.proxy.home).calls(session)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """One proxy for the module."""
    folder = tmp_path_factory.mktemp("proxy")
    found: list[Place] = []
    with (
        Double(lambda call: found[0].answer(call), hosts=(*HOSTS, "files.example"), folder=folder) as double,
        ProxyProcess(
            home=folder / "home",
            confdir=folder / "conf",
            double=double,
            options={"save_stream_file": str(folder / "flows")},
        ) as proxy,
    ):
        found.append(Place(double, proxy, folder))
        yield found[0]


def plain(_: ReceivedCall) -> Answer:
    """A chat completion."""
    return replies.openai_chat("gpt-5-mini", "Hello", USAGE, stream=False)


def raw(body: bytes, *headers: tuple[str, str], status: int = 200) -> Handler:
    """A handler that answers these bytes as JSON under these headers."""
    return lambda _: Answer(status=status, headers=(JSON, *headers), chunks=(body,), chunked=False)


def test_the_first_byte_does_not_wait_for_the_rest(place: Place) -> None:
    """A client reads the first event while the double has not yet made the second."""
    first_was_read = threading.Event()

    def handler(_: ReceivedCall) -> Answer:
        def chunks() -> Iterator[bytes]:
            yield b'data: {"id":"c","choices":[{"index":0,"delta":{"content":"He"}}]}\n\n'
            assert first_was_read.wait(WAIT_S)
            yield b'data: {"id":"c","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\n'
            yield b"data: [DONE]\n\n"

        return Answer(headers=(("Content-Type", "text/event-stream"),), chunks=chunks())

    place.handlers["first byte"] = handler
    connection = place.connection()
    connection.request("POST", CHAT, BODY, {"Helicone-Session-Id": "first byte", "x-test": "first byte"})
    reply = connection.getresponse()
    assert b"He" in reply.read1()
    first_was_read.set()
    assert reply.read().endswith(b"data: [DONE]\n\n")
    connection.close()
    (call,) = place.calls("first byte")
    assert (call.status, call.stream, call.usage_source) == ("ok", True, "none")


def test_a_call_is_on_disk_when_it_starts(place: Place) -> None:
    """While the double thinks, the call is recorded as running."""
    seen: list[str] = []

    def handler(call: ReceivedCall) -> Answer:
        seen.extend(each.status for each in place.calls("running"))
        return plain(call)

    place.send("running", handler)
    assert seen == ["running"]
    assert [call.status for call in place.calls("running")] == ["ok"]


def test_a_call_is_on_disk_when_its_client_has_read_it(place: Place) -> None:
    """As soon as the last byte is in the client's hands, the ended call is in the store."""
    connection = place.connection()
    place.handlers["durable"] = plain
    for _ in range(50):
        connection.request("POST", CHAT, BODY, {"Helicone-Session-Id": "durable", "x-test": "durable"})
        connection.getresponse().read()
        assert {call.status for call in place.calls("durable")} == {"ok"}
    connection.close()
    assert len(place.calls("durable")) == 50


def test_only_session_headers_are_taken_off(place: Place) -> None:
    """The provider sees every other header in its order and case, and no `helicone-*` one."""
    place.send("headers", plain, X_Custom="kept", HELICONE_Property_Team="billing", helicone_auth="Bearer x")
    received = place.double.received[-1]
    assert [name for name, _ in received.headers if name.lower().startswith("helicone")] == []
    assert received.header("X-Custom") == "kept"
    assert received.body == BODY
    (call,) = place.calls("headers")
    assert call.properties == {"team": "billing"}


def test_the_proxy_user_names_the_session(place: Place) -> None:
    """`HTTPS_PROXY=http://ID:NAME@host` puts the calls of that connection into session ID."""
    place.handlers["user"] = plain
    connection = place.connection(user="run%2042:Nightly")
    connection.request("POST", CHAT, BODY, {"x-test": "user", "Content-Type": "application/json"})
    assert connection.getresponse().read()
    connection.close()
    (call,) = place.calls("run 42")
    assert (call.session_source, call.session_name) == ("proxy-user", "Nightly")
    assert place.double.received[-1].header("proxy-authorization") is None


def test_proxy_credentials_are_not_forwarded_on_plain_http(place: Place) -> None:
    """On plain http, where the header would travel on, `Proxy-Authorization` ends at the proxy."""
    place.handlers["plain http"] = lambda _: Answer(chunks=(b"ok",))
    connection = http.client.HTTPConnection("127.0.0.1", place.proxy.port, timeout=WAIT_S)
    connection.request(
        "GET", "http://files.example/a", headers={"x-test": "plain http", "Proxy-Authorization": "Basic YTpi"}
    )
    assert connection.getresponse().read() == b"ok"
    connection.close()
    assert place.double.received[-1].header("proxy-authorization") is None


def test_other_hosts_and_paths_are_not_recorded(place: Place) -> None:
    """A host that is no provider keeps its headers, and a provider's file upload makes no call."""
    place.handlers["others"] = lambda _: Answer(chunks=(b"{}",))
    for host, path in (("files.example", CHAT), ("api.openai.com", "/v1/files")):
        connection = place.connection(host)
        connection.request("POST", path, b"{}", {"x-test": "others", "Helicone-Session-Id": "others"})
        connection.getresponse().read()
        connection.close()
    assert place.calls("others") == []
    assert place.double.received[-2].header("helicone-session-id") == "others"


def test_a_client_that_leaves_makes_a_cancelled_call(place: Place) -> None:
    """What was read before the client left is kept: the usage so far, marked partial."""
    gone = threading.Event()

    def handler(_: ReceivedCall) -> Answer:
        whole = replies.anthropic_messages("claude-opus-4-8", "one two three", USAGE, stream=True)

        def chunks() -> Iterator[bytes]:
            for number, chunk in enumerate(whole.chunks):
                if number == 4:
                    gone.wait(WAIT_S)
                yield chunk

        return Answer(headers=whole.headers, chunks=chunks())

    place.handlers["leaving"] = handler
    connection = place.connection("api.anthropic.com")
    connection.request("POST", "/v1/messages", BODY, {"Helicone-Session-Id": "leaving", "x-test": "leaving"})
    reply = connection.getresponse()
    assert b"message_start" in reply.read1()
    reply.close()
    connection.close()
    call = _settled(place, "leaving")
    gone.set()
    assert (call.status, call.usage_source, call.usage.input_tokens) == ("cancelled", "partial", 11)


def test_an_upstream_that_breaks_off_makes_an_interrupted_call(place: Place) -> None:
    """A reply cut by the provider's side is recorded as far as it came."""
    whole = replies.anthropic_messages("claude-opus-4-8", "one two three", USAGE, stream=True)
    cut = Answer(headers=whole.headers, chunks=tuple(whole.chunks), abort_after=4)
    place.handlers["cut"] = lambda _: cut
    connection = place.connection("api.anthropic.com")
    connection.request("POST", "/v1/messages", BODY, {"Helicone-Session-Id": "cut", "x-test": "cut"})
    with pytest.raises(http.client.IncompleteRead):
        connection.getresponse().read()
    connection.close()
    call = _settled(place, "cut")
    assert (call.status, call.usage_source) == ("interrupted", "partial")


def test_a_refused_call_is_an_error_and_its_retry_a_call_of_its_own(place: Place) -> None:
    """A 429 keeps the provider's reason; the second attempt, under the same client id, loses nothing."""
    own_id = "1b4e28ba-2fa1-4d14-883f-0016d3cca427"
    refuse = replies.openai_rate_limit("gpt-5-mini", retry_after_ms=1)
    status, _ = place.send("retry", lambda _: refuse, Helicone_Request_Id=own_id, x_stainless_retry_count="0")
    assert status == 429
    place.send("retry", plain, Helicone_Request_Id=own_id, x_stainless_retry_count="1")
    first, second = place.calls("retry")
    assert (first.call_id, first.status, first.http_status, first.attempt) == (own_id, "error", 429, 0)
    assert first.error_type
    assert first.error_message
    assert (second.status, second.attempt) == ("ok", 1)


def test_flow_files_carry_the_comment(place: Place) -> None:
    """Mitmproxy's own record of the flow says cost, tokens and session in its comment."""
    place.send("comment", plain)
    place.proxy.stop()
    from mitmproxy.io import FlowReader

    with (place.folder / "flows").open("rb") as file:
        comments = [flow.comment for flow in FlowReader(file).stream()]
    assert any("11 in / 7 out" in comment and "comment /" in comment for comment in comments)


def test_an_unknown_option_is_refused_at_the_start(tmp_path: Path) -> None:
    """A typing error in one of our options' names stops mitmdump with a line that names the right one."""
    with Double(plain, hosts=HOSTS, folder=tmp_path) as double, pytest.raises(SessiontapError) as refused:
        ProxyProcess(
            home=tmp_path / "home",
            confdir=tmp_path / "conf",
            double=double,
            options={"sessiontap_hom": "x"},
        )
    assert "unknown option sessiontap_hom: did you mean sessiontap_home?" in str(refused.value)


def test_a_price_file_that_is_not_there_is_refused_at_the_start(tmp_path: Path) -> None:
    """A path that names no file cannot be meant."""
    with Double(plain, hosts=HOSTS, folder=tmp_path) as double, pytest.raises(SessiontapError) as refused:
        ProxyProcess(
            home=tmp_path / "home",
            confdir=tmp_path / "conf",
            double=double,
            options={"sessiontap_pricing": str(tmp_path / "none.yaml")},
        )
    assert "sessiontap_pricing" in str(refused.value)
    assert "is not a file" in str(refused.value)


def test_a_proxy_that_is_stopped_keeps_ended_calls_and_marks_the_others(tmp_path: Path) -> None:
    """SIGTERM during a stream: the ended call stays, the other is `interrupted` with its usage so far."""
    started, gone = threading.Event(), threading.Event()

    def handler(call: ReceivedCall) -> Answer:
        if call.header("x-test") == "ended":
            return plain(call)
        whole = replies.anthropic_messages("claude-opus-4-8", "one two three", USAGE, stream=True)

        def chunks() -> Iterator[bytes]:
            yield next(iter(whole.chunks))
            started.set()
            gone.wait(WAIT_S)

        return Answer(headers=whole.headers, chunks=chunks())

    with Double(handler, hosts=HOSTS, folder=tmp_path) as double:
        proxy = ProxyProcess(home=tmp_path / "home", confdir=tmp_path / "conf", double=double)
        place = Place(double, proxy, tmp_path)
        place.handlers["ended"] = handler
        ended = place.connection()
        ended.request("POST", CHAT, BODY, {"Helicone-Session-Id": "stopped", "x-test": "ended"})
        ended.getresponse().read()
        streaming = place.connection("api.anthropic.com")
        streaming.request("POST", "/v1/messages", BODY, {"Helicone-Session-Id": "stopped", "x-test": "open"})
        reply = streaming.getresponse()
        assert b"message_start" in reply.read1()
        proxy.stop()
        gone.set()
        ended.close()
        streaming.close()
    found = {call.url_path: (call.status, call.usage_source) for call in place.calls("stopped")}
    assert found == {CHAT: ("ok", "reported"), "/v1/messages": ("interrupted", "partial")}


BAD_BODIES = {
    "no JSON": b"this is no JSON {",
    "cut JSON": b'{"id": "c", "usage": {"prompt_tok',
    "usage is a string": b'{"choices": [], "usage": "twelve"}',
    "usage is negative": b'{"choices": [], "usage": {"prompt_tokens": -4, "completion_tokens": "7"}}',
    "usage is null": b'{"choices": [], "usage": null}',
    "usage is huge": b'{"choices": [], "usage": {"prompt_tokens": 1e400, "completion_tokens": 1e300}}',
    "deep": b'{"choices": ' + b"[" * 10_000 + b"]" * 10_000 + b"}",
    "no UTF-8": b'{"id": "\xff\xfe", "choices": [], "usage": null}',
    "nothing": b"",
    "an array": b"[1, 2, 3]",
}


@pytest.mark.parametrize("name", BAD_BODIES)
def test_a_bad_reply_passes_unchanged_and_is_recorded(bad_place: Place, name: str) -> None:
    """Whatever the reply is, the client gets just that, and the call stands there with no usage made up."""
    assert bad_place.send(name, raw(BAD_BODIES[name])) == (200, BAD_BODIES[name])
    (call,) = bad_place.calls(name)
    assert call.status == "ok"
    assert call.request_model == "gpt-5-mini"
    assert not call.usage
    assert (call.usage_source, call.cost_usd) == ("none", None)
    assert call.response_bytes == len(BAD_BODIES[name])


def test_a_truncated_gzip_reply_passes_unchanged(bad_place: Place) -> None:
    """Half a gzip stream reaches the client as it is, the call is recorded, and one line tells of it."""
    half = gzip.compress(BODY * 50)[:-20]
    assert bad_place.send("half gzip", raw(half, ("Content-Encoding", "gzip"))) == (200, half)
    (call,) = bad_place.calls("half gzip")
    assert (call.status, call.usage_source) == ("ok", "none")
    lines = [line for line in bad_place.proxy.log.splitlines() if call.call_id in line]
    assert len(lines) == 1


def test_an_unknown_encoding_passes_unchanged(bad_place: Place) -> None:
    """A content encoding that nobody here knows is the client's affair."""
    answer = raw(b"\x00\x01\x02", ("Content-Encoding", "pied-piper"))
    assert bad_place.send("unknown encoding", answer) == (200, b"\x00\x01\x02")
    (call,) = bad_place.calls("unknown encoding")
    assert (call.status, call.usage_source) == ("ok", "none")


def test_a_stream_cut_in_an_event_keeps_what_came_before(bad_place: Place) -> None:
    """Half an event at the end is left out; the stream's usage up to there is kept, marked partial."""
    events = (
        b'data: {"id":"c","choices":[{"index":0,"delta":{"content":"x"}}],'
        b'"usage":{"prompt_tokens":3,"completion_tokens":1,"total_tokens":4}}\n\n'
        b'data: {"id":"c","choices":[{"ind'
    )
    answer = Answer(headers=(("Content-Type", "text/event-stream"),), chunks=(events,), chunked=False)
    assert bad_place.send("cut event", lambda _: answer) == (200, events)
    (call,) = bad_place.calls("cut event")
    assert (call.usage.input_tokens, call.usage_source) == (3, "partial")


def test_a_reply_of_100_mb_passes_and_its_usage_is_read(bad_place: Place) -> None:
    """A reply of a hundred megabytes reaches the client whole, and the usage at its end is recorded."""
    image = b"A" * 100_000_000
    body = (
        b'{"data": [{"b64_json": "' + image + b'"}], "usage": {"prompt_tokens": 5, "completion_tokens": 9}}'
    )
    status, received = bad_place.send("100 MB", raw(body))
    assert (status, len(received), received[-60:]) == (200, len(body), body[-60:])
    (call,) = bad_place.calls("100 MB")
    assert (call.usage.input_tokens, call.usage.output_tokens) == (5, 9)


@pytest.mark.parametrize(
    "session",
    ["s" * 10_000, "../../etc/passwd", "a\tb", "con", "ünïcödé", "x/../../y"],
    ids=["10,000 characters", "a path up", "control", "reserved", "unicode", "a path"],
)
def test_a_hostile_session_id_stays_in_the_home(bad_place: Place, session: str) -> None:
    """The call is recorded under the very id, in a folder of the home."""
    bad_place.handlers["hostile"] = plain
    connection = bad_place.connection()
    connection.putrequest("POST", CHAT)
    connection.putheader("x-test", "hostile")
    connection.putheader("Helicone-Session-Id", session.encode())
    connection.putheader("Content-Length", str(len(BODY)))
    connection.endheaders(BODY)
    assert connection.getresponse().status == 200
    connection.close()
    (call,) = bad_place.calls(session)
    assert call.session_id == session
    files = list(bad_place.folder.rglob("calls.jsonl"))
    assert all(file.parent.parent == bad_place.proxy.home / "sessions" for file in files)


@pytest.fixture(scope="module")
def bad_place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """A proxy of its own for bad input."""
    folder = tmp_path_factory.mktemp("bad")
    found: list[Place] = []
    with (
        Double(lambda call: found[0].answer(call), hosts=HOSTS, folder=folder) as double,
        ProxyProcess(home=folder / "home", confdir=folder / "conf", double=double) as proxy,
    ):
        found.append(Place(double, proxy, folder))
        yield found[0]


def test_an_unwritable_home_does_not_stop_the_traffic(tmp_path: Path) -> None:
    """Calls go on, and the log says once that they are not recorded, and why."""
    home = tmp_path / "home"
    home.write_text("a file where a folder should be")
    with (
        Double(plain, hosts=HOSTS, folder=tmp_path) as double,
        ProxyProcess(home=home, confdir=tmp_path / "conf", double=double) as proxy,
    ):
        place = Place(double, proxy, tmp_path)
        double.handler = place.answer
        for _ in range(3):
            assert place.send("nowhere", plain)[0] == 200
        proxy.stop()
    lines = [line for line in proxy.log.splitlines() if "are not recorded" in line]
    assert len(lines) == 1
    assert str(home) in lines[0]


def test_a_broken_price_file_of_the_user_is_named_and_ours_is_used(tmp_path: Path) -> None:
    """The proxy starts, prices with our table, and the log names file, line and key of the mistake."""
    mine = tmp_path / "mine.yaml"
    mine.write_text("version: 1\nproviders:\n  openai:\n    modles: {}\n")
    with (
        Double(plain, hosts=HOSTS, folder=tmp_path) as double,
        ProxyProcess(
            home=tmp_path / "home",
            confdir=tmp_path / "conf",
            double=double,
            options={"sessiontap_pricing": str(mine)},
        ) as proxy,
    ):
        place = Place(double, proxy, tmp_path)
        double.handler = place.answer
        place.send("prices", plain)
        (call,) = place.calls("prices")
        proxy.stop()
    assert call.cost_usd is not None
    lines = [line for line in proxy.log.splitlines() if "your prices are not used" in line]
    assert len(lines) == 1
    assert "mine.yaml" in lines[0]
    assert "modles" in lines[0]


def test_a_port_in_use_is_one_clear_line(tmp_path: Path) -> None:
    """Mitmdump does not start, and says which port is taken."""
    with (
        Double(plain, hosts=HOSTS, folder=tmp_path) as double,
        socket.create_server(("127.0.0.1", 0)) as taken,
    ):
        port = str(taken.getsockname()[1])
        with pytest.raises(SessiontapError) as refused:
            ProxyProcess(
                home=tmp_path / "home",
                confdir=tmp_path / "conf",
                double=double,
                options={"listen_port": port},
            )
    assert port in str(refused.value)
    assert "\n" not in str(refused.value)


def _settled(place: Place, session: str) -> Call:
    """The only call of a session once it has ended; the double's and the proxy's own waits bound this."""
    deadline = threading.Event()
    for _ in range(WAIT_S * 100):
        (call,) = place.calls(session)
        if call.status != "running":
            return call
        deadline.wait(0.01)
    pytest.fail(f"the call of {session!r} did not end")
