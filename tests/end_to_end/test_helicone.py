"""Code that was written for Helicone, unchanged but for key and trust, through a real mitmdump."""

from __future__ import annotations

import http.client
import json
import ssl
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import anthropic
import openai
import pytest
from click.testing import CliRunner

from sessiontap.bodies import CallBodies
from sessiontap.call import Call
from sessiontap.cli.main import cli
from sessiontap.demo import replies
from sessiontap.demo.answer import Answer, ReceivedCall
from sessiontap.demo.double import Double
from sessiontap.demo.proxy_process import ProxyProcess
from sessiontap.providers.helicone import UPSTREAMS
from sessiontap.store import Ledger
from sessiontap.usage import Usage
from tests.end_to_end import contacted
from tests.end_to_end.place import BODY, WAIT_S, tries
from tests.streams_with_usage import Stream

KEY = "sk-helicone-abcdefg-1234567-hijklmn-7654321"
GPT, CLAUDE = "gpt-5-mini", "claude-opus-4-8"
USAGE = Usage(input_tokens=1200, cache_read_input_tokens=1024, output_tokens=57)
OWN = "models.corp.example"
HI: Any = [{"role": "user", "content": "Hi"}]


def _answer(call: ReceivedCall) -> Answer:
    body = json.loads(call.body) if call.body else {}
    if call.path.endswith("/messages"):
        return replies.anthropic_messages(CLAUDE, "Hello", USAGE, stream=False)
    if body.get("stream"):
        asked = (body.get("stream_options") or {}).get("include_usage") is True
        headers = (("Content-Type", "text/event-stream"),)
        return Answer(headers=headers, chunks=[Stream().body(with_usage=asked)])
    return replies.openai_chat(GPT, "Hello", USAGE, stream=False)


class Place:
    """A running proxy before a double of every provider that a gateway stands for."""

    def __init__(self, folder: Path, **options: str) -> None:
        folder.mkdir(exist_ok=True)
        self.double = Double(_answer, hosts=(*UPSTREAMS.values(), OWN), folder=folder)
        self.proxy = ProxyProcess(
            home=folder / "home",
            confdir=folder / "conf",
            double=self.double,
            options=options,
            scripts=[Path(contacted.__file__)],
        )

    def close(self) -> None:
        """Ends both; nobody has spoken to Helicone, and its key is nowhere."""
        self.proxy.stop()
        self.double.close()
        assert self.double.faults == []
        names = [line for line in self.proxy.log.splitlines() if line.startswith("contacted ")]
        assert names
        assert [line for line in names if "helicone" in line or "hcone" in line] == []
        assert KEY not in self.proxy.log
        written = b"".join(file.read_bytes() for file in self.proxy.home.rglob("*") if file.is_file())
        assert written
        assert KEY.encode() not in written
        for call in self.double.received:
            told = [call.host, call.path, *(f"{name}: {value}" for name, value in call.headers)]
            assert [line for line in told if "helicone" in line.lower()] == []

    def logged(self, text: str) -> None:
        """Waits until mitmdump has said this: what it prints comes a moment later."""
        if not any(text in self.proxy.log for _ in tries()):
            pytest.fail(f"nothing with {text!r} was logged")

    def calls(self, session: str) -> list[Call]:
        """What was recorded of a session, once all of it has ended."""
        for _ in tries():
            found = Ledger(self.proxy.home).calls(session)
            if found and all(call.status != "running" for call in found):
                return found
        pytest.fail(f"nothing ended in {session!r}")

    def bodies(self, session: str, call_id: str) -> CallBodies:
        """Those of a call, once they are stored."""
        for _ in tries():
            found = Ledger(self.proxy.home).bodies(session).get(call_id)
            if found is not None:
                return found
        pytest.fail(f"the bodies of {call_id} were not stored")

    def send(
        self, host: str, path: str, headers: dict[str, str], *, body: bytes = BODY, method: str = "POST"
    ) -> http.client.HTTPResponse:
        """Sends one request to a host through the proxy."""
        context = ssl.create_default_context(cafile=str(self.proxy.ca_file))
        connection = http.client.HTTPSConnection(
            "127.0.0.1", self.proxy.port, timeout=WAIT_S, context=context
        )
        connection.set_tunnel(host)
        connection.request(method, path, body, {"Content-Type": "application/json", **headers})
        reply = connection.getresponse()
        reply.body = reply.read()  # type: ignore[attr-defined]
        connection.close()
        return reply


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """One proxy for the module; each test has a session of its own."""
    opened = Place(tmp_path_factory.mktemp("helicone"))
    yield opened
    opened.close()


@pytest.fixture
def _through_the_proxy(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", place.proxy.url)
    monkeypatch.setenv("SSL_CERT_FILE", str(place.proxy.ca_file))
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)


def _shown(place: Place, session: str) -> dict[str, Any]:
    home = str(place.proxy.home)
    done = CliRunner().invoke(cli, ["show", session, "--json", "--home", home], prog_name="sessiontap")
    assert done.exit_code == 0, done.output
    shown: dict[str, Any] = json.loads(done.stdout)
    return shown


@pytest.mark.usefixtures("_through_the_proxy")
def test_the_documented_example(place: Place) -> None:
    """Calls by path on the two best-known gateways are one session: name, tree, cost, latency, tokens."""
    headers = {
        "Helicone-Auth": f"Bearer {KEY}",
        "Helicone-Session-Id": "session_abc123",
        "Helicone-Session-Name": "support_ticket_4521",
        "Helicone-Session-Path": "/triage/research/respond",
    }
    with openai.OpenAI(
        api_key="sk-none", base_url="https://oai.helicone.ai/v1", default_headers=headers
    ) as client:
        client.chat.completions.create(model=GPT, messages=HI)
        for path in ("/triage", "/triage/research", "/triage/research/respond"):
            client.chat.completions.create(
                model=GPT, messages=HI, extra_headers={"Helicone-Session-Path": path}
            )
    with anthropic.Anthropic(
        api_key="sk-ant-none", base_url="https://anthropic.helicone.ai", default_headers=headers
    ) as claude:
        claude.messages.create(model=CLAUDE, max_tokens=99, messages=HI)

    calls = place.calls("session_abc123")
    assert [(call.provider, call.host, call.session_path, call.status) for call in calls] == [
        ("openai", "api.openai.com", "/triage/research/respond", "ok"),
        ("openai", "api.openai.com", "/triage", "ok"),
        ("openai", "api.openai.com", "/triage/research", "ok"),
        ("openai", "api.openai.com", "/triage/research/respond", "ok"),
        ("anthropic", "api.anthropic.com", "/triage/research/respond", "ok"),
    ]
    assert [call.properties["helicone-gateway"] for call in calls] == [
        *["oai.helicone.ai"] * 4,
        "anthropic.helicone.ai",
    ]
    shown = _shown(place, "session_abc123")
    session = shown["session"]
    assert (session["session_id"], session["name"]) == ("session_abc123", "support_ticket_4521")
    assert session["calls"] == 5
    assert session["usage"]["input_tokens"] == 5 * 1200
    assert session["usage"]["output_tokens"] == 5 * 57
    assert Decimal(str(session["cost_usd"])) == sum(call.cost_usd or Decimal(0) for call in calls) > 0
    assert session["latency_ms"] == sum(call.duration_ms or 0 for call in calls)
    assert {each["path"]: each["calls"] for each in session["paths"] if each["path"] != "/"} == {
        "/triage": 5,
        "/triage/research": 4,
        "/triage/research/respond": 3,
    }


# Where each provider has its chat completions.
_PATHS = {
    "google": "/v1beta/openai/chat/completions",
    "openrouter": "/api/v1/chat/completions",
    "groq": "/openai/v1/chat/completions",
    "fireworks": "/inference/v1/chat/completions",
    "deepinfra": "/v1/openai/chat/completions",
    "novita": "/v3/openai/chat/completions",
    "llama": "/compat/v1/chat/completions",
}


@pytest.mark.parametrize("label", UPSTREAMS)
def test_each_gateway_reaches_its_provider(place: Place, label: str) -> None:
    """Host, path, query and key are the provider's, and so is the name in the handshake."""
    headers = {
        "Authorization": f"Bearer sk-none, Bearer {KEY}",
        "Helicone-Session-Id": label,
        "Helicone-Property-Step": "one",
    }
    path = _PATHS.get(label, "/v1/chat/completions")
    reply = place.send(f"{label}.helicone.ai", f"/{KEY}{path}?a=1&key={KEY}", headers)
    assert (reply.status, reply.headers["helicone-status"]) == (200, "success")
    received = place.double.received[-1]
    assert (received.host, received.path) == (UPSTREAMS[label], f"{path}?a=1")
    assert received.header("authorization") == "Bearer sk-none"
    place.logged(f"contacted name {UPSTREAMS[label]}")
    (call,) = place.calls(label)
    assert (call.host, call.url_path) == (UPSTREAMS[label], path)
    assert call.properties == {"helicone-gateway": f"{label}.helicone.ai", "step": "one"}


@pytest.mark.parametrize(
    ("label", "headers", "host"),
    [
        ("gateway", {"Helicone-Target-URL": "https://api.groq.com/openai/v1"}, "api.groq.com"),
        ("oai", {"Helicone-Target-Url": f"https://{OWN}/x"}, OWN),
        (
            "oai",
            {"Helicone-OpenAI-Api-Base": f"https://{OWN}", "Helicone-Target-URL": "https://api.x.ai"},
            OWN,
        ),
    ],
)
def test_a_header_may_name_the_upstream(place: Place, label: str, headers: dict[str, str], host: str) -> None:
    """The call goes to that host with its own path, and is recorded under it, also where nobody knows it."""
    session = f"stated {label} {len(headers)}"
    path = f"/{KEY}/openai/v1/chat/completions"
    reply = place.send(f"{label}.hconeai.com", path, {**headers, "Helicone-Session-Id": session})
    received = place.double.received[-1]
    assert (received.host, received.path) == (host, "/openai/v1/chat/completions")
    (call,) = place.calls(session)
    assert (call.host, call.url_path, call.api) == (host, "/openai/v1/chat/completions", "openai.chat")
    assert reply.headers["helicone-id"] == call.call_id


@pytest.mark.parametrize(
    ("stated", "host"), [("http://[::1]:59999", "[::1]:59999"), ("http://[::1]", "[::1]")]
)
def test_an_upstream_may_be_an_address(place: Place, stated: str, host: str) -> None:
    """Of IPv6 it stands in brackets, as in any Host."""
    place.send("gateway.helicone.ai", "/v1/chat/completions", {"Helicone-Target-URL": stated})
    assert place.double.received[-1].header("host") == host


@pytest.mark.parametrize("own_port", [True, False])
def test_a_key_in_the_path_goes_nowhere_without_a_gateway(place: Place, own_port: bool) -> None:
    """Where the base URL's host was changed, to the provider's or the proxy's own, and its path was not."""
    session, path = f"path {own_port}", f"/{KEY}/v1/chat/completions?a=%7e"
    headers = {"Helicone-Session-Id": session, "Content-Type": "application/json"}
    if own_port:
        connection = http.client.HTTPConnection("127.0.0.1", place.proxy.port, timeout=WAIT_S)
        connection.request("POST", f"/openai{path}", BODY, headers)
        assert connection.getresponse().status == 200
        connection.close()
    else:
        assert place.send("api.openai.com", path, headers).status == 200
    assert place.double.received[-1].path == "/v1/chat/completions?a=%7e"
    (call,) = place.calls(session)
    assert call.url_path == "/v1/chat/completions"


def test_what_is_no_call_goes_to_the_provider_too(place: Place) -> None:
    """A listing of models is not recorded, and gets no id."""
    reply = place.send("oai.helicone.ai", "/v1/models", {"Helicone-Auth": KEY}, method="GET")
    assert reply.status == 200
    assert "helicone-id" not in reply.headers
    assert (place.double.received[-1].host, place.double.received[-1].path) == (
        "api.openai.com",
        "/v1/models",
    )


@pytest.mark.parametrize(
    ("sent", "stated", "expected", "words"),
    [
        (
            "ai-gateway.helicone.ai/v1/chat/completions",
            "",
            ("openai", "ai-gateway.helicone.ai", "/v1/chat/completions"),
            "https://api.openai.com/v1",
        ),
        (
            "bedrock.helicone.ai/v1/us-west-2/model/amazon.nova-lite-v1:0/converse",
            "",
            (
                "aws.bedrock",
                "bedrock-runtime.us-west-2.amazonaws.com",
                "/model/amazon.nova-lite-v1:0/converse",
            ),
            "region_name='us-west-2'",
        ),
        (
            "gateway.helicone.ai/v1/messages",
            "",
            ("anthropic", "gateway.helicone.ai", "/v1/messages"),
            "Helicone-Target-URL",
        ),
        (
            "gateway.helicone.ai/v1/messages",
            "http://127.0.0.1:{port}/anthropic",
            ("anthropic", "gateway.helicone.ai", "/v1/messages"),
            "back to this proxy",
        ),
        (
            "gateway.helicone.ai/v1/chat/completions",
            "http://sessiontap.local/",
            ("openai", "gateway.helicone.ai", "/v1/chat/completions"),
            "back to this proxy",
        ),
        (
            "gateway.helicone.ai/v1/chat/completions",
            "http://sessiontap.local./",
            ("openai", "gateway.helicone.ai", "/v1/chat/completions"),
            "back to this proxy",
        ),
    ],
)
def test_what_has_no_upstream_is_refused_and_recorded(
    place: Place, sent: str, stated: str, expected: tuple[str, str, str], words: str
) -> None:
    """The error has the provider's shape, says what to set, and stands in the session; it goes nowhere."""
    before, session = len(place.double.received), f"refused {sent} {stated}|"
    host, _, path = sent.partition("/")
    target = {"Helicone-Target-URL": stated.format(port=place.proxy.port)} if stated else {}
    reply = place.send(
        host, f"/{path}", {**target, "Helicone-Session-Id": session, "Authorization": f"Bearer {KEY}"}
    )
    assert (reply.status, reply.headers["x-should-retry"]) == (400, "false")
    assert words in reply.body.decode()  # type: ignore[attr-defined]
    (call,) = place.calls(session)
    assert (call.provider, call.host, call.url_path) == expected
    assert (call.status, call.http_status, call.error_type) == ("error", 400, "unsupported_gateway")
    assert words in (call.error_message or "")
    assert (reply.headers["helicone-id"], reply.headers["helicone-status"]) == (call.call_id, "failed")
    assert len(place.double.received) == before


@pytest.mark.usefixtures("_through_the_proxy")
def test_an_sdk_reads_the_refusal(place: Place) -> None:
    """One try, and the message as the SDK's own error."""
    with (
        openai.OpenAI(api_key=KEY, base_url="https://ai-gateway.helicone.ai") as client,
        pytest.raises(openai.BadRequestError, match="with HTTPS_PROXY the calls are recorded"),
    ):
        client.chat.completions.create(model="gpt-4o-mini/openai", messages=HI)
    place.logged("POST https://ai-gateway.helicone.ai/chat/completions")
    assert place.proxy.log.count("POST https://ai-gateway.helicone.ai/chat/completions") == 1


def test_the_headers_take_effect(place: Place) -> None:
    """Id, user, properties, features, the model of the price, and what is not to be stored."""
    call_id = "3f2504e0-4f89-41d3-9a0c-0305e82c3301"
    headers = {
        "Helicone-Auth": KEY,
        "Helicone-Session-Id": "headers",
        "Helicone-Request-Id": call_id,
        "HELICONE-PROPERTY-Environment": "staging",
        "Helicone-Model-Override": "gpt-4.1",
        "Helicone-Omit-Request": "true",
        "Helicone-Omit-Response": "true",
        "Helicone-Prompt-Id": "greeting",
        "Helicone-Cache-Enabled": "true",
        "Helicone-RateLimit-Policy": "100;w=60",
        "Helicone-Fallbacks": json.dumps(
            [{"target-url": "https://api.groq.com", "headers": {"Authorization": KEY}, "onCodes": [500]}]
        ),
        "Helicone-Webhook-Secret": KEY,
    }
    body = json.dumps({**json.loads(BODY), "user": "ann"}).encode()
    reply = place.send("oai.helicone.ai", "/v1/chat/completions", headers, body=body)
    assert reply.headers["helicone-id"] == call_id
    (call,) = place.calls("headers")
    assert (call.call_id, call.user_id, call.priced_as) == (call_id, "ann", "gpt-4.1")
    assert (call.response_model, call.price_id) == (GPT, "openai/gpt-4.1@2025-04-14")
    assert call.usage.input_tokens == USAGE.input_tokens
    assert call.properties == {
        "environment": "staging",
        "helicone-gateway": "oai.helicone.ai",
        "helicone-prompt-id": "greeting",
        "helicone-cache-enabled": "true",
        "helicone-ratelimit-policy": "100;w=60",
        "helicone-fallbacks": '[{"target-url":"https://api.groq.com","onCodes":[500]}]',
    }
    bodies = place.bodies("headers", call_id)
    assert bodies.request is not None
    assert bodies.reply is not None
    assert (bodies.request.content, bodies.request.left_out) == (None, "asked")
    assert (bodies.reply.content, bodies.reply.left_out) == (None, "asked")


@pytest.mark.parametrize(("said", "sees"), [("true", True), ("", False)])
def test_a_stream_that_is_asked_for_its_usage_shows_it(place: Place, said: str, sees: bool) -> None:
    """Whoever sends the header reads the last event as with Helicone; whoever does not, reads what was."""
    body = json.dumps({**json.loads(BODY), "stream": True}).encode()
    session = f"stream {said}|"
    headers = {"Helicone-Session-Id": session, **({"Helicone-Stream-Usage": said} if said else {})}
    reply = place.send("oai.helicone.ai", "/v1/chat/completions", headers, body=body)
    assert reply.body == Stream().body(with_usage=sees)  # type: ignore[attr-defined]
    assert b"include_usage" in place.double.received[-1].body
    (call,) = place.calls(session)
    assert call.usage_source == "reported"


def test_a_client_without_such_headers_gets_its_reply_as_it_came(place: Place) -> None:
    """To the provider's own host nothing is added that its client does not know."""
    reply = place.send("api.openai.com", "/v1/chat/completions", {})
    assert [name for name in reply.headers if "helicone" in name.lower()] == []
    told = place.send("api.openai.com", "/v1/chat/completions", {"Helicone-User-Id": "bo"})
    assert (told.headers["helicone-status"], len(told.headers["helicone-id"])) == ("success", 36)


def test_plain_http_is_the_providers_https(place: Place) -> None:
    """A base URL without TLS goes on with it, and the user of the proxy's URL stays here."""
    connection = http.client.HTTPConnection("127.0.0.1", place.proxy.port, timeout=WAIT_S)
    headers = {"Proxy-Authorization": "Basic cGxhaW46UGxhaW4=", "Content-Type": "application/json"}
    connection.request("POST", "http://oai.helicone.ai/v1/chat/completions", BODY, headers)
    assert connection.getresponse().status == 200
    connection.close()
    received = place.double.received[-1]
    assert (received.host, received.header("proxy-authorization")) == ("api.openai.com", None)
    (call,) = place.calls("plain")
    assert call.host == "api.openai.com"


def test_a_body_that_is_streamed_goes_nowhere_else(tmp_path: Path) -> None:
    """Where mitmproxy sends a body on as it comes, a call without upstream fails, and any other arrives."""
    place = Place(tmp_path / "large", stream_large_bodies="10k")
    body = json.dumps({**json.loads(BODY), "metadata": "x" * 100_000}).encode()
    failed = place.send("gateway.helicone.ai", "/v1/chat/completions", {}, body=body)
    assert failed.status == 502
    assert "gateway.helicone.ai is never contacted" in failed.body.decode()  # type: ignore[attr-defined]
    assert [call.path for call in place.double.received] == []
    assert place.send("oai.helicone.ai", "/v1/chat/completions", {}, body=body).status == 200
    assert place.double.received[-1].body == body
    place.close()


@pytest.mark.parametrize("strategy", ["eager", "lazy"])
def test_a_reverse_mode_of_a_gateway_is_its_providers(tmp_path: Path, strategy: str) -> None:
    """Also where mitmproxy connects before it is asked anything."""
    mode = "reverse:https://oai.helicone.ai/"
    place = Place(tmp_path / "reverse", mode=mode, connection_strategy=strategy)
    connection = http.client.HTTPConnection("127.0.0.1", place.proxy.port, timeout=WAIT_S)
    connection.request("POST", "/v1/chat/completions", BODY, {"Helicone-Session-Id": "reverse"})
    assert connection.getresponse().status == 200
    connection.close()
    assert place.double.received[-1].host == "api.openai.com"
    (call,) = place.calls("reverse")
    assert (call.host, call.properties) == ("api.openai.com", {"helicone-gateway": "oai.helicone.ai"})
    place.close()
