"""genai-prices' published table, https://github.com/pydantic/genai-prices: prices/new_data/v2/data.json.

A list of providers, each with models; prices are USD per million tokens, or per thousand of what is
counted, with days, hours, sizes of prompts and variants by service tier.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal

from sessiontap.pricing.public.amounts import amount
from sessiontap.pricing.public.hours import EVERY_DAY, MIDNIGHT
from sessiontap.pricing.public.quotes import Dated, PublicTable, Quote, once
from sessiontap.pricing.public.services import genai_provider, region_of
from sessiontap.pricing.rates import Change
from sessiontap.pricing.schedule import Window
from sessiontap.pricing.terms import ServiceTier, Terms
from sessiontap.pricing.tools import ToolRate
from sessiontap.untrusted import JsonObject, obj, objects, text

_KIND = "genai-prices"
_HOME = "https://github.com/pydantic/genai-prices"
_CLASSES = {
    "input_mtok": "input",
    "cache_read_mtok": "cache_read",
    "cache_write_mtok": "cache_write",
    "cache_write_5m_mtok": "cache_write",
    "cache_write_1h_mtok": "cache_write_1h",
    "input_audio_mtok": "input_audio",
    "cache_audio_read_mtok": "cache_read_audio",
    "input_image_mtok": "input_image",
    "cache_image_read_mtok": "cache_read_image",
    "input_video_mtok": "input_video",
    "output_mtok": "output",
    "output_reasoning_mtok": "reasoning",
    "output_audio_mtok": "output_audio",
    "output_image_mtok": "output_image",
}
_TOOLS: Mapping[str, tuple[str, int]] = {
    "web_searches_kcount": ("web_search", 1),
    "storage_searches_kcount": ("file_search", 1),
    "rerank_searches_kcount": ("search_unit", 1),
    "requests_kcount": ("request", 1),
    "input_mchars": ("character", 1000),
    "audio_hours": ("audio_ms", 3600),
    "input_audio_hours": ("audio_ms", 3600),
    "input_document_kpages": ("page", 1),
}
"""Keys of prices by the piece, what we call it, and how many thousands the price is for."""
_REGIONAL = "regional."
"""Its own word for every inference profile of Bedrock that is not global."""
_HOUR = re.compile(r"([0-9]{2}):([0-9]{2})(?::00(?:\.0+)?)?(?:Z|\+00:00)?")


def providers_in(document: object) -> list[JsonObject] | None:
    """The providers of such a table: the list itself, or the one of the newer form; None for other JSON."""
    listed = {"providers": document} if isinstance(document, list) else document
    found = [row for row in objects(listed, "providers") if isinstance(row.get("models"), list)]
    return found or None


def read(providers: list[JsonObject]) -> PublicTable:
    """Every model that has a price, in the order of the file. Never raises."""
    quotes: list[Quote] = []
    others: Counter[str] = Counter()
    left_out: Counter[str] = Counter()
    without = 0
    for row in providers:
        service, models = text(row, "id") or "", objects(row, "models")
        provider, behind = genai_provider(service)
        if provider is None:
            others[service] += len(models)
            continue
        pages = row.get("pricing_urls")
        source = pages[0] if isinstance(pages, list) and pages and isinstance(pages[0], str) else None
        for model in models:
            reader = _Model(model, source)
            dated = tuple(reader.dated())
            left_out.update(reader.left_out)
            name = text(model, "id")
            if not dated or name is None:
                without += 1
                continue
            if name.startswith(_REGIONAL):
                name = f"us.{name.removeprefix(_REGIONAL)}"
            names = dict.fromkeys(f"{each}{behind}" for each in _names(obj(model, "match")) if each != name)
            quotes.append(
                Quote(provider, name + behind, tuple(names), region_of(provider, name), dated, is_family=True)
            )
    return PublicTable(_KIND, _HOME, once(quotes), others, without, left_out)


def _names(clause: JsonObject) -> Iterator[str]:
    """The whole names that a clause accepts; what it says of beginnings and parts is nothing to look up."""
    exact = text(clause, "equals")
    if exact is not None:
        yield exact
    for each in objects(clause, "or"):
        exact = text(each, "equals")
        if exact is not None:
            yield exact


class _Model:
    """One model's prices."""

    def __init__(self, model: JsonObject, source: str | None) -> None:
        self._model = model
        self._source = source
        self.left_out: set[str] = set()

    def dated(self) -> Iterator[Dated]:
        """What held from when on, oldest first; models that state nothing, or zeros alone, have none."""
        rows = objects(self._model, "prices") or [{"prices": self._model.get("prices")}]
        windows = [row for row in rows if "start_time" in obj(row, "constraint")]
        by_day = {
            _day(text(obj(row, "constraint"), "start_date")): obj(row, "prices")
            for row in rows
            if row not in windows
        }
        if not by_day and windows:
            # Where no hours hold, the first row does.
            by_day[None] = obj(windows[0], "prices")
        days = sorted(by_day, key=lambda day: day or date.min)
        for day in days:
            rates, above, tools = self._prices(by_day[day])
            if not any(rates.values()) and not any(tool.usd_per_thousand for tool in tools.values()):
                continue
            # Variants and hours are those of the last price; what they once were is not said.
            last = day == days[-1]
            yield Dated(
                day,
                Terms(
                    rates=rates,
                    above=_changes(above) or None,
                    service=self._service() if last else {},
                    schedule=(tuple(self._windows(windows, rates)) or None) if last else None,
                    tools=tools,
                    source=self._source,
                ),
            )

    def _prices(
        self, prices: JsonObject
    ) -> tuple[dict[str, Decimal], dict[int, dict[str, Decimal]], dict[str, ToolRate]]:
        rates: dict[str, Decimal] = {}
        above: dict[int, dict[str, Decimal]] = {}
        tools: dict[str, ToolRate] = {}
        for key, value in prices.items():
            base = value.get("base") if isinstance(value, dict) else value
            rate, token_class = amount(base), _CLASSES.get(key)
            if rate is None:
                continue
            if key in _TOOLS:
                tool, factor = _TOOLS[key]
                tools[tool] = ToolRate(rate / factor)
            elif token_class is None:
                self.left_out.add(key)
            else:
                rates[token_class] = rate
                for tier in objects(value, "tiers") if isinstance(value, dict) else ():
                    start, price = amount(tier.get("start")), amount(tier.get("price"))
                    if start and price is not None:
                        above.setdefault(int(start), {})[token_class] = price
        return rates, above, tools

    def _service(self) -> Mapping[str, ServiceTier]:
        found: dict[str, ServiceTier] = {}
        for variant in objects(self._model, "price_variants"):
            when = obj(variant, "when")
            stated = [text(when, key) for key in ("processing", "service_tier", "speed")]
            name = next((each for each in stated if each), None)
            if name is None or len(when) > 1:
                self.left_out.add(f"price_variants: {', '.join(sorted(when))}")
                continue
            rates, above, _ = self._prices(obj(variant, "prices"))
            if rates and name not in found:
                found[name] = ServiceTier(Change({}, rates), _changes(above))
        return found

    def _windows(self, rows: list[JsonObject], rates: Mapping[str, Decimal]) -> Iterator[Window]:
        for row in rows:
            constraint = obj(row, "constraint")
            start, end = (_minute(text(constraint, key)) for key in ("start_time", "end_time"))
            inside, _, _ = self._prices(obj(row, "prices"))
            if start is None or end is None or not inside.keys() <= rates.keys():
                self.left_out.add("start_time")
                continue
            factors = {name: rate / rates[name] for name, rate in inside.items() if rates[name]}
            yield Window(EVERY_DAY, start, end or MIDNIGHT, Change(factors, {}))


def _changes(above: Mapping[int, dict[str, Decimal]]) -> dict[int, Change]:
    return {size: Change({}, rates) for size, rates in sorted(above.items())}


def _day(day: str | None) -> date | None:
    try:
        return None if day is None else date.fromisoformat(day)
    except ValueError:
        return None


def _minute(time: str | None) -> int | None:
    found = _HOUR.fullmatch(time or "")
    return int(found[1]) * 60 + int(found[2]) if found else None
