"""Refusals: counts, by host, the clients that break off TLS when they have seen the proxy's certificate.

Promises: the event loop waits for no file; memory is bounded; a host is forgotten once a later call to it is
recorded, and logged no more than once.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from pathlib import Path

from mitmproxy.connection import Client
from mitmproxy.http import HTTPFlow
from mitmproxy.tls import TlsData

from sessiontap.providers import Directory
from sessiontap.recent import Recent
from sessiontap.settings import Settings
from sessiontap.store.journal import printable
from sessiontap.store.refusals import MOST_HOSTS, Refusal, change_refusals
from sessiontap.times import rfc3339

logger = logging.getLogger(__name__)

# How often a host that works has its older refusals by other proxies forgotten.
_FORGET_EVERY_S = 60.0
_LONGEST_AGENT = 120
_MOST_CLIENTS = 10_000
# How mitmproxy begins what it says of a handshake that failed: this is certain, and these are something else.
# All others, a connection that was closed above all, are how Node refuses a certificate.
_CERTAIN = "The client does not trust"
_OTHER_REASONS = ("cannot parse clienthello", "cannot agree on a tls version", "connection closed early")


class Refusals:
    """The refusals that this proxy has seen, and those that are still to be written to the home's file."""

    def __init__(
        self,
        run: Callable[[Callable[[], None]], None],
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`run` does a job in another thread."""
        self._run = run
        self._clock = clock
        self._agents: Recent[str, str] = Recent(_MOST_CLIENTS)
        self._seen: dict[str, Refusal] = {}
        self._logged: set[str] = set()
        self._forgot_at: Recent[str, float] = Recent(MOST_HOSTS)
        self._mutex = threading.Lock()
        self._added: dict[str, Refusal] = {}
        self._forgotten: dict[str, str] = {}
        self._writing = False

    @property
    def seen(self) -> tuple[Refusal, ...]:
        """By this proxy, of hosts where no call was recorded since."""
        return tuple(self._seen.values())

    def connected(self, flow: HTTPFlow) -> None:
        """Keeps what a client calls itself."""
        if agent := flow.request.headers.get("user-agent"):
            self._agents.put(flow.client_conn.id, printable(agent, _LONGEST_AGENT))

    def disconnected(self, client: Client) -> None:
        """Forgets the client."""
        self._agents.take(client.id)

    def failed(self, data: TlsData, directory: Directory, settings: Settings) -> None:
        """A handshake with a client failed."""
        client, server, said = data.context.client, data.context.server, data.conn.error or ""
        names = (server.address[0] if server.address else "", client.sni or "")
        host = directory.provider_host(*names)
        if host is None or any(reason in said.lower() for reason in _OTHER_REASONS):
            return
        now = rfc3339(time.time())
        refusal = Refusal(
            host=host,
            count=1,
            first_at=now,
            last_at=now,
            certain=said.startswith(_CERTAIN),
            address=client.peername[0] if client.peername else None,
            agent=self._agents.get(client.id),
        )
        if host not in self._seen and len(self._seen) >= MOST_HOSTS:
            del self._seen[next(iter(self._seen))]
        _add(self._seen, refusal)
        with self._mutex:
            if host in self._added or len(self._added) < MOST_HOSTS:
                _add(self._added, refusal)
        if host not in self._logged and len(self._logged) < MOST_HOSTS:
            self._logged.add(host)
            logger.warning("sessiontap: %s", _advice(refusal, settings.ca_file))

    def recorded(self, host: str, started_at: str) -> None:
        """A call to a host was recorded: what was refused before it is over."""
        seen, now = self._seen.get(host), self._clock()
        forgot_at = self._forgot_at.get(host)
        if seen is not None and seen.last_at < started_at:
            del self._seen[host]
        elif forgot_at is not None and now < forgot_at + _FORGET_EVERY_S:
            return
        self._forgot_at.put(host, now)
        with self._mutex:
            added = self._added.get(host)
            if added is not None and added.last_at < started_at:
                del self._added[host]
            if host in self._forgotten or len(self._forgotten) < MOST_HOSTS:
                self._forgotten[host] = started_at

    def write(self, home: Path) -> None:
        """Has what is new written to the home's file, soon; where that fails, the next call tries again."""
        with self._mutex:
            if self._writing or not (self._added or self._forgotten):
                return
            self._writing = True
        self._run(lambda: self._write(home))

    def _write(self, home: Path) -> None:
        with self._mutex:
            added, self._added = self._added, {}
            forgotten, self._forgotten = self._forgotten, {}
        try:
            change_refusals(home, added.values(), forgotten)
        except OSError:
            # The trouble with the home is told where calls are written.
            with self._mutex:
                for later in self._added.values():
                    _add(added, later)
                self._added = added
                self._forgotten = {**forgotten, **self._forgotten}
        finally:
            with self._mutex:
                self._writing = False


def _add(refusals: dict[str, Refusal], later: Refusal) -> None:
    known = refusals.get(later.host)
    refusals[later.host] = later if known is None else known.with_later(later)


def _advice(refusal: Refusal, ca_file: Path) -> str:
    who = f"a client ({refusal.agent})" if refusal.agent else "a client"
    did = (
        "does not trust the proxy's certificate"
        if refusal.certain
        else "left when it had seen the proxy's certificate, which it may not trust"
    )
    return (
        f"{refusal.host}: {who} {did}; what it sends is not recorded. Start it with `sessiontap run`,"
        f" or have it trust {ca_file}; `sessiontap doctor` says how"
    )
