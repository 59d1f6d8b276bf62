"""What a call would cost: by class and in total, for each way to price it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import NamedTuple

from rich.text import Text

from sessiontap.call import Call
from sessiontap.pricing.tools import CHARGES, uses
from sessiontap.usage import parts
from sessiontap.views.columns import Cell, Column, fit
from sessiontap.views.numbers import moment
from sessiontap.views.price_words import rate
from sessiontap.views.safe_text import safe

_COLUMNS = (
    Column("Class", "left"),
    Column("Used"),
    Column("USD per", "left"),
    Column("Rate"),
    Column("Cost"),
)


class Estimate(NamedTuple):
    """A call as it would be recorded, and the providers at which it costs just that."""

    providers: tuple[str, ...]
    call: Call
    """Priced, or with the reason why not."""
    per_call: frozenset[str]
    """The tools that are charged once a call, however often they are used."""


def price_estimate(estimates: Sequence[Estimate], width: int) -> Iterator[Text]:
    """The lines, a table an estimate."""
    for number, each in enumerate(estimates):
        if number:
            yield Text()
        yield from _table(each, width)


def _table(estimate: Estimate, width: int) -> Iterator[Text]:
    call = estimate.call
    yield Text(safe(", ".join(estimate.providers)), "bold cyan")
    conditions = [safe(call.price_id or "unpriced"), moment(call.started_at, "%Y-%m-%d %H:%M UTC")]
    conditions += [safe(said) for said in (call.service_tier, call.region) if said]
    yield Text(" · ".join(conditions), "dim")
    if call.cost_usd is None:
        yield Text(safe(call.unpriced_reason or "no price"), "yellow")
        return
    breakdown = call.cost_breakdown or {}
    places = max(len(rate(usd).partition(".")[2]) for usd in (*breakdown.values(), call.cost_usd))
    rows: list[list[Cell]] = [
        [*_used(estimate, name, usd), f"${usd:,.{places}f}"] for name, usd in breakdown.items()
    ]
    rows.append([Text("total", "bold"), "", "", "", Text(f"${call.cost_usd:,.{places}f}", "bold green")])
    layout = fit(_COLUMNS, rows, width)
    yield layout.heading()
    yield from map(layout.line, rows)


def _used(estimate: Estimate, name: str, usd: Decimal) -> list[Cell]:
    """The class, how much of it was used, and the rate that its cost came from."""
    usage = estimate.call.usage
    if name not in CHARGES:
        tokens: int = parts(usage)._asdict()[name]
        return [name, f"{tokens:,}", "1M tokens", rate(usd * 1_000_000 / tokens)]
    if name in estimate.per_call:
        return [name, f"{uses(usage, name):,}", "1,000 calls", rate(usd * 1_000)]
    return [name, f"{uses(usage, name):,}", "1,000", rate(usd * 1_000 / uses(usage, name))]
