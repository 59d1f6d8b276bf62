"""Four proxies and those who read, all at once on one home and one session."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from sessiontap.demo.double import Double
from sessiontap.demo.proxy_process import ProxyProcess
from sessiontap.store import Ledger
from tests.end_to_end.load import Client, all_at_once, check_bodies, echo

PROXIES = 4
CALLS = 100
SESSION = "together"


def test_the_count_is_exact(double: Double, start_proxy: Callable[..., ProxyProcess], tmp_path: Path) -> None:
    """Every call is in the file when its client has the reply; who reads meanwhile sees no damage."""
    double.handler = echo
    home = tmp_path / "home"
    # The first one makes mitmproxy's CA, which they share.
    proxies = [start_proxy()]
    with ThreadPoolExecutor() as pool:
        proxies += pool.map(lambda _: start_proxy(), range(PROXIES - 1))
    clients = [Client(proxy, SESSION) for proxy in proxies]
    all_at_once(clients, 1)

    over = threading.Event()
    with ThreadPoolExecutor() as pool:
        readers = [pool.submit(_list_until, over, home), pool.submit(_read_until, over, home)]
        try:
            all_at_once(clients, CALLS - 1)
            # Now, not after the proxies' end: nothing waits in their memory.
            assert [call.status for call in Ledger(home).calls(SESSION)] == ["ok"] * (PROXIES * CALLS)
        finally:
            over.set()
        listed, read = (reader.result() for reader in readers)
    for counts in (listed, read):
        assert counts == sorted(counts)
        assert counts[-1] <= PROXIES * CALLS
    assert len(read) > 1

    for proxy in proxies:
        proxy.stop()
        assert "not everything can be recorded" not in proxy.log
    received = [call for client in clients for call in client.received]
    assert len({call.call_id for call in received}) == PROXIES * CALLS
    ledger = Ledger(home)
    check_bodies(ledger, SESSION, received, all_of_them=True)
    assert _list(home) == PROXIES * CALLS
    assert ledger.bodies(SESSION).problems == ()


def _list(home: Path) -> int:
    """How many calls `sessiontap list --json` counts; it has nothing to complain of."""
    command = [sys.executable, "-m", "sessiontap", "list", "--json", "--home", str(home)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    assert done.stderr == ""
    (session,) = json.loads(done.stdout)
    assert session["session_id"] == SESSION
    return int(session["calls"])


def _list_until(over: threading.Event, home: Path) -> list[int]:
    counts = [_list(home)]
    while not over.is_set():
        counts.append(_list(home))
    return counts


def _read_until(over: threading.Event, home: Path) -> list[int]:
    counts: list[int] = []
    ledger = Ledger(home)
    while not over.wait(0.001):
        (session,) = ledger.sessions()
        assert ledger.problems == ()
        counts.append(len(session.calls))
        bodies = ledger.bodies(SESSION)
        assert bodies.problems == ()
        assert all(bodies.get(call_id) is not None for call_id in bodies)
    return counts
