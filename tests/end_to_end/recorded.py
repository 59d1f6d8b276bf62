"""Plays recorded exchanges through a running proxy: a handler for the double and the clients before it."""

from __future__ import annotations

import gzip
import http.client
import random
import ssl
import uuid
import zlib
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from urllib.parse import SplitResult

import brotli  # type: ignore[import-untyped,unused-ignore]  # newer releases bring their types
import zstandard

from sessiontap.demo.answer import Answer, Handler, ReceivedCall
from sessiontap.demo.proxy_process import ProxyProcess
from tests.oracles.corpus import Exchange

SESSION = "recorded traffic"
_NUMBER = "x-recorded-number"
_CLIENTS = 2

COMPRESSORS: dict[str, Callable[[bytes], bytes]] = {
    "": bytes,
    "gzip": gzip.compress,
    "br": lambda data: bytes(brotli.compress(data, quality=3)),
    "zstd": lambda data: zstandard.ZstdCompressor().compress(data),
    "deflate": zlib.compress,
}


@dataclass(frozen=True, slots=True)
class Played:
    """One exchange as it went: the id it was sent under, what the double sent and what the client got."""

    exchange: Exchange
    call_id: str
    sent: bytes
    received: bytes
    status: int


class Player:
    """Sends every exchange once, the replies compressed and cut into chunks by a seeded chance.

    What was recorded over plain http goes over plain http.
    """

    def __init__(self, exchanges: Sequence[Exchange], seed: int) -> None:
        self._exchanges = exchanges
        chance = random.Random(seed)
        self._ids = [str(uuid.UUID(int=chance.getrandbits(128), version=4)) for _ in exchanges]
        self._encodings = [each.content_encoding or chance.choice(list(COMPRESSORS)) for each in exchanges]
        self._bodies = [
            each.wire if each.content_encoding else COMPRESSORS[encoding](each.wire)
            for each, encoding in zip(exchanges, self._encodings, strict=True)
        ]
        self._chunked = [chance.random() < 0.7 for _ in exchanges]
        self._seeds = [chance.random() for _ in exchanges]

    @property
    def handler(self) -> Handler:
        """Answers with the recorded reply of the exchange that the call names."""
        return self._answer

    def _answer(self, call: ReceivedCall) -> Answer:
        number = int(call.header(_NUMBER) or "")
        exchange = self._exchanges[number]
        headers = list(exchange.headers.items())
        if self._encodings[number]:
            headers.append(("Content-Encoding", self._encodings[number]))
        return Answer(
            status=exchange.status,
            headers=tuple(headers),
            chunks=_cut(self._bodies[number], random.Random(self._seeds[number])),
            chunked=self._chunked[number],
        )

    def play(self, proxy: ProxyProcess) -> list[Played]:
        """Sends the exchanges over a few connections; those of one source stay in their order."""
        groups: list[list[int]] = [[] for _ in range(_CLIENTS)]
        for number, exchange in enumerate(self._exchanges):
            groups[zlib.crc32(exchange.source.encode()) % _CLIENTS].append(number)
        with ThreadPoolExecutor(_CLIENTS) as pool:
            results = pool.map(lambda group: self._play_group(group, proxy), groups)
            return [played for group in results for played in group]

    def _play_group(self, numbers: list[int], proxy: ProxyProcess) -> list[Played]:
        tls = ssl.create_default_context(cafile=str(proxy.ca_file))
        connections: dict[str, http.client.HTTPConnection] = {}
        found = []
        for number in numbers:
            exchange = self._exchanges[number]
            place = f"{exchange.url.scheme}://{exchange.url.netloc}"
            if place not in connections:
                connections[place] = _connection(proxy, exchange.url, tls)
            connections[place].request(
                exchange.method,
                exchange.target if exchange.url.scheme == "https" else place + exchange.target,
                exchange.request,
                {
                    "Content-Type": exchange.request_type or "application/json",
                    "Helicone-Session-Id": SESSION,
                    "Helicone-Request-Id": self._ids[number],
                    _NUMBER: str(number),
                },
            )
            reply = connections[place].getresponse()
            bodiless = exchange.status == http.client.NO_CONTENT
            sent = b"" if bodiless else self._bodies[number]
            found.append(Played(exchange, self._ids[number], sent, reply.read(), reply.status))
        for connection in connections.values():
            connection.close()
        return found


def _connection(proxy: ProxyProcess, url: SplitResult, tls: ssl.SSLContext) -> http.client.HTTPConnection:
    if url.scheme == "http":
        return http.client.HTTPConnection("127.0.0.1", proxy.port, timeout=60)
    tunnel = http.client.HTTPSConnection("127.0.0.1", proxy.port, timeout=60, context=tls)
    tunnel.set_tunnel(url.hostname or "", url.port)
    return tunnel


def _cut(body: bytes, chance: random.Random) -> list[bytes]:
    """The body in chunks of random sizes, small and large ones."""
    chunks = []
    while body:
        size = chance.choice((chance.randint(1, 9), chance.randint(10, 900), chance.randint(1_000, 60_000)))
        chunks.append(body[:size])
        body = body[size:]
    return chunks
