"""Recorded exchanges as the package meters them."""

from __future__ import annotations

import random
from dataclasses import dataclass
from itertools import pairwise

from sessiontap.call import Call
from sessiontap.providers import DIRECTORY
from tests.conformance.metering import finish, meter
from tests.oracles.corpus import Exchange, exchanges

_SEED = 20261123


@dataclass(frozen=True, slots=True)
class Metered:
    """What became of one exchange; None where the package takes it for no model call."""

    exchange: Exchange
    call: Call | None
    problem: str | None = None
    poll: bool = False

    @property
    def where(self) -> str:
        """Which exchange it is, for a message."""
        url = self.exchange.url
        return f"{self.exchange.method} {url.netloc}{url.path} ({self.exchange.source})"


def metered_exchanges() -> list[Metered]:
    """Every recorded exchange, its reply cut at random places."""
    chance = random.Random(_SEED)
    return [_metered(each, chance) for each in exchanges()]


def _metered(exchange: Exchange, chance: random.Random) -> Metered:
    found = DIRECTORY.match(exchange.method, exchange.host, exchange.target)
    if found is None:
        return Metered(exchange, None)
    started = meter(found, exchange.request, {"content-type": exchange.request_type})
    edges = [0, *sorted(chance.choices(range(len(exchange.wire) + 1), k=12)), len(exchange.wire)]
    call = finish(
        started,
        exchange.status,
        {**exchange.headers, "content-encoding": exchange.content_encoding},
        [exchange.wire[start:end] for start, end in pairwise(edges)],
    )
    if found.recognised_by_reply and not started.recognised:
        return Metered(exchange, None)
    return Metered(exchange, call, started.problem, poll=found.kind == "poll")
