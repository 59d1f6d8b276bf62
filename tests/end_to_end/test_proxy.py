"""What the addon does to traffic, and what it must leave alone, in a real mitmdump."""

from __future__ import annotations

import http.client
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from sessiontap.demo import replies
from sessiontap.demo.answer import Answer, ReceivedCall
from tests.end_to_end.place import BODY, CHAT, USAGE, WAIT_S, Place, open_place, plain

_PRINT_COMMENTS = """
import sys
from mitmproxy.io import FlowReader
with open(sys.argv[1], "rb") as file:
    for flow in FlowReader(file).stream():
        print(flow.comment)
"""


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """One proxy for the module, which keeps its flows in a file."""
    folder = tmp_path_factory.mktemp("proxy")
    with open_place(folder, options={"save_stream_file": str(folder / "flows")}) as opened:
        yield opened


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


def test_other_hosts_and_paths_are_not_recorded(tmp_path: Path) -> None:
    """A host that is no provider keeps its headers, also where its TLS is opened; an upload is no call."""
    with open_place(tmp_path, options={"sessiontap_passthrough": "off"}) as place:
        place.handlers["others"] = lambda _: Answer(chunks=(b"{}",))
        for host, path in (("files.example", CHAT), ("api.openai.com", "/v1/files")):
            connection = place.connection(host)
            connection.request("POST", path, b"{}", {"x-test": "others", "Helicone-Session-Id": "others"})
            connection.getresponse().read()
            connection.close()
        assert place.calls("others") == []
        assert place.double.received[-2].header("helicone-session-id") == "others"
        assert place.double.received[-1].header("helicone-session-id") is None


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
    call = place.settled("leaving")
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
    call = place.settled("cut")
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


def test_a_proxy_that_is_stopped_keeps_ended_calls_and_marks_the_others(tmp_path: Path) -> None:
    """SIGTERM during a stream: the ended call stays, the other is `interrupted` with its usage so far."""
    gone = threading.Event()

    def handler(_: ReceivedCall) -> Answer:
        whole = replies.anthropic_messages("claude-opus-4-8", "one two three", USAGE, stream=True)

        def chunks() -> Iterator[bytes]:
            yield next(iter(whole.chunks))
            gone.wait(WAIT_S)

        return Answer(headers=whole.headers, chunks=chunks())

    with open_place(tmp_path) as place:
        place.send("stopped", plain)
        place.handlers["open"] = handler
        streaming = place.connection("api.anthropic.com")
        streaming.request("POST", "/v1/messages", BODY, {"Helicone-Session-Id": "stopped", "x-test": "open"})
        reply = streaming.getresponse()
        assert b"message_start" in reply.read1()
        place.proxy.stop()
        gone.set()
        streaming.close()
    found = {call.url_path: (call.status, call.usage_source) for call in place.calls("stopped")}
    assert found == {CHAT: ("ok", "reported"), "/v1/messages": ("interrupted", "partial")}


def test_a_verified_password_is_never_recorded(tmp_path: Path) -> None:
    """With --proxyauth the user names the session, and the password is nowhere in the home."""
    with open_place(tmp_path, options={"proxyauth": "any"}) as place:
        place.handlers["auth"] = plain
        connection = place.connection(user="alice:S3cretPassw0rd")
        connection.request("POST", CHAT, BODY, {"x-test": "auth", "Content-Type": "application/json"})
        assert connection.getresponse().read()
        connection.close()
        (call,) = place.calls("alice")
    assert (call.session_source, call.session_name) == ("proxy-user", None)
    written = b"".join(file.read_bytes() for file in place.proxy.home.rglob("*") if file.is_file())
    assert b"S3cret" not in written
    assert "S3cret" not in place.proxy.log


def test_a_host_is_known_in_any_case(place: Place) -> None:
    """Upper case is the same host: recorded, and rid of session headers."""
    host = "API.OPENAI.COM"
    place.handlers["spelling"] = plain
    connection = place.connection(host)
    headers = {"x-test": "spelling", "Helicone-Session-Id": host, "Helicone-Auth": "Bearer sk-helicone-x"}
    connection.request("POST", CHAT, BODY, headers)
    assert connection.getresponse().read()
    connection.close()
    (call,) = place.calls(host)
    assert call.host == "api.openai.com"
    assert place.double.received[-1].header("helicone-auth") is None


def test_a_plans_token_makes_the_cost_notional(place: Place) -> None:
    """Claude's OAuth token says that a subscription pays; the token itself is nowhere in the home."""
    reply = replies.anthropic_messages("claude-opus-4-8", "Hello", USAGE, stream=False)
    place.handlers["plan"] = lambda _: reply
    connection = place.connection("api.anthropic.com")
    headers = {"x-test": "plan", "Helicone-Session-Id": "plan", "Authorization": "Bearer sk-ant-oat01-S3cret"}
    connection.request("POST", "/v1/messages", BODY, headers)
    assert connection.getresponse().read()
    connection.close()
    (call,) = place.calls("plan")
    assert (call.billing, call.status) == ("subscription", "ok")
    assert call.cost_usd
    written = b"".join(file.read_bytes() for file in place.proxy.home.rglob("*") if file.is_file())
    assert b"S3cret" not in written


def test_flow_files_carry_the_comment(place: Place) -> None:
    """Mitmproxy's own record of the flow says cost, tokens and session in its comment."""
    place.send("comment", plain)
    place.proxy.stop()
    # In a process of its own: mitmproxy takes a second to import, and warns of what it calls in pyparsing.
    printed = subprocess.run(
        [sys.executable, "-c", _PRINT_COMMENTS, str(place.folder / "flows")],
        check=True,
        capture_output=True,
        text=True,
    ).stdout.splitlines()
    assert any("11 in / 7 out" in comment and "comment /" in comment for comment in printed)
