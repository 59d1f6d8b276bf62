"""Processes that record as a proxy does, killed at random moments: what had ended is in the store."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from pathlib import Path

from sessiontap.bodies import Body, CallBodies
from sessiontap.store import Ledger

CRASHES = 100
AT_ONCE = 2
SESSION = "crash"
SEED = random.randrange(1 << 32)

# Forks, because a start takes longer than a life here. Each child says which call has ended, once it has.
PROGRAM = f"""
import os, random, signal, sys, time
from pathlib import Path
from sessiontap.bodies import Body, CallBodies
from sessiontap.call import Call
from sessiontap.pricing import load_prices
from sessiontap.proxy.recorder import Recorder
from sessiontap.proxy.store_thread import StoreThread
from sessiontap.proxy.trouble import Trouble
from sessiontap.resources import find
from sessiontap.store import Ledger
from tests.proxy.test_crash import body

home, seed = Path(sys.argv[1]), int(sys.argv[2])
prices = load_prices(find("pricing.yaml"))

def record(child):
    ledger, trouble = Ledger(home, lock_timeout_s=1.0), Trouble()
    thread = StoreThread(ledger, trouble, on_fault=lambda error: os._exit(3))
    recorder = Recorder(ledger, prices, thread=thread, trouble=trouble)
    number = 0
    while True:
        number += 1
        call = Call(call_id=f"{{child}}-{{number}}", session_id="{SESSION}", provider="openai",
            api="openai.chat", operation="chat", host="api.openai.com",
            url_path="/v1/chat/completions", status="running",
            started_at="2026-11-23T20:00:00.000Z", error_message="x" * (number % 5000))
        recorder.started(call)
        sent = body(call.call_id)
        bodies = CallBodies(call_id=call.call_id, session_id=call.session_id, headers={{}},
            request=Body(content=sent, size=len(sent)))
        recorder.ended(Call(**{{**{{name: getattr(call, name) for name in call.__struct_fields__}},
            "status": "ok", "ended_at": call.started_at}}), poll=False, bodies=bodies)
        os.write(1, f"{{call.call_id}}\\n".encode())
        time.sleep(0.001)

moments = random.Random(seed)
alive = []
for child in range({CRASHES}):
    pid = os.fork()
    if not pid:
        record(child)
    alive.append(pid)
    time.sleep(moments.uniform(0.005, 0.03))
    if len(alive) == {AT_ONCE}:
        killed = alive.pop(0)
        os.kill(killed, signal.SIGKILL)
        _, status = os.waitpid(killed, 0)
        assert os.WIFSIGNALED(status), status
for killed in alive:
    os.kill(killed, signal.SIGKILL)
    os.waitpid(killed, 0)
"""


def body(call_id: str) -> bytes:
    """What a call sent: a text of its own, of a size of its own, behind one that all have sent."""
    noise = random.Random(call_id)
    text = noise.randbytes(noise.randrange(10_000)).hex()
    return b'{"messages":["%s","%s"]}' % (b"said before " * 50, text.encode())


def test_a_hundred_kills_lose_nothing_that_had_ended(tmp_path: Path) -> None:
    """Every call that was said to have ended is read as ended, and what is stored of a body is whole."""
    print(f"seed {SEED}")  # noqa: T201 -- to do it again
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(tmp_path), str(SEED)],
        stdout=subprocess.PIPE,
        timeout=120,
        check=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
    )
    ended = done.stdout.decode().split()
    ledger = Ledger(tmp_path)
    stored = {call.call_id: call.status for call in ledger.calls(SESSION)}
    assert {call_id for call_id in ended if stored.get(call_id) != "ok"} == set()
    # One of each process at most had begun only, and one had ended without a chance to say so.
    others = [status for call_id, status in stored.items() if call_id not in set(ended)]
    assert set(others) <= {"ok", "interrupted"}
    assert len(others) <= CRASHES
    bodies = ledger.bodies(SESSION)
    for call_id in bodies:
        sent = body(call_id)
        assert bodies.get(call_id) == CallBodies(
            call_id=call_id, session_id=SESSION, headers={}, request=Body(content=sent, size=len(sent))
        )
    problems = [*ledger.problems, *bodies.problems]
    print(f"{len(ended)} calls had ended, {len(bodies)} with bodies, {len(problems)} torn lines")  # noqa: T201
    assert len(ended) > CRASHES
    # A torn line costs itself only.
    assert len(problems) <= 2 * CRASHES
