"""Heartbeat: the addon's answer to `http://sessiontap.invalid/heartbeat`.

Promises: no connection is made for it, and nothing asked of that host ever leaves the machine; only clients
on loopback get it; it has no secret and no word that lets a page of another origin read it; the event
loop waits for no disk. With `--proxyauth` mitmproxy has refused strangers before.
"""

from __future__ import annotations

import asyncio
import ipaddress
import json
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from mitmproxy.http import HTTPFlow, Response

from sessiontap import __version__
from sessiontap.launch.heartbeat import HOST, PATH, Heartbeat, Refused
from sessiontap.store.refusals import Refusal
from sessiontap.store.writable import why_not_writable

# How long the answer of the disk is good for, and how long it is waited for.
_FRESH_S = 0.5
_PATIENCE_S = 1.0
_HEADERS = {
    "Content-Type": "application/json",
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Resource-Policy": "same-origin",
}


@dataclass(frozen=True, slots=True)
class Pulse:
    """What the addon knows of itself."""

    home: Path
    ca_file: Path
    proxy_id: str
    trouble: str | None
    refused: tuple[Refusal, ...]


class HeartbeatAnswer:
    """A second addon, which belongs to the first: its hook may wait for the disk while traffic goes on."""

    # mitmproxy knows addons by name; a script of the user's may have a class of that of ours.
    name = "sessiontap-heartbeat"

    def __init__(
        self,
        pulse: Callable[[], Pulse | None],
        on_fault: Callable[[Exception], None],
        why_not: Callable[[Path], str | None] = why_not_writable,
    ) -> None:
        """`pulse` gives None before there are settings; `why_not` is asked in a thread."""
        self._pulse = pulse
        self._on_fault = on_fault
        self._why_not = why_not
        self._checks: dict[Path, asyncio.Task[str | None]] = {}
        self._checked: tuple[Path, float, str | None] | None = None

    async def request(self, flow: HTTPFlow) -> None:
        """Answers, where it is the heartbeat's host that is asked."""
        # What there is an answer for is mitmproxy's or another addon's.
        if flow.request.host.lower() != HOST or flow.response is not None or flow.request.stream:
            return
        try:
            flow.response = await self._answer(flow)
        except Exception as error:  # noqa: BLE001 -- the boundary, as for the other hooks
            flow.response = _refused(500, "the heartbeat failed; see the log")
            self._on_fault(error)

    async def _answer(self, flow: HTTPFlow) -> Response:
        peer = flow.client_conn.peername
        if not (peer and is_loopback(str(peer[0]))):
            return _refused(403, "only for clients on the proxy's own machine")
        if (flow.request.host_header or "").lower() not in {HOST, f"{HOST}:80"}:
            return _refused(400, "the Host header is another one")
        if flow.request.method != "GET" or flow.request.path != PATH:
            return _refused(404, f"there is GET http://{HOST}{PATH}")
        pulse = self._pulse()
        if pulse is None:
            return _refused(503, "the proxy has no settings yet")
        trouble = pulse.trouble or await self._trouble_of(pulse.home)
        beat = Heartbeat(
            version=__version__,
            pid=os.getpid(),
            proxy_id=pulse.proxy_id,
            home=str(pulse.home),
            recording=trouble is None,
            trouble=trouble,
            ca_file=str(pulse.ca_file),
            refused=tuple(
                Refused(host=each.host, count=each.count, first_at=each.first_at, last_at=each.last_at)
                for each in pulse.refused
            ),
        )
        return Response.make(200, beat.encode(), _HEADERS)

    async def _trouble_of(self, home: Path) -> str | None:
        """Why the home cannot be written; one look at a time, however many ask."""
        if self._checked is not None:
            checked_home, at, said = self._checked
            if checked_home == home and time.monotonic() < at + _FRESH_S:
                return said
        check = self._checks.get(home)
        if check is None:
            check = asyncio.create_task(asyncio.to_thread(self._why_not, home))
            self._checks[home] = check
            check.add_done_callback(lambda _: self._checks.pop(home, None))
        try:
            said = await asyncio.wait_for(asyncio.shield(check), _PATIENCE_S)
        except TimeoutError:
            return f"{home}: its disk does not answer"
        self._checked = (home, time.monotonic(), said)
        return said


def is_loopback(address: str) -> bool:
    """True for an address of this machine's own, also where IPv6 writes an IPv4 one."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    mapped = getattr(found, "ipv4_mapped", None)
    return (mapped or found).is_loopback


def _refused(status: int, why: str) -> Response:
    return Response.make(status, json.dumps({"error": why}), _HEADERS)
