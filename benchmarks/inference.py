"""How many calls of conversations without any id land in the right session, and what that costs.

Run: `python -m benchmarks.inference --help` in the project's folder. It prints each call that went wrong. See
`conversations` for what is right.
"""

from __future__ import annotations

import argparse
import heapq
import json
import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from benchmarks.conversations import CONVERSATIONS, SCRIPTED, Call, talks
from sessiontap.inference import Asking, Client, Inference, Ticket, heard_by, listener


@dataclass(slots=True)
class Outcome:
    """Where the calls went."""

    calls: int = 0
    wrong: list[tuple[Call, str, str]] = field(default_factory=list)
    """Each wrong call, its session, and whose session that is."""
    kinds: Counter[str] = field(default_factory=Counter)

    @property
    def rate(self) -> float:
        """The share of the calls that are in the right session."""
        return 1 - len(self.wrong) / self.calls


def judge(calls: Iterable[Call], *, connections: bool = False) -> Outcome:
    """Plays calls to the inference, begins and ends in the order of their times.

    A session belongs to whoever begins it; a call is right in the session that its own first call began.
    With `connections` each session has a connection of its own, as a process has.
    """
    asking, inference, outcome = Asking(), Inference(), Outcome()
    owners: dict[str, str] = {}
    homes: dict[str, str] = {}
    under_way: list[tuple[float, int, Call, Ticket]] = []
    for call in calls:
        while under_way and under_way[0][0] <= call.begins_at:
            _end(inference, *heapq.heappop(under_way)[2:])
        client = Client("127.0.0.1", "python-httpx/0.28", call.connection if connections else "")
        asked = asking.read(call.api, call.body)
        session = inference.continued(asked) or inference.inferred(asked, client, call.begins_at).session_id
        ticket = inference.begun(asked, client, call.begins_at, session)
        owner = owners.setdefault(session, call.truth)
        home = homes.setdefault(call.truth, session)
        outcome.calls += 1
        outcome.kinds[call.kind] += 1
        if owner != call.truth or session != home:
            outcome.wrong.append((call, session, owner))
        heapq.heappush(under_way, (call.ends_at, call.number, call, ticket))
    return outcome


def _end(inference: Inference, call: Call, ticket: Ticket) -> None:
    ears = listener(call.api)
    for event in call.events:
        if ears is not None:
            ears.feed(event)
    heard = None if ears is None else heard_by(ears, ticket.prefill)
    inference.ended(ticket, call.ends_at, heard=heard, answered=call.answered, response_id=call.response_id)


def long_run(megabytes: float) -> list[bytes]:
    """The bodies of three calls in a row of a long agent run: each repeats all before it."""
    turns: list[dict[str, object]] = []
    bodies: list[bytes] = []
    text = "def measured(value: int) -> int:\n    return value  # a line of a file \u00e9\n" * 40
    while len(bodies) < 3:
        number = len(turns)
        use = {"type": "tool_use", "id": f"toolu_01{number:020d}aB", "name": "read", "input": {"path": "x"}}
        result = {"type": "tool_result", "tool_use_id": use["id"], "content": text}
        turns += [{"role": "assistant", "content": [use]}, {"role": "user", "content": [result]}]
        if number * len(text) / 2 > megabytes * 1e6:
            opening = {"role": "user", "content": "Read all of it."}
            bodies.append(json.dumps({"model": "m", "messages": [opening, *turns]}).encode())
    return bodies


def _speed() -> None:
    print("\na long agent run: one call's reading and placing, best of 5 (ms)")
    client = Client("::1")
    for megabytes in (0.1, 1, 10):
        bodies = long_run(megabytes)
        first, again = [], []
        for _ in range(5):
            asking, inference = Asking(), Inference()
            times = []
            for body in bodies:
                start = time.perf_counter()
                asked = asking.read("anthropic.messages", body)
                inference.begun(asked, client, 0, inference.inferred(asked, client, 0).session_id)
                times.append((time.perf_counter() - start) * 1000)
            first.append(times[0])
            again += times[1:]
        print(f"  {len(bodies[0]) / 1e6:6.2f} MB   never seen {min(first):7.2f}   the next {min(again):7.2f}")


def main() -> None:
    """Prints the rate of each seed, and the wrong calls."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--conversations", type=int, default=CONVERSATIONS)
    parser.add_argument("--scripted", type=float, default=SCRIPTED, help="share of runs of one script")
    parser.add_argument("--connections", action="store_true", help="each session has its own connection")
    parser.add_argument("--speed", action="store_true", help="measure the time only")
    chosen = parser.parse_args()
    for seed in range(0 if chosen.speed else chosen.seeds):
        calls = talks(seed, chosen.conversations, scripted=chosen.scripted)
        start = time.perf_counter()
        outcome = judge(calls, connections=chosen.connections)
        each = (time.perf_counter() - start) / outcome.calls * 1e6
        print(
            f"seed {seed}: {outcome.calls} calls of {chosen.conversations} conversations,"
            f" {outcome.rate:.3%} right, {len(outcome.wrong)} wrong; {each:.0f} µs a call"
        )
        print("  " + ", ".join(f"{count} {kind}" for kind, count in sorted(outcome.kinds.items())))
        for call, session, owner in outcome.wrong:
            print(f"  wrong: call {call.number} of {call.truth} ({call.api}, {call.kind}) is in {session}")
            print(f"         of {owner}: {call.says}")
    _speed()


if __name__ == "__main__":
    main()
