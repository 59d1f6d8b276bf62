"""A real mitmdump under load, killed with SIGKILL again and again on one home.

Five kills; SESSIONTAP_TEST_CRASHES says how many in a longer run.
"""

from __future__ import annotations

import os
import random
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from sessiontap.demo.double import Double
from sessiontap.demo.proxy_process import ProxyProcess
from sessiontap.store import Ledger
from tests.end_to_end.load import Client, Received, check_bodies, echo

CRASHES = int(os.environ.get("SESSIONTAP_TEST_CRASHES", "5"))
SESSIONS = ("crash 0", "crash 1")
CLIENTS_EACH = 2
SEED = random.randrange(1 << 32)
WAIT_S = 30

pytestmark = pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGKILL")


def test_kills_lose_no_call_that_a_client_has_received(
    double: Double, start_proxy: Callable[..., ProxyProcess], tmp_path: Path
) -> None:
    """Each reply read to its last byte is in the store as ended, with bodies that are right or not there.

    The others have ended too, were interrupted, or are absent; a torn line costs only itself.
    """
    print(f"seed {SEED}, {CRASHES} kills")  # noqa: T201 -- to do it again
    moments = random.Random(SEED)
    double.handler = echo
    received: list[Received] = []
    begun: set[str] = set()
    for _ in range(CRASHES):
        proxy = start_proxy()
        clients = [Client(proxy, session) for session in SESSIONS * CLIENTS_EACH]
        threads = [threading.Thread(target=client.call_until_cut) for client in clients]
        for thread in threads:
            thread.start()
        # Not a wait for anything: a moment like any other.
        threading.Event().wait(moments.uniform(0.05, 0.6))
        proxy.kill()
        for thread in threads:
            thread.join(WAIT_S)
        received += [call for client in clients for call in client.received]
        begun |= {call_id for client in clients for call_id in client.begun}
        _tear(tmp_path / "home", moments)

    ledger = Ledger(tmp_path / "home")
    sessions = {session.session_id: session.calls for session in ledger.sessions()}
    assert set(sessions) == set(SESSIONS)
    stored = {call.call_id: call.status for calls in sessions.values() for call in calls}
    lost = [call.call_id for call in received if stored.get(call.call_id) != "ok"]
    others = [status for call_id, status in stored.items() if call_id not in {c.call_id for c in received}]
    with_bodies = sum(
        check_bodies(ledger, name, _of(ledger, name, received), all_of_them=False) for name in SESSIONS
    )
    problems = [*ledger.problems, *(p for name in SESSIONS for p in ledger.bodies(name).problems)]
    print(  # noqa: T201 -- the figures of a long run
        f"{len(received)} received whole, {len(lost)} of them lost, {with_bodies} with bodies,"
        f" {len(others)} others ({others.count('interrupted')} interrupted), {len(problems)} torn lines"
    )
    assert lost == []
    assert set(stored) <= begun
    assert set(others) <= {"ok", "interrupted"}
    # Each kill can tear one line of each of the four files, and each is torn by us as well.
    assert len(problems) <= 8 * CRASHES

    # The home is as good as ever.
    client = Client(start_proxy(), "crash 0")
    last = client.call()
    client.close()
    assert [call.status for call in ledger.calls("crash 0") if call.call_id == last.call_id] == ["ok"]


def _tear(home: Path, moments: random.Random) -> None:
    """Leaves what a kill leaves in the middle of a write; a kill that happens to do it is rare."""
    for path in home.glob("sessions/*/*.jsonl"):
        if moments.random() < 0.5:
            with path.open("ab") as file:
                file.write(path.read_bytes().splitlines()[-1][: moments.randrange(1, 100)])


def _of(ledger: Ledger, session: str, received: list[Received]) -> list[Received]:
    """The received calls of one session."""
    ids = {call.call_id for call in ledger.calls(session)}
    return [call for call in received if call.call_id in ids]
