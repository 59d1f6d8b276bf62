"""Claim: an agent's session takes at most 2 % of what it sent and got, and 1/20 of what `mitmdump -w` writes.

Two hundred turns of a growing conversation: 100 kB of system prompt and tools, 2 kB a turn, the reply a
stream. The same calls go through two real proxies before one double: ours, and a bare mitmdump that
saves its flows. Prints both sizes. `python benchmarks/bodies_on_disk.py [TURNS]`.
"""

from __future__ import annotations

import http.client
import json
import random
import ssl
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from sessiontap.demo import replies
from sessiontap.demo.answer import Answer, ReceivedCall
from sessiontap.demo.double import Double
from sessiontap.demo.proxy_process import ProxyProcess
from sessiontap.store import Ledger
from sessiontap.usage import Usage

HOST = "api.anthropic.com"
TURNS = 200
PROMPT_BYTES = 40_000
TOOLS = 30
TOOL_BYTES = 2_000
TURN_BYTES = 1_000
OF_RAW, OF_FLOWS = 0.02, 1 / 20
USAGE = Usage(input_tokens=30_000, output_tokens=200)


class Sizes(NamedTuple):
    """Bytes of one session."""

    raw: int
    """Of all requests and replies, without any compression."""
    stored: int
    """Of the session's folder."""
    flows: int
    """Of the flow file."""


class Words:
    """Text that is as hard to compress as prose: words of a vocabulary, common ones more often."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        letters = "etaoinshrdlucmfwypvbgkjqxz"
        sizes = range(3, 11)
        self._words = [
            "".join(self._random.choices(letters, k=self._random.choice(sizes))) for _ in range(4_000)
        ]
        self._weights = [1 / (rank + 3) for rank in range(len(self._words))]

    def text(self, size: int) -> str:
        """About so many characters."""
        return " ".join(self._random.choices(self._words, self._weights, k=size // 6))[:size]


def requests(turns: int, words: Words) -> Iterator[tuple[bytes, str]]:
    """The requests of a session as Anthropic's messages, each with the text that answers it."""
    system = [
        {"type": "text", "text": words.text(PROMPT_BYTES), "cache_control": {"type": "ephemeral"}},
    ]
    tools = [
        {
            "name": f"tool_{number}",
            "description": words.text(TOOL_BYTES),
            "input_schema": {"type": "object", "properties": {"path": {"type": "string"}}},
        }
        for number in range(TOOLS)
    ]
    messages: list[dict[str, Any]] = []
    for _ in range(turns):
        block: dict[str, Any] = {"type": "text", "text": words.text(TURN_BYTES)}
        # The mark moves: it stands on the last message only.
        asked = {"role": "user", "content": [{**block, "cache_control": {"type": "ephemeral"}}]}
        body = {
            "model": "claude-sonnet-4-5",
            "max_tokens": 32_000,
            "stream": True,
            "system": system,
            "tools": tools,
            "messages": [*messages, asked],
        }
        answer = words.text(TURN_BYTES)
        yield json.dumps(body).encode(), answer
        messages += [{"role": "user", "content": [block]}, {"role": "assistant", "content": answer}]


def send(proxy: ProxyProcess, body: bytes) -> bytes:
    """One call through a proxy; the reply's body."""
    tls = ssl.create_default_context(cafile=str(proxy.ca_file))
    connection = http.client.HTTPSConnection("127.0.0.1", proxy.port, timeout=60, context=tls)
    connection.set_tunnel(HOST)
    headers = {"Helicone-Session-Id": "agent", "Content-Type": "application/json"}
    connection.request("POST", "/v1/messages", body, headers)
    reply = connection.getresponse().read()
    connection.close()
    return reply


def sizes(turns: int = TURNS) -> Sizes:
    """Sends the session through both proxies, and looks what each wrote."""
    said = [""]

    def answer(_: ReceivedCall) -> Answer:
        return replies.anthropic_messages("claude-sonnet-4-5", said[0], USAGE, stream=True)

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        flows = folder / "flows"
        raw = 0
        with (
            Double(answer, hosts=[HOST], folder=folder) as double,
            ProxyProcess(
                home=folder / "none",
                confdir=folder / "c1",
                double=double,
                addon=False,
                options={"save_stream_file": str(flows)},
            ) as bare,
            ProxyProcess(home=folder / "home", confdir=folder / "c2", double=double) as tapped,
        ):
            for body, text in requests(turns, Words(1)):
                said[0] = text
                send(bare, body)
                raw += len(body) + len(send(tapped, body))
            bare.stop()
            tapped.stop()
        found = Ledger(folder / "home").bodies("agent")
        assert len(found) == turns
        last = list(found)[-1]
        kept = found.get(last)
        assert kept is not None
        assert kept.request is not None
        assert kept.request.content == body
        stored = sum(path.stat().st_size for path in (folder / "home" / "sessions").rglob("*.jsonl"))
        return Sizes(raw, stored, flows.stat().st_size)


def report(found: Sizes) -> bool:
    """Prints a line a claim; whether all hold."""
    print(f"{'bodies, raw':34} {found.raw / 1e6:10.2f} MB")
    of_raw, of_flows = found.stored / found.raw, found.stored / found.flows
    print(f"{'the session on disk':34} {found.stored / 1e6:10.2f} MB   {of_raw:.2%} of that; claim: <= 2 %")
    flows = f"{'mitmdump -w':34} {found.flows / 1e6:10.2f} MB"
    print(f"{flows}   {1 / of_flows:.0f} times the session on disk; claim: >= 20")
    return of_raw <= OF_RAW and of_flows <= OF_FLOWS


def main() -> int:
    """Measures and prints; 1 where the claim does not hold."""
    turns = int(sys.argv[1]) if len(sys.argv) > 1 else TURNS
    return 0 if report(sizes(turns)) else 1


if __name__ == "__main__":
    sys.exit(main())
