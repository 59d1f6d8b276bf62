"""A thousand interleaved conversations of one client, without any id: who is put where."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from benchmarks.conversations import talks
from benchmarks.inference import judge

CONVERSATIONS = 1_000
AT_LEAST = 0.99


@pytest.mark.parametrize(
    ("seed", "connections"), [(11, False), (12, True)], ids=["shared connections", "own connections"]
)
def test_nearly_every_call_is_in_its_session(
    seed: int, print_table: Callable[[str], None], *, connections: bool
) -> None:
    """Forks, edits, retries, equal first messages and sub-agents included; each wrong call is printed."""
    outcome = judge(talks(seed, CONVERSATIONS), connections=connections)
    lines = [f"{outcome.calls} calls, {outcome.rate:.3%} in the right session"]
    lines += [f"  call {call.number} of {call.truth}: {call.kind}" for call, _, _ in outcome.wrong]
    print_table("\n".join(lines))
    assert outcome.calls > 5 * CONVERSATIONS
    assert outcome.rate >= AT_LEAST


def test_runs_of_one_script_are_told_apart_by_their_connections() -> None:
    """Ten at a time say the same words; each process has a connection of its own."""
    assert judge(talks(4, 300, scripted=1), connections=True).rate >= AT_LEAST


def test_runs_of_one_script_on_one_connection_are_mostly_told_apart() -> None:
    """As long as they are word for word the same, nobody can; the first difference tells."""
    assert judge(talks(4, 300, scripted=1)).rate >= 0.95
