"""genai-prices as an independent oracle of cost; needs Python 3.12 or later (see pyproject's dev extra)."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

import genai_prices

from sessiontap.call import Call

PROVIDERS = {"openai": "openai", "anthropic": "anthropic", "gcp.gemini": "google"}
"""Those whose costs are compared: our name, and theirs."""
_CLASSES = {
    "input_tokens": "input_tokens",
    "cache_read_input_tokens": "cache_read_tokens",
    "cache_creation_input_tokens": "cache_write_tokens",
    "input_audio_tokens": "input_audio_tokens",
    "input_image_tokens": "input_image_tokens",
    "cache_read_input_audio_tokens": "cache_audio_read_tokens",
    "cache_read_input_image_tokens": "cache_image_read_tokens",
    "output_tokens": "output_tokens",
    "output_audio_tokens": "output_audio_tokens",
    "output_image_tokens": "output_image_tokens",
}


def genai_prices_cost(call: Call) -> Decimal | None:
    """What genai-prices says that the whole call cost, at its start and service tier; None: no such model."""
    counts = {theirs: getattr(call.usage, ours) for ours, theirs in _CLASSES.items()}
    usage = genai_prices.Usage(**{name: count for name, count in counts.items() if count is not None})
    try:
        found = genai_prices.calc_price(
            usage,
            (call.model or "").removeprefix("models/"),
            provider_id=PROVIDERS[call.provider],
            genai_request_timestamp=datetime.fromisoformat(call.started_at),
            price_context={"service_tier": call.service_tier} if call.service_tier else None,
        )
    except LookupError:
        return None
    return Decimal(found.total_price)
