"""Claim: through the addon, a stream's first byte comes within 5 ms (median) of a bare mitmdump's.

The bare mitmdump streams with an empty callable. Both run side by side before one double; calls take turns,
each on a kept connection. Prints both medians and their difference. `python benchmarks/first_byte.py [N]`.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import ssl
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from sessiontap.demo import replies
from sessiontap.demo.answer import Answer, ReceivedCall
from sessiontap.demo.double import Double
from sessiontap.demo.proxy_process import ProxyProcess
from sessiontap.usage import Usage

HOST = "api.openai.com"
CALLS = 400
WARM_UP = 20
LIMIT_MS = 5.0
BODY = json.dumps(
    {
        "model": "gpt-5-mini",
        "stream": True,
        "stream_options": {"include_usage": True},
        "messages": [{"role": "user", "content": "word " * 4000}],
    }
).encode()
BARE_SCRIPT = """
def responseheaders(flow):
    flow.response.stream = lambda data: data
"""


def answer(_: ReceivedCall) -> Answer:
    """A streamed chat completion of forty chunks."""
    usage = Usage(input_tokens=9, output_tokens=40)
    return replies.openai_chat("gpt-5-mini", "word " * 40, usage, stream=True)


def client(proxy: ProxyProcess) -> http.client.HTTPSConnection:
    """A connection through the proxy, open and used once."""
    tls = ssl.create_default_context(cafile=str(proxy.ca_file))
    connection = http.client.HTTPSConnection("127.0.0.1", proxy.port, timeout=30, context=tls)
    connection.set_tunnel(HOST)
    for _ in range(WARM_UP):
        first_byte_ms(connection)
    return connection


def first_byte_ms(connection: http.client.HTTPSConnection) -> float:
    """Milliseconds from the call's start to the first byte of the reply's body; the rest is read after."""
    started = time.perf_counter()
    connection.request("POST", "/v1/chat/completions", BODY, {"Helicone-Session-Id": "benchmark"})
    reply = connection.getresponse()
    reply.read(1)
    taken = time.perf_counter() - started
    reply.read()
    return taken * 1000


@contextlib.contextmanager
def proxies() -> Iterator[tuple[ProxyProcess, ProxyProcess]]:
    """A bare mitmdump and one with the addon, before the same double."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        script = folder / "bare.py"
        script.write_text(BARE_SCRIPT)
        with (
            Double(answer, hosts=[HOST], folder=folder) as double,
            ProxyProcess(
                home=folder / "none", confdir=folder / "c1", double=double, addon=False, scripts=[script]
            ) as bare,
            ProxyProcess(home=folder / "home", confdir=folder / "c2", double=double) as tapped,
        ):
            yield bare, tapped


def main() -> int:
    """Measures and prints; 1 where the claim does not hold."""
    calls = int(sys.argv[1]) if len(sys.argv) > 1 else CALLS
    with proxies() as (bare, tapped):
        clients = {"bare": client(bare), "sessiontap": client(tapped)}
        times: dict[str, list[float]] = {name: [] for name in clients}
        for _ in range(calls):
            for name, connection in clients.items():
                times[name].append(first_byte_ms(connection))
        for connection in clients.values():
            connection.close()
    print(f"{'first byte, ms':16} {'median':>8} {'p95':>8}   ({calls} calls each, taking turns)")
    for name, found in times.items():
        print(f"{name:16} {statistics.median(found):8.2f} {statistics.quantiles(found, n=20)[18]:8.2f}")
    difference = statistics.median(times["sessiontap"]) - statistics.median(times["bare"])
    print(f"{'difference':16} {difference:8.2f} {'':8}   claim: <= {LIMIT_MS:.0f} ms")
    return 0 if difference <= LIMIT_MS else 1


if __name__ == "__main__":
    sys.exit(main())
