"""`sessiontap prices show`: all that is known about a model's price."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path

import click

from sessiontap.cli.options import home_option, json_option
from sessiontap.cli.prices_table import (
    at_option,
    knowing,
    open_prices,
    pricing_option,
    provider_option,
    unknown_model,
)
from sessiontap.pricing.table import Match
from sessiontap.views.price_show import Known


@click.command("show")
@click.argument("model")
@provider_option
@at_option
@json_option
@pricing_option
@home_option
def show(
    model: str, *, provider: str | None, at_ms: int, as_json: bool, pricing: Path | None, home: Path
) -> None:
    """Show all that is known about a model's price.

    For each provider that knows MODEL, a name as requests and replies have it: which entry of the table
    it means and why, since when the price holds, every rate, and where it is from. Rates are US dollars
    per million tokens.

    \b
    Examples:
      sessiontap prices show claude-sonnet-4-5-20250929
      sessiontap prices show gpt-5 --provider azure.ai.openai
      sessiontap prices show gemini-2.5-pro --at 2026-03-01 --json
    """  # noqa: D301 - \b is click's mark for lines that stay as they are
    table = open_prices(home, pricing)
    known = _by_model(knowing(table, model, provider))
    if not known:
        raise unknown_model(table, model, provider)
    if as_json:
        from sessiontap.export.output import write_stream
        from sessiontap.views.price_json import array, shown

        write_stream(sys.stdout.buffer, array(shown(each, at_ms) for each in known))
    else:
        from sessiontap.views.console import console
        from sessiontap.views.console import show as print_lines
        from sessiontap.views.price_show import price_show

        terminal = console(sys.stdout)
        print_lines(terminal, price_show(known, at_ms, terminal.width))


def _by_model(asked: Iterable[tuple[str, Match]]) -> list[Known]:
    """One for each model of the table, in the order in which providers know them."""
    found: dict[tuple[str, str], list[tuple[str, Match]]] = {}
    for provider, match in asked:
        found.setdefault((match.provider, match.model), []).append((provider, match))
    return [Known(pairs[0][1], tuple(pairs)) for pairs in found.values()]
