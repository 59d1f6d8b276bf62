"""Clients that keep a proxy busy over kept-alive connections, and say what they have received whole."""

from __future__ import annotations

import gzip
import http.client
import json
import ssl
import threading
import time
import uuid
from dataclasses import dataclass, field

from sessiontap.bodies import Body
from sessiontap.demo.answer import Answer, ReceivedCall
from sessiontap.demo.proxy_process import ProxyProcess
from sessiontap.store import Ledger

CHAT = "/v1/chat/completions"
HOST = "api.openai.com"
TIMEOUT_S = 30
JSON = ("Content-Type", "application/json")
USAGE = {"prompt_tokens": 11, "completion_tokens": 7, "total_tokens": 18}


@dataclass(frozen=True, slots=True)
class Received:
    """A call whose reply its client has read to the last byte."""

    call_id: str
    sent: bytes
    reply: bytes
    """Decompressed."""
    seconds: float


def echo(call: ReceivedCall) -> Answer:
    """The model says what it was told: as JSON, or as a stream in gzip that comes in pieces."""
    try:
        asked = json.loads(call.body)
    except ValueError:  # a proxy that was killed has sent a part of it
        return Answer(status=400)
    text = asked["messages"][0]["content"]
    head = {"id": "chatcmpl-1", "model": "gpt-5-mini", "created": 1}
    if not asked.get("stream"):
        message = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}
        whole = {**head, "object": "chat.completion", "choices": [message], "usage": USAGE}
        return Answer(headers=(JSON,), chunks=(json.dumps(whole).encode(),), chunked=False)
    deltas: list[dict[str, object]] = [
        {"index": 0, "delta": {"content": word}, "finish_reason": None} for word in text.split()
    ]
    deltas.append({"index": 0, "delta": {}, "finish_reason": "stop"})
    events = [{**head, "object": "chat.completion.chunk", "choices": [delta]} for delta in deltas]
    events.append({**head, "object": "chat.completion.chunk", "choices": [], "usage": USAGE})
    stream = b"".join(b"data: %b\n\n" % json.dumps(event).encode() for event in events) + b"data: [DONE]\n\n"
    packed = gzip.compress(stream, 1)
    headers = (("Content-Type", "text/event-stream"), ("Content-Encoding", "gzip"))
    third = len(packed) // 3
    return Answer(headers=headers, chunks=(packed[:third], packed[third : 2 * third], packed[2 * third :]))


@dataclass(slots=True)
class Client:
    """One client with one connection, for one thread; it calls plainly and with streams, in turns."""

    proxy: ProxyProcess
    session: str
    received: list[Received] = field(default_factory=list)
    begun: list[str] = field(default_factory=list)
    _connection: http.client.HTTPSConnection | None = None

    def call(self, **more_headers: str) -> Received:
        """One call; what comes back is checked to be the echo of what was sent."""
        connection = self._connected()
        call_id = str(uuid.uuid4())
        stream = len(self.begun) % 2 == 1
        text = f"{call_id} " + "word " * (len(self.begun) % 50)
        asked: dict[str, object] = {"model": "gpt-5-mini", "messages": [{"role": "user", "content": text}]}
        if stream:
            asked |= {"stream": True, "stream_options": {"include_usage": True}}
        sent = json.dumps(asked).encode()
        headers = {
            "Helicone-Session-Id": self.session,
            "Helicone-Request-Id": call_id,
            "Content-Type": "application/json",
            **{name.replace("_", "-"): value for name, value in more_headers.items()},
        }
        self.begun.append(call_id)
        start = time.monotonic()
        connection.request("POST", CHAT, sent, headers)
        reply = connection.getresponse()
        body = reply.read()
        done = Received(call_id, sent, gzip.decompress(body) if stream else body, time.monotonic() - start)
        self.received.append(done)
        assert reply.status == 200
        assert call_id.encode() in done.reply
        return done

    def call_until_cut(self) -> None:
        """Calls until the proxy is gone."""
        try:
            while True:
                self.call()
        except (OSError, http.client.HTTPException):
            self.close()

    def close(self) -> None:
        """Gives the connection back."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _connected(self) -> http.client.HTTPSConnection:
        if self._connection is None:
            tls = ssl.create_default_context(cafile=str(self.proxy.ca_file))
            self._connection = http.client.HTTPSConnection(
                "127.0.0.1", self.proxy.port, timeout=TIMEOUT_S, context=tls
            )
            self._connection.set_tunnel(HOST)
        return self._connection


def all_at_once(clients: list[Client], calls: int) -> None:
    """Each client makes so many calls, all clients at the same time; what one raises is raised here."""
    faults: list[Exception] = []

    def work(client: Client) -> None:
        try:
            for _ in range(calls):
                client.call()
        except Exception as fault:  # noqa: BLE001 -- it is raised again, in the thread of the test
            faults.append(fault)
        finally:
            client.close()

    threads = [threading.Thread(target=work, args=(client,)) for client in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for fault in faults:
        raise fault


def check_bodies(ledger: Ledger, session: str, received: list[Received], *, all_of_them: bool) -> int:
    """Asserts that the stored bodies are those of the wire, byte by byte; gives how many calls have some."""
    bodies, found = ledger.bodies(session), 0
    for call in received:
        stored = bodies.get(call.call_id)
        if stored is None:
            assert not all_of_them, f"the bodies of {call.call_id} are missing"
            continue
        found += 1
        assert (content(stored.request), content(stored.reply)) == (call.sent, call.reply)
    return found


def content(body: Body | None) -> bytes | None:
    """The bytes that are kept of a side."""
    return None if body is None else body.content
