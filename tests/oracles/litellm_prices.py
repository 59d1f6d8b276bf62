"""LiteLLM as an independent oracle of cost: its table and its function."""

from __future__ import annotations

import json
import os
from decimal import Decimal
from typing import Any

import pytest

from sessiontap.call import Call
from sessiontap.pricing.match import folded
from sessiontap.pricing.public.litellm import read

# Its prices are those that it brings; it would fetch today's else.
os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"
litellm: Any = pytest.importorskip("litellm")

_TIERS = {"flex": "flex", "on_demand_flex": "flex", "priority": "priority"}


class LiteLLMPrices:
    """Its keys by our providers and the models' own names."""

    def __init__(self) -> None:
        rows = json.loads(json.dumps(litellm.model_cost), parse_float=Decimal)
        self._keys: dict[tuple[str, str, str | None], tuple[str, str]] = {}
        for key, row in rows.items():
            for quote in read({key: row}).quotes:
                for name in (quote.model, *quote.names):
                    self._keys.setdefault(
                        (quote.provider, folded(name), quote.region), (key, row["litellm_provider"])
                    )

    def cost(self, call: Call) -> Decimal | None:
        """What its function says that the tokens of a call cost; None where its table has no such model."""
        found = self._key(call)
        if found is None:
            return None
        model, service = found
        costs = litellm.cost_per_token(
            model=model,
            custom_llm_provider=service,
            usage_object=_usage(call),
            call_type="embedding" if call.operation == "embeddings" else "completion",
            service_tier=_TIERS.get((call.service_tier or "").lower()),
        )
        return sum((Decimal(repr(cost)) for cost in costs), Decimal(0))

    def _key(self, call: Call) -> tuple[str, str] | None:
        names = [folded(name) for name in (call.response_model, call.request_model) if name]
        asked = [(call.provider, name, region) for name in names for region in (call.region, None)]
        return next((self._keys[key] for key in asked if key in self._keys), None)


def _usage(call: Call) -> Any:
    usage = call.usage
    return litellm.Usage(
        prompt_tokens=usage.input_tokens or 0,
        completion_tokens=usage.output_tokens or 0,
        total_tokens=(usage.input_tokens or 0) + (usage.output_tokens or 0),
        cache_read_input_tokens=usage.cache_read_input_tokens,
        cache_creation_input_tokens=usage.cache_creation_input_tokens,
        prompt_tokens_details={
            "cached_tokens": usage.cache_read_input_tokens,
            "audio_tokens": usage.input_audio_tokens,
            "image_tokens": usage.input_image_tokens,
        },
        completion_tokens_details={
            "reasoning_tokens": usage.reasoning_output_tokens,
            "audio_tokens": usage.output_audio_tokens,
            "image_tokens": usage.output_image_tokens,
        },
    )
