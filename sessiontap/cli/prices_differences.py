"""What `prices check` shows: lines for people; a document for programs, a stable contract."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from itertools import groupby
from typing import Any, TypeAlias

from rich.text import Text

from sessiontap.pricing.public import PublicTable
from sessiontap.pricing.public.differences import Compared, Difference, Report
from sessiontap.pricing.public.written import number
from sessiontap.pricing.rates import BASES, CLASSES
from sessiontap.pricing.terms import STANDARD
from sessiontap.views.columns import Cell, Column, facts, fit
from sessiontap.views.numbers import UNKNOWN, counted
from sessiontap.views.price_words import above, rate
from sessiontap.views.safe_text import safe

Json: TypeAlias = dict[str, Any]

_COLUMNS = (
    Column("Model", "left", most=70, least=20),
    Column("Price", "left", most=44),
    Column("Ours"),
    Column("Theirs"),
    Column("Ratio", gives_way=1),
)
_MISSING = "not in our table"
_ONLY_OURS = "only in our table"


def as_lines(public: PublicTable, found: Report, width: int, *, show_all: bool) -> Iterator[Text]:
    """A block for each provider, sorted by model; then what was the same, and what could not be compared."""
    rows = [*_missing(found), *_differing(found), *(_only_ours(found) if show_all else ())]
    rows.sort(key=lambda row: row[0])
    for provider, group in groupby(rows, key=lambda row: row[0][0]):
        lines = [cells for _, cells in group]
        layout = fit(_COLUMNS, lines, width)
        yield Text(safe(provider), "bold cyan", no_wrap=True)
        yield layout.heading()
        yield from map(layout.line, lines)
        yield Text()
    yield from facts(_sums(found), width)
    yield from facts(_not_compared(public), width)


_Row: TypeAlias = tuple[tuple[str, str, str, int], list[Cell]]


def _key(compared: Compared, order: int) -> tuple[str, str, str, int]:
    quote = compared.quote
    return quote.provider, quote.model.lower(), quote.region or "", order


def _missing(found: Report) -> Iterator[_Row]:
    for each in found.missing:
        words: list[Cell] = [safe(_name(each)), Text(_MISSING, "yellow"), UNKNOWN, _stated(each), UNKNOWN]
        yield _key(each, 0), words


def _stated(compared: Compared) -> str:
    """`3.00/15.00`, or the price of another class or of a tool where that is all there is."""
    terms = compared.dated.terms
    if any(base in terms.rates for base in BASES):
        return "/".join(UNKNOWN if (usd := terms.rates.get(base)) is None else _theirs(usd) for base in BASES)
    others = {**terms.rates, **{name: tool.usd_per_thousand for name, tool in terms.tools.items()}}
    return next((f"{name} {_theirs(usd)}" for name, usd in others.items()), UNKNOWN)


def _differing(found: Report) -> Iterator[_Row]:
    for each in found.differing:
        for order, one in enumerate(each.differences):
            ratio = UNKNOWN if one.ratio is None else f"×{number(Decimal(f'{one.ratio:.4g}'))}"
            yield (
                _key(each, order),
                [safe(_name(each)), _words(one), rate(one.ours), _theirs(one.theirs), ratio],
            )


def _only_ours(found: Report) -> Iterator[_Row]:
    for provider, model in found.only_ours:
        yield (provider, model, "", 0), [safe(model), Text(_ONLY_OURS, "dim"), "", "", ""]


def _name(compared: Compared) -> str:
    quote = compared.quote
    return f"{quote.model} ({quote.region})" if quote.beside else quote.model


def _words(one: Difference) -> Cell:
    """`cache_read batch >200,000 us`."""
    tier = "" if one.service_tier == STANDARD else one.service_tier
    size = above(one.above) if one.above else ""
    hours = f"{one.hours} UTC" if one.hours else ""
    return safe(" ".join(word for word in (one.price, tier, size, one.region or "", hours) if word))


def _theirs(usd: Decimal) -> str:
    return rate(Decimal(number(usd)))


def _sums(found: Report) -> list[Text]:
    differing = sum(len(each.differences) for each in found.differing)
    return [
        Text(f"{counted(len(found.differing), 'model')} with {counted(differing, 'difference')}", "bold"),
        Text(f"{counted(len(found.missing), 'model')} missing in ours", "bold"),
        Text(f"{counted(len(found.agreeing), 'model')} the same", "bold"),
        Text(f"{counted(found.rates, 'price')} compared"),
        Text(f"{counted(len(found.only_ours), 'model')} only in ours"),
    ]


def _not_compared(public: PublicTable) -> list[Text]:
    """What the table has and we do not look at, each with its number of models."""
    parts = [f"{public.kind} has also {counted(public.without_price, 'model')} without a price, or at zero"]
    if public.left_out:
        parts.append(f"prices of a kind that is not here: {_listed(public.left_out)}")
    if public.other_providers:
        parts.append(f"providers that are not here: {_listed(public.other_providers)}")
    return [Text(part, "dim") for part in parts]


def _listed(counts: Counter[str]) -> str:
    return ", ".join(f"{safe(name) or '(none)'} {count:,}" for name, count in counts.most_common())


def as_document(public: PublicTable, found: Report) -> Json:
    """All of it: rates are exact, USD per million tokens, or per thousand uses of a tool."""
    return {
        "against": public.kind,
        "models_same": len(found.agreeing),
        "prices_compared": found.rates,
        "missing": [
            {
                **_model(each),
                "rates": {name: _exact(rates[name]) for name in CLASSES if name in rates},
                "tools": {name: _exact(tool.usd_per_thousand) for name, tool in terms.tools.items()},
            }
            for each in found.missing
            for terms in (each.dated.terms,)
            for rates in (terms.rates,)
        ],
        "differences": [
            {**_model(each), **_difference(one)} for each in found.differing for one in each.differences
        ],
        "only_ours": [{"provider": provider, "model": model} for provider, model in found.only_ours],
        "without_price": public.without_price,
        "left_out": dict(public.left_out.most_common()),
        "other_providers": dict(public.other_providers.most_common()),
    }


def _model(compared: Compared) -> Json:
    price = compared.entry and compared.entry.price_id
    return {
        "provider": compared.quote.provider,
        "model": compared.quote.model,
        "region": compared.quote.region,
        "price_id": price,
    }


def _difference(one: Difference) -> Json:
    return {
        "price": one.price,
        "service_tier": one.service_tier,
        "above": one.above,
        "region": one.region,
        "hours": one.hours,
        "ours": one.ours,
        "theirs": _exact(one.theirs),
        "ratio": None if one.ratio is None else _exact(one.ratio),
    }


def _exact(value: Decimal) -> Decimal:
    """Without the noise of a float, and without idle zeros."""
    return Decimal(number(value))
