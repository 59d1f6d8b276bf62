"""LiteLLM's names of prices: `input_cost_per_token_above_200k_tokens_batches` and its like, taken apart.

The grammar: https://github.com/BerriAI/litellm/blob/main/model_prices_and_context_window.json
"""

from __future__ import annotations

import re
from typing import NamedTuple

_CLASSES = {
    "input_cost_per_token": "input",
    "cache_read_input_token_cost": "cache_read",
    "input_cost_per_token_cache_hit": "cache_read",
    "cache_creation_input_token_cost": "cache_write",
    "input_cost_per_audio_token": "input_audio",
    "cache_read_input_audio_token_cost": "cache_read_audio",
    "input_cost_per_image_token": "input_image",
    "cache_read_input_image_token_cost": "cache_read_image",
    "input_cost_per_video_token": "input_video",
    "output_cost_per_token": "output",
    "output_cost_per_reasoning_token": "reasoning",
    "output_cost_per_audio_token": "output_audio",
    "output_cost_per_image_token": "output_image",
}
_LIVES = {"1": "cache_write_1h", "12": "cache_write_12h"}
_TIERS = {"batches": "batch"}
_SUFFIX = re.compile(
    r"_(?:above_(?P<hours>1|12)hr|above_(?P<size>[0-9]{1,6})k_tokens"
    r"|(?P<tier>batches|flex|priority|fast|ultrafast|balanced|decisions))$"
)


class Field(NamedTuple):
    """What one price is for."""

    token_class: str
    above: int | None
    """Prompts of more tokens than this; None for every prompt."""
    service_tier: str | None
    """None for standard."""


def read_field(name: str) -> Field | None:
    """What a key prices; None for one that is no price per token."""
    hours, above, tier = None, None, None
    while name not in _CLASSES:
        found = _SUFFIX.search(name)
        if found is None:
            return None
        name = name[: found.start()]
        hours = found["hours"] or hours
        above = int(found["size"]) * 1000 if found["size"] else above
        tier = _TIERS.get(found["tier"], found["tier"]) if found["tier"] else tier
    token_class = _CLASSES[name]
    if hours is None:
        return Field(token_class, above, tier)
    return Field(_LIVES[hours], above, tier) if name == "cache_creation_input_token_cost" else None
