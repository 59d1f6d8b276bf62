"""Recorded replies of every provider through the meter: exactly the usage that they carry."""

from __future__ import annotations

import collections
from collections.abc import Callable

import msgspec
import pytest

from tests.conformance.recorded import Metered, metered_exchanges
from tests.oracles.calls import kind_of
from tests.oracles.corpus import HTTP_FILE
from tests.oracles.usage import Counts, expected_usage, stated_cost

pytestmark = pytest.mark.skipif(
    not HTTP_FILE.is_file(), reason="the recorded traffic is not beside the checkout"
)

_LEAST_WITH_USAGE = 1_200


@pytest.fixture(scope="module")
def everything() -> list[Metered]:
    """Every recorded exchange."""
    return metered_exchanges()


def test_model_calls_and_nothing_else_are_calls(everything: list[Metered]) -> None:
    """Each exchange is taken for what its path was decided to be: a call, a poll or neither."""
    taken = {
        each.where: (
            kind_of(each.exchange),
            "neither" if each.call is None else "poll" if each.poll else "call",
        )
        for each in everything
    }
    assert [(where, kinds) for where, kinds in taken.items() if kinds[0] != kinds[1]] == []


def test_usage_is_recorded_exactly(everything: list[Metered], print_table: Callable[[str], None]) -> None:
    """Each reply with usage is a call with exactly that; without, it is estimated and says so, or none."""
    table: dict[tuple[str, str], list[int]] = collections.defaultdict(lambda: [0, 0, 0])
    wrong = []
    for each in everything:
        expected = expected_usage(each.exchange)
        recorded: Counts = msgspec.to_builtins(each.call.usage) if each.call else {}
        if not expected:
            if recorded and each.call and each.call.usage_source != "estimated":
                wrong.append((each.where, recorded, expected))
            continue
        row = table[(each.call.provider, each.call.api) if each.call else (each.exchange.host, "no call")]
        row[0] += 1
        row[1] += bool(recorded)
        row[2] += recorded == expected
        if recorded != expected:
            wrong.append((each.where, recorded, expected))
    lines = [f"{'provider':20} {'api':26} {'n':>5} {'recorded':>9} {'exact':>6}"]
    for (provider, api), figures in sorted(table.items()):
        lines.append(f"{provider:20} {api:26} {figures[0]:5} {figures[1]:9} {figures[2]:6}")
    print_table("\n".join(lines))
    assert wrong == []
    assert sum(row[0] for row in table.values()) > _LEAST_WITH_USAGE


def test_what_a_reply_says_of_its_cost_is_its_cost(everything: list[Metered]) -> None:
    """A cost that the reply states is recorded as the provider's word, to the last digit; no other is."""
    wrong = [
        (each.where, each.call.cost_usd, stated)
        for each in everything
        if each.call is not None
        for stated in (stated_cost(each.exchange),)
        if (each.call.cost_usd, each.call.cost_source) != (stated, None if stated is None else "provider")
    ]
    assert wrong == []


def test_real_traffic_is_readable(everything: list[Metered]) -> None:
    """Nothing is a problem to the readers but request bodies that are no JSON."""
    assert [
        (each.where, each.problem)
        for each in everything
        if each.call is not None and (each.problem is not None) == each.exchange.request_is_json
    ] == []
