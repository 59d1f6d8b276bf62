"""What a proxy has told its clients is in the store, however the proxy ends and however many there are."""

from __future__ import annotations

import concurrent.futures
import contextlib
import gzip
import http.client
import json
import os
import random
import signal
import ssl
import subprocess
import sys
import threading
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from sessiontap.demo.answer import Answer, ReceivedCall
from sessiontap.demo.double import Double
from sessiontap.demo.proxy_process import ProxyProcess
from sessiontap.store import Ledger
from tests.end_to_end.place import CHAT, USAGE, WAIT_S, plain

KILLS = int(os.environ.get("SESSIONTAP_TEST_CRASHES", "4"))
CLIENTS = 3
SEED = 20_261_125
SESSION = "crashing"
EVENTS = b"".join(
    b'data: {"id":"c","choices":[{"index":0,"delta":{"content":"word %d "}}]}\n\n' % number
    for number in range(20)
)
LAST = (
    b'data: {"id":"c","choices":[],"usage":{"prompt_tokens":11,"completion_tokens":7,"total_tokens":18}}\n\n'
)


def answer(call: ReceivedCall) -> Answer:
    """A whole reply, or a stream in gzip that comes in pieces."""
    if b'"stream": true' not in call.body:
        return plain(call)
    packed = gzip.compress(EVENTS + LAST + b"data: [DONE]\n\n")
    headers = (("Content-Type", "text/event-stream"), ("Content-Encoding", "gzip"))
    middle = len(packed) // 2
    return Answer(headers=headers, chunks=(packed[:middle], packed[middle:]), delay_s=0.002)


class Client:
    """Sends calls one after the other until it is told to stop or the proxy is gone."""

    def __init__(self, proxy: ProxyProcess) -> None:
        self.sent: dict[str, bytes] = {}
        self.read: list[str] = []
        self._proxy = proxy
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def stop(self) -> None:
        """Ends after the call under way."""
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        tls = ssl.create_default_context(cafile=str(self._proxy.ca_file))
        connection = http.client.HTTPSConnection("127.0.0.1", self._proxy.port, timeout=WAIT_S, context=tls)
        connection.set_tunnel("api.openai.com")
        with contextlib.suppress(OSError, http.client.HTTPException):
            while not self._stop.is_set():
                call_id = str(uuid.uuid4())
                messages = [{"role": "user", "content": f"Question {call_id} " + "and so on " * 40}]
                body = json.dumps(
                    {"model": "gpt-5-mini", "stream": len(self.sent) % 2 == 0, "messages": messages}
                ).encode()
                self.sent[call_id] = body
                headers = {
                    "Helicone-Session-Id": SESSION,
                    "Helicone-Request-Id": call_id,
                    "Content-Type": "application/json",
                }
                connection.request("POST", CHAT, body, headers)
                connection.getresponse().read()
                self.read.append(call_id)
        connection.close()


@pytest.fixture
def double(tmp_path: Path) -> Iterator[Double]:
    """The providers' double."""
    folder = tmp_path / "double"
    folder.mkdir()
    with Double(answer, hosts=("api.openai.com",), folder=folder) as running:
        yield running


def test_a_proxy_that_is_killed_loses_no_call_that_a_client_has_read(
    tmp_path: Path, double: Double, print_table: Callable[[str], None]
) -> None:
    """Killed under load at random moments, on one home: ended calls are there, the others interrupted."""
    chance = random.Random(SEED)
    sent: dict[str, bytes] = {}
    read: list[str] = []
    home = tmp_path / "home"
    for _ in range(KILLS):
        with ProxyProcess(home=home, confdir=tmp_path / "conf", double=double) as proxy:
            clients = [Client(proxy) for _ in range(CLIENTS)]
            threading.Event().wait(chance.uniform(0.05, 0.7))
            os.kill(proxy.pid, signal.SIGKILL)
            for client in clients:
                client.stop()
                sent |= client.sent
                read += client.read
    ledger = Ledger(home)
    calls = {call.call_id: call for call in ledger.calls(SESSION)}
    print_table(
        f"{KILLS} kills (seed {SEED}): {len(sent)} calls sent, {len(read)} read whole by their client,"
        f" {sum(calls[each].status == 'ok' for each in read if each in calls)} of these stored as ok;"
        f" {len(ledger.problems)} lines that cannot be read"
    )
    assert len(read) > KILLS
    assert {calls[call_id].status for call_id in read} == {"ok"}
    assert {calls[call_id].usage.output_tokens for call_id in read} == {USAGE.output_tokens}
    assert {call.status for call in calls.values()} <= {"ok", "interrupted"}
    assert ledger.problems == ()
    bodies = ledger.bodies(SESSION)
    assert bodies.problems == ()
    for call_id in bodies:
        found = bodies.get(call_id)
        assert found is not None
        assert found.request is not None
        assert found.request.content == sent[call_id]


def test_several_proxies_and_readers_on_one_session_are_exact(tmp_path: Path, double: Double) -> None:
    """Four proxies write it, a command and a program read it all the while: nobody disturbs anybody."""
    home = tmp_path / "home"
    each = 40
    done = threading.Event()

    def send(number: int) -> list[str]:
        with ProxyProcess(home=home, confdir=tmp_path / f"conf{number}", double=double) as proxy:
            client = Client(proxy)
            while len(client.read) < each:
                done.wait(0.01)
            client.stop()
            return client.read

    def list_them() -> list[int]:
        found = []
        while not done.is_set():
            listed = subprocess.run(
                [sys.executable, "-m", "sessiontap", "list", "--json", "--home", str(home)],
                capture_output=True,
                check=True,
            )
            assert listed.stderr == b""
            found.append(sum(session["calls"] for session in json.loads(listed.stdout)))
        return found

    def read_them() -> list[int]:
        found = []
        while not done.is_set():
            ledger = Ledger(home)
            found.append(len(ledger.calls(SESSION)))
            # A line that is being written is torn until it is there.
            assert all("cut short" in problem.reason for problem in ledger.problems)
        return found

    with concurrent.futures.ThreadPoolExecutor(6) as pool:
        writers = [pool.submit(send, number) for number in range(4)]
        readers = [pool.submit(list_them), pool.submit(read_them)]
        read = [call_id for writer in writers for call_id in writer.result(WAIT_S * 4)]
        done.set()
        for reader in readers:
            counts = reader.result(WAIT_S)
            assert counts == sorted(counts)
    ledger = Ledger(home)
    calls = {call.call_id: call.status for call in ledger.calls(SESSION)}
    assert ledger.problems == ()
    assert set(read) == {call_id for call_id, status in calls.items() if status == "ok"}
    assert set(ledger.bodies(SESSION)) == set(read)
