"""LiteLLM's map of models, https://github.com/BerriAI/litellm: model_prices_and_context_window.json.

Prices are USD per token, second, character …; a model is `provider/name` or a name alone. It has neither
history nor days. Its zeros mean that something is free, is not there or is not known: they are taken for
nothing said.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from sessiontap.pricing.public.amounts import amount
from sessiontap.pricing.public.fields import read_field
from sessiontap.pricing.public.hours import off_peak
from sessiontap.pricing.public.quotes import Dated, PublicTable, Quote, once
from sessiontap.pricing.public.services import LITELLM_PREFIXES, litellm_provider, region_of
from sessiontap.pricing.rates import BASES, Change
from sessiontap.pricing.schedule import Window
from sessiontap.pricing.terms import ServiceTier, Terms
from sessiontap.pricing.tools import ToolRate
from sessiontap.untrusted import JsonObject, obj, objects, text

_KIND = "LiteLLM"
_HOME = "https://github.com/BerriAI/litellm"
_SAMPLE = "sample_spec"
_MILLION = 1_000_000
_PIECES = {
    "input_cost_per_query": ("search_unit", 1000),
    "input_cost_per_character": ("character", 1000),
    "input_cost_per_second": ("audio_ms", 1),  # a second is a thousand of our milliseconds
    "ocr_cost_per_page": ("page", 1000),
    "output_cost_per_image": ("image", 1000),
    "input_cost_per_request": ("request", 1000),
}
"""Keys of prices by the piece, what we call it, and the factor that makes it a price of a thousand."""
_MODES: Mapping[str, frozenset[str]] = {
    "character": frozenset({"audio_speech"}),
    "audio_ms": frozenset({"audio_transcription"}),
    "image": frozenset({"image_generation", "image_edit"}),
}
"""What kind of model is billed by a piece: elsewhere a second may be one of rent, and a token says more."""
_REGIONS: Mapping[str, re.Pattern[str]] = {
    "aws.bedrock": re.compile(
        r"(?P<region>(?:us|us-gov|eu|ap|sa|ca|me|af|il|mx|cn)-[a-z]+-[0-9])/(?P<model>.+)"
    ),
    "azure.ai.openai": re.compile(r"(?P<region>us|us-gov|eu|apac|global|global-standard)/(?P<model>.+)"),
}
_ANYWHERE = "*"
_A_REGION = "us-east-1"
_SIZE = re.compile(r"(?:^|/)(?:[0-9]+|max)-x-(?:[0-9]+|max)/")


def is_one(document: JsonObject) -> bool:
    """True for a JSON object that is such a map."""
    return any(isinstance(row, dict) and "litellm_provider" in row for row in document.values())


def read(document: JsonObject) -> PublicTable:
    """Every model that has a price, in the order of the file. Never raises."""
    quotes: list[Quote] = []
    others: Counter[str] = Counter()
    left_out: Counter[str] = Counter()
    without = 0
    for key, row in document.items():
        if key == _SAMPLE or not isinstance(row, dict):
            continue
        service = text(row, "litellm_provider") or ""
        provider = litellm_provider(service)
        if provider is None:
            others[service] += 1
            continue
        reader = _Row(row)
        terms = reader.terms()
        left_out.update(reader.left_out)
        if terms is None:
            without += 1
            continue
        if _SIZE.search(key):
            left_out["a price by the size of an image"] += 1
            continue
        region, model = _name(provider, key)
        if region is None and _is_dearer(row, obj(document, f"global.{model}")):
            region = _A_REGION
        quotes.append(Quote(provider, model, (), region, (Dated(None, terms),)))
    return PublicTable(_KIND, _HOME, once(quotes), others, without, left_out)


def _name(provider: str, key: str) -> tuple[str | None, str]:
    model = key
    for prefix in LITELLM_PREFIXES.get(provider, (f"{provider}/",)):
        model = model.removeprefix(prefix)
    pattern = _REGIONS.get(provider)
    found = pattern.fullmatch(model) if pattern is not None else None
    if found is not None:
        return found["region"].removesuffix("-standard"), found["model"]
    return region_of(provider, model), model


def _is_dearer(row: JsonObject, worldwide: JsonObject) -> bool:
    """True where a row without a region has the price in one: Bedrock's do so here, and do not there."""
    here, there = (amount(each.get("input_cost_per_token")) for each in (row, worldwide))
    return here is not None and there is not None and here > there


@dataclass(slots=True)
class _Rates:
    """The rates of one service tier, USD per million tokens."""

    base: dict[str, Decimal] = field(default_factory=dict)
    above: dict[int, dict[str, Decimal]] = field(default_factory=dict)

    def put(self, token_class: str, above: int | None, rate: Decimal) -> None:
        (self.base if above is None else self.above.setdefault(above, {}))[token_class] = rate

    def changes(self) -> dict[int, Change]:
        return {size: Change({}, rates) for size, rates in sorted(self.above.items())}


class _Row:
    """One model's row."""

    def __init__(self, row: JsonObject) -> None:
        self._row = row
        self.left_out: set[str] = set()

    def terms(self) -> Terms | None:
        """What it says; None where it states no price, or zeros alone."""
        tiers = self._tiers()
        standard = tiers.pop(None, _Rates())
        tools = self._tools()
        if not standard.base and not tools:
            return None
        service = {
            name: ServiceTier(Change({}, tier.base), tier.changes())
            for name, tier in tiers.items()
            if name is not None
        }
        return Terms(
            rates=standard.base,
            above=standard.changes() or None,
            service={**service, **self._fast()},
            regions=self._regions(),
            schedule=self._schedule(standard.base),
            tools=tools,
            source=text(self._row, "source"),
        )

    def _tiers(self) -> dict[str | None, _Rates]:
        tiers: dict[str | None, _Rates] = {}
        for key, value in self._row.items():
            rate = amount(value, _MILLION) if "cost" in key else None
            if not rate:
                continue
            priced = read_field(key)
            if priced is not None:
                tiers.setdefault(priced.service_tier, _Rates()).put(priced.token_class, priced.above, rate)
            elif key not in _PIECES and key != "file_search_cost_per_1k_calls":
                self.left_out.add(key)
        for step in objects(self._row, "tiered_pricing"):
            self._step(step, tiers.setdefault(None, _Rates()))
        return tiers

    def _step(self, step: JsonObject, rates: _Rates) -> None:
        bounds = step.get("range")
        start = amount(bounds[0]) if isinstance(bounds, list) and bounds else None
        if start is None:
            self.left_out.add("tiered_pricing")
            return
        for key, value in step.items():
            rate, priced = amount(value, _MILLION), read_field(key)
            if rate and priced is not None:
                rates.put(priced.token_class, int(start) or None, rate)

    def _fast(self) -> Mapping[str, ServiceTier]:
        factor = amount(obj(self._row, "provider_specific_entry").get("fast"))
        return {"fast": ServiceTier(Change(dict.fromkeys(BASES, factor), {}), None)} if factor else {}

    def _regions(self) -> Mapping[str, Change | None]:
        stated = {
            "us": obj(self._row, "provider_specific_entry").get("us")
            or self._row.get("regional_processing_uplift_multiplier_us"),
            "eu": self._row.get("regional_processing_uplift_multiplier_eu"),
            _ANYWHERE: self._row.get("regional_endpoint_uplift_multiplier"),
        }
        found: dict[str, Change | None] = {
            region: Change(dict.fromkeys(BASES, factor), {})
            for region, value in stated.items()
            if (factor := amount(value))
        }
        return {**found, "global": None} if _ANYWHERE in found else found

    def _schedule(self, rates: Mapping[str, Decimal]) -> tuple[Window, ...] | None:
        stated = obj(self._row, "off_peak_pricing")
        windows = off_peak(stated, rates) if stated else None
        if stated and windows is None:
            self.left_out.add("off_peak_pricing")
        return windows

    def _tools(self) -> Mapping[str, ToolRate]:
        found: dict[str, ToolRate] = {}
        mode = text(self._row, "mode") or ""
        by_token = any(amount(self._row.get(f"{base}_cost_per_token")) for base in BASES)
        for key, (tool, factor) in _PIECES.items():
            rate = amount(self._row.get(key), factor)
            modes = _MODES.get(tool)
            if rate and (modes is None or (mode in modes and not by_token)):
                found[tool] = ToolRate(rate)
            elif rate:
                self.left_out.add(f"{key} of {mode or 'no mode'}")
        files = amount(self._row.get("file_search_cost_per_1k_calls"))
        if files:
            found["file_search"] = ToolRate(files)
        searches = obj(self._row, "search_context_cost_per_query")
        search = amount(searches.get("search_context_size_medium"), 1000)
        if search:
            if len(set(searches.values())) > 1:
                self.left_out.add("search_context_cost_per_query by size; medium is taken")
            # Google bills Gemini 2 by the prompt, and the map says of later ones that it is by the query.
            by_prompt = (text(self._row, "litellm_provider") or "").startswith(("gemini", "vertex_ai-lang"))
            per_call = by_prompt and text(self._row, "web_search_billing_unit") != "per_query"
            found["web_search"] = ToolRate(search, per_call=per_call)
        return found
