"""Claims: what was said in 1,000 growing calls is read in 5 s, and 10,000 calls are searched in 3 s.

One session of 1,000 calls whose last request has 2,000 messages; and 200 sessions of 50 calls each. The
replies are streams. Prints the seconds of `Turns` over the one session, and of `sessiontap search` over the
others, for words that stand in one message and for words that stand in none.
`python benchmarks/messages.py`.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.bodies_on_disk import Words
from sessiontap.bodies import Body, CallBodies
from sessiontap.call import Call
from sessiontap.conversation import Turns
from sessiontap.store import Ledger

CALLS = 1_000
SESSIONS, CALLS_OF_EACH = 200, 50
READ_S, SEARCH_S = 5.0, 3.0
SOUGHT = "quicksilver harbour"


def calls(session_id: str, many: int, words: Words, said: str = "") -> Iterator[tuple[Call, CallBodies]]:
    """A conversation: each call has all that was said before; the first user's words end with `said`."""
    messages: list[dict[str, Any]] = [{"role": "user", "content": f"{words.text(1_000)} {said}"}]
    for number in range(many):
        text = words.text(300)
        request = json.dumps({"model": "claude", "system": words.text(0), "messages": messages}).encode()
        deltas = [
            {
                "type": "content_block_delta",
                "index": 0,
                "delta": {"type": "text_delta", "text": text[at : at + 6]},
            }
            for at in range(0, len(text), 6)
        ]
        reply = b"".join(b"data: %b\n\n" % json.dumps(each).encode() for each in deltas)
        call = Call(
            call_id=f"{session_id}-{number}",
            session_id=session_id,
            provider="anthropic",
            api="anthropic.messages",
            operation="chat",
            host="api.anthropic.com",
            url_path="/v1/messages",
            status="ok",
            started_at=f"2026-11-23T{number // 3600:02}:{number // 60 % 60:02}:{number % 60:02}.000Z",
        )
        yield (
            call,
            CallBodies(
                call_id=call.call_id,
                session_id=session_id,
                headers={},
                request=Body(content=request, size=len(request), content_type="application/json"),
                reply=Body(content=reply, size=len(reply), content_type="text/event-stream"),
            ),
        )
        messages = [
            *messages,
            {"role": "assistant", "content": text},
            {"role": "user", "content": words.text(900)},
        ]


def fill(home: Path, sessions: int, many: int) -> int:
    """Stores the sessions; how many bytes their bodies come to."""
    words, size = Words(1), 0
    with Ledger(home) as ledger:
        for number in range(sessions):
            said = SOUGHT if number == sessions // 2 else ""
            for call, bodies in calls(f"session-{number:03}", many, words, said):
                ledger.append(call)
                ledger.put_bodies(bodies)
                size += bodies.size
    return size


def read(home: Path) -> float:
    """The seconds that all turns of the one session take."""
    started = time.perf_counter()
    ledger, turns = Ledger(home), Turns()
    bodies = ledger.bodies("session-000")
    for call in ledger.calls("session-000"):
        turns.feed(call, bodies.get(call.call_id))
    return time.perf_counter() - started


def search(home: Path, text: str) -> float:
    """The seconds of the command; the first run makes the catalogue."""
    command = [sys.executable, "-m", "sessiontap", "search", text, "--home", str(home), "--json"]
    subprocess.run(command, check=True, capture_output=True)
    started = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True)
    return time.perf_counter() - started


def main() -> None:
    """Prints the figures; exit code 1 where a claim does not hold."""
    with tempfile.TemporaryDirectory() as folder:
        one, many = Path(folder) / "one", Path(folder) / "many"
        size = fill(one, 1, CALLS)
        took = read(one)
        print(f"{CALLS:,} calls of {size / 1e6:,.0f} MB read in {took:.2f} s, claimed {READ_S:.0f} s")
        size = fill(many, SESSIONS, CALLS_OF_EACH)
        found, nowhere = search(many, SOUGHT), search(many, "no such words at all")
        print(
            f"{SESSIONS * CALLS_OF_EACH:,} calls of {size / 1e6:,.0f} MB searched in {found:.2f} s (one hit),"
            f" {nowhere:.2f} s (none), claimed {SEARCH_S:.0f} s"
        )
    sys.exit(took > READ_S or max(found, nowhere) > SEARCH_S)


if __name__ == "__main__":
    main()
