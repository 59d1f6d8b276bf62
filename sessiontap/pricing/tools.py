"""Priced tools: what a use costs, and where a `Usage` counts it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from sessiontap.usage import Usage

TOOLS: Mapping[str, str] = {
    "web_search": "web_search_requests",
    "web_fetch": "web_fetch_requests",
    "file_search": "file_search_requests",
    "search_unit": "search_units",
    "character": "input_characters",
    "audio_ms": "input_audio_ms",
    "page": "input_pages",
    "image": "output_images",
}
"""Name of the tool in a price file -> the field of `Usage` that counts its uses."""

REQUEST = "request"
"""Charged once for each answer of a model, by those that bill so."""

CHARGES = (*TOOLS, REQUEST)
"""Everything that a price file can charge beside tokens."""


@dataclass(frozen=True, slots=True)
class ToolRate:
    """USD per thousand uses; or, `per_call`, per thousand calls with at least one use."""

    usd_per_thousand: Decimal
    per_call: bool = False

    def cost(self, uses: int) -> Decimal:
        """USD for the uses in one call."""
        return self.usd_per_thousand * (min(uses, 1) if self.per_call else uses) / 1000


def uses(usage: Usage, tool: str) -> int:
    """How often something that is charged beside tokens was used, as far as it is known."""
    if tool == REQUEST:
        return 1 if usage.input_tokens or usage.output_tokens else 0
    found: int | None = getattr(usage, TOOLS[tool])
    return found or 0
