"""Our prices beside LiteLLM's, an independent table and engine: every chat model that both know.

Random usages: sizes of prompts, what is read from a cache and written to one, and the
service tiers that `cost_per_token` takes.
"""

from __future__ import annotations

import json
import os
from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from decimal import Decimal
from itertools import cycle, islice
from typing import Any

import msgspec
import pytest

from sessiontap.call import Call
from sessiontap.pricing import PriceTable
from sessiontap.pricing.entry import Entry
from sessiontap.pricing.public import litellm as table_of_litellm
from sessiontap.pricing.terms import STANDARD
from sessiontap.times import epoch_ms
from sessiontap.usage import Usage
from tests.oracles.price_differences import Case, unexplained
from tests.oracles.random_usage import PER_MODEL, random_usages

# Its prices are those that it brings; it would fetch today's else.
os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"
litellm: Any = pytest.importorskip("litellm")

# Pydantic's, about types of LiteLLM's own.
pytestmark = pytest.mark.filterwarnings("ignore:Items? .*ReadOnly:UserWarning")

_TIERS = (STANDARD, "flex", "priority")
# It prices by the clock on the wall, where hours count.
_NOW = datetime.now(UTC)
_MODES = frozenset({"chat", "responses", "completion"})

_MODELS: dict[str, list[tuple[str, str, str, str | None]]] = defaultdict(list)
"""By our provider: its key, its provider, our name of the model, and the region that the key names."""
_rows = json.loads(json.dumps(litellm.model_cost), parse_float=Decimal)
for _key, _row in _rows.items():
    _quotes = table_of_litellm.read({_key: _row}).quotes
    if _quotes and _row.get("mode") in _MODES and _row.get("input_cost_per_token"):
        _quote = _quotes[0]
        # What is served without a profile runs in a region; prices of its own have those of Bedrock's mantle.
        _region = _quote.region or ("us-east-1" if _row["litellm_provider"] == "bedrock_mantle" else None)
        _MODELS[_quote.provider].append((_key, _row["litellm_provider"], _quote.model, _region))


def _their_cost(key: str, service: str, usage: Usage, tier: str) -> Decimal:
    costs = litellm.cost_per_token(
        model=key,
        custom_llm_provider=service,
        prompt_tokens=usage.input_tokens,
        completion_tokens=usage.output_tokens,
        cache_read_input_tokens=usage.cache_read_input_tokens,
        cache_creation_input_tokens=usage.cache_creation_input_tokens,
        service_tier=None if tier == STANDARD else tier,
    )
    return sum((Decimal(repr(cost)) for cost in costs), Decimal(0))


def _comparable(usage: Usage, entry: Entry, row: dict[str, Any]) -> Usage:
    """The tokens that its function takes (no sound, pictures, tools), of classes with a rate there.

    What it has no rate for, it charges nothing for.
    """
    reads, writes = row.get("cache_read_input_token_cost"), row.get("cache_creation_input_token_cost")
    speaks = entry.cards(STANDARD)[-1].rate("output") is not None
    return Usage(
        input_tokens=usage.input_tokens,
        cache_read_input_tokens=usage.cache_read_input_tokens if reads else 0,
        cache_creation_input_tokens=usage.cache_creation_input_tokens if writes else 0,
        output_tokens=usage.output_tokens if speaks else 0,
    )


def _tiers(row: dict[str, Any], entry: Entry) -> list[str]:
    """The service tiers that both have, with the same prompt sizes: it takes the standard rate else."""
    sizes = [key for key in row if key.endswith("_tokens") and "_above_" in key]
    stated = [
        tier
        for tier in _TIERS
        if tier == STANDARD
        or (f"input_cost_per_token_{tier}" in row and all(f"{key}_{tier}" in row for key in sizes))
    ]
    return [tier for tier in stated if tier in entry.service_tiers]


def _cases(ours: PriceTable, make_call: Callable[..., Call], provider: str) -> Iterator[Case]:
    started_at = _NOW.isoformat()
    for key, service, name, region in _MODELS[provider]:
        entry = ours.find(provider, name, epoch_ms(started_at))
        if entry is None or not entry.terms.rates:
            continue
        pairs = zip(cycle(_tiers(litellm.model_cost[key], entry)), random_usages(key), strict=False)
        for tier, drawn in islice(pairs, PER_MODEL):
            usage = _comparable(drawn, entry, litellm.model_cost[key])
            call = make_call(
                provider=provider,
                response_model=name,
                service_tier=tier,
                region=region,
                started_at=started_at,
                usage=usage,
            )
            priced = msgspec.structs.replace(ours.price(call), response_model=name)
            theirs = _their_cost(key, service, usage, tier)
            yield Case("LiteLLM", provider, key, tier, _NOW, usage, priced.cost_usd, theirs)


@pytest.mark.parametrize("provider", sorted(_MODELS))
def test_costs_equal_those_of_litellm(
    ours: PriceTable, make_call: Callable[..., Call], provider: str
) -> None:
    """To a billionth of a dollar, but for the listed differences; and each of those is still one."""
    found = unexplained("LiteLLM", provider, _cases(ours, make_call, provider))
    assert not found, found
