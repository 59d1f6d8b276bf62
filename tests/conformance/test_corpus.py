"""Recorded replies of OpenAI, Anthropic and Google through the meter: exactly the usage that they carry."""

from __future__ import annotations

import collections
import random
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import msgspec
import pytest

from sessiontap.call import Call
from sessiontap.providers import DIRECTORY
from tests.conformance.metering import finish, meter
from tests.oracles.corpus import HTTP_FILE, Exchange, exchanges
from tests.oracles.usage import Counts, expected_usage

pytestmark = pytest.mark.skipif(
    not HTTP_FILE.is_file(), reason="the recorded traffic is not beside the checkout"
)

_SEED = 20261123
_LEAST_WITH_USAGE = 800


def _expected(exchange: Exchange) -> Counts:
    """What the oracles read in a reply, without a look at the package."""
    documents = _flat(exchange.documents())
    tokens = expected_usage(exchange.url.netloc, documents)
    if not tokens or "/v1/responses" not in exchange.url.path:
        return tokens
    return tokens | _responses_pieces(documents)


def _flat(documents: list[Any]) -> list[dict[str, Any]]:
    """Google answers some streams and errors as lists."""
    return [each for found in documents for each in (found if isinstance(found, list) else [found])]


def _responses_pieces(documents: list[dict[str, Any]]) -> Counts:
    """What a reply of OpenAI's Responses API bills by the piece.

    The stated count of searches, else the search actions; every file search.
    """
    last = documents[-1].get("response") or documents[-1]
    output = last.get("output") or []
    searches = [item.get("action") or {} for item in output if item["type"] == "web_search_call"]
    stated = ((last.get("tool_usage") or {}).get("web_search") or {}).get("num_requests")
    counted = len([action for action in searches if action.get("type", "search") == "search"])
    files = len([item for item in output if item["type"] == "file_search_call"])
    found = {"web_search_requests": counted or None if stated is None else stated}
    found["file_search_requests"] = files or None
    return {name: number for name, number in found.items() if number is not None}


def _recorded(exchange: Exchange, chance: random.Random) -> tuple[Call, str | None] | None:
    """The call that the exchange becomes, cut at random places, and what could not be read; None for none."""
    found = DIRECTORY.match(exchange.method, exchange.url.netloc, exchange.target)
    if found is None:
        return None
    started = meter(found, exchange.request)
    edges = [0, *sorted(chance.choices(range(len(exchange.wire) + 1), k=12)), len(exchange.wire)]
    pieces = [exchange.wire[start:end] for start, end in pairwise(edges)]
    call = finish(
        started,
        exchange.status,
        {"content-type": exchange.content_type, "content-encoding": exchange.content_encoding},
        pieces,
    )
    return call, started.problem


def test_usage_is_recorded_exactly_and_nowhere_else(print_table: Callable[[str], None]) -> None:
    """Each reply with usage is a call with exactly that usage, and no other reply has any."""
    table: dict[tuple[str, str], list[int]] = collections.defaultdict(lambda: [0, 0, 0])
    wrong = []
    chance = random.Random(_SEED)
    for exchange in exchanges():
        result = _recorded(exchange, chance)
        expected = _expected(exchange)
        recorded: Counts = msgspec.to_builtins(result[0].usage) if result else {}
        key = (result[0].provider, result[0].api) if result else (exchange.url.netloc, "no call")
        if expected:
            table[key][0] += 1
            table[key][1] += bool(recorded)
            table[key][2] += recorded == expected
        if recorded != expected or (result is not None and result[1] is not None):
            wrong.append((exchange.source, exchange.url.path, recorded, expected, result and result[1]))
    lines = [f"{'provider':12} {'api':26} {'n':>5} {'recorded':>9} {'exact':>6}"]
    for (provider, api), row in sorted(table.items()):
        lines.append(f"{provider:12} {api:26} {row[0]:5} {row[1]:9} {row[2]:6}")
    print_table("\n".join(lines))
    assert wrong == []
    assert sum(row[0] for row in table.values()) > _LEAST_WITH_USAGE
