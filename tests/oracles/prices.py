"""genai-prices as an independent reader of replies and of prices; needs Python 3.12 (see the dev extra)."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime
from decimal import Decimal
from typing import Any

import genai_prices

from sessiontap.call import Call
from tests.oracles.corpus import Exchange

_SHAPES = {
    "/responses": "responses",
    "/completions": "chat",
    "/embeddings": "embeddings",
    "/embed": "embeddings",
    "/invoke": "anthropic",
}
"""Its names of the wire shapes, by how their paths end; all others are its `default`, and some of these."""
_TIERS = {"flex": "flex", "on_demand_flex": "flex", "priority": "priority"}


def genai_prices_cost(exchange: Exchange, call: Call) -> Decimal | None:
    """What it makes of an exchange; the record gives the moment, the tier and a model not in the reply.

    None where it cannot read the reply, or has no such provider or model.
    """
    url = exchange.url.geturl()
    shape = next((name for end, name in _SHAPES.items() if exchange.url.path.endswith(end)), "default")
    tier = _TIERS.get((call.service_tier or "").lower())
    when: dict[str, Any] = {
        "genai_request_timestamp": datetime.fromisoformat(call.started_at),
        "price_context": {"service_tier": tier} if tier else None,
    }
    for each in (shape, "default"):
        # What it cannot read is a ValueError, whom it does not know a LookupError.
        with suppress(ValueError, LookupError):
            read = genai_prices.extract_usage(_reply(exchange), provider_api_url=url, api_flavor=each)
            priced = (
                read.calc_price(**when)
                if read.model
                else genai_prices.calc_price(
                    read.usage, call.model or "", provider_id=read.provider.id, **when
                )
            )
            return Decimal(priced.total_price)
    return None


def _reply(exchange: Exchange) -> dict[str, Any]:
    """The reply as one document; of a stream the last part with usage, over what Anthropic says before."""
    documents = exchange.documents()
    if len(documents) == 1:
        return documents[0]
    whole: dict[str, Any] = {}
    for each in documents:
        inner = [each.get(key) for key in ("message", "response", "metadata")]
        part = next((found for found in inner if isinstance(found, dict)), each)
        if part.get("usage") or part.get("usageMetadata"):
            before = whole.get("usage") or {} if each.get("type") == "message_delta" else {}
            whole = {**whole, **part, "usage": {**before, **(part.get("usage") or {})}}
    return whole
