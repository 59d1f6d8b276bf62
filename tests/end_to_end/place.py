"""A running proxy before a double, and the calls that a test sends through it."""

from __future__ import annotations

import base64
import contextlib
import http.client
import json
import ssl
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from sessiontap.bodies import CallBodies
from sessiontap.call import Call
from sessiontap.demo import replies
from sessiontap.demo.answer import Answer, Handler, ReceivedCall
from sessiontap.demo.double import Double
from sessiontap.demo.proxy_process import ProxyProcess
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
        with contextlib.closing(connection):
            connection.request("POST", path, body, sent)
            with connection.getresponse() as reply:
                return reply.status, reply.read()

    def calls(self, session: str) -> list[Call]:
        """What was recorded of a session."""
        return Ledger(self.proxy.home).calls(session)

    def settled(self, session: str) -> Call:
        """The only call of a session, once it has ended."""
        for _ in tries():
            (call,) = self.calls(session)
            if call.status != "running":
                return call
        pytest.fail(f"the call of {session!r} did not end")

    def bodies(self, session: str) -> CallBodies:
        """What the only call of a session sent and got, once it is stored."""
        for _ in tries():
            (call_id,) = [call.call_id for call in self.calls(session)]
            if (found := Ledger(self.proxy.home).bodies(session).get(call_id)) is not None:
                return found
        pytest.fail(f"the bodies of {session!r} were not stored")

    def bodies_of(self, session: str, count: int) -> None:
        """Waits until the bodies of so many calls are stored."""
        for _ in tries():
            if len(Ledger(self.proxy.home).bodies(session)) == count:
                return
        pytest.fail(f"the bodies of {session!r} were not stored")

    def logged(self, text: str) -> list[str]:
        """The lines of mitmdump's log that hold a text, once there is one."""
        for _ in tries():
            if lines := [line for line in self.proxy.log.splitlines() if text in line]:
                return lines
        pytest.fail(f"nothing with {text!r} was logged")


def tries() -> Iterator[None]:
    """As often as a test looks for what is soon to be there."""
    pause = threading.Event()
    for _ in range(WAIT_S * 100):
        yield
        pause.wait(0.01)


@contextlib.contextmanager
def open_place(
    folder: Path, *, home: Path | None = None, options: Mapping[str, str] | None = None
) -> Iterator[Place]:
    """Starts a double and a real mitmdump before it, and ends both."""
    with (
        Double(plain, hosts=(*HOSTS, "files.example"), folder=folder) as double,
        ProxyProcess(
            home=home or folder / "home", confdir=folder / "conf", double=double, options=options
        ) as proxy,
    ):
        place = Place(double, proxy, folder)
        double.handler = place.answer
        yield place


def plain(_: ReceivedCall) -> Answer:
    """A chat completion."""
    return replies.openai_chat("gpt-5-mini", "Hello", USAGE, stream=False)


def raw(body: bytes, *headers: tuple[str, str], status: int = 200) -> Handler:
    """A handler that answers these bytes as JSON under these headers."""
    return lambda _: Answer(status=status, headers=(JSON, *headers), chunks=(body,), chunked=False)
