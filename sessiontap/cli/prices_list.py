"""`sessiontap prices list`: every model with its present rates."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase
from pathlib import Path

import click

from sessiontap.cli.options import home_option, json_option
from sessiontap.cli.prices_table import (
    at_option,
    known_provider,
    open_prices,
    pricing_option,
    provider_option,
)
from sessiontap.pricing import PriceTable
from sessiontap.views.price_list import Row


@click.command("list")
@provider_option
@click.option(
    "--model",
    "models",
    metavar="NAME",
    multiple=True,
    help="Only this model; patterns such as 'gpt-5*' work. Repeated: any of them.",
)
@at_option
@json_option
@pricing_option
@home_option
def list_prices(
    *,
    provider: str | None,
    models: tuple[str, ...],
    at_ms: int,
    as_json: bool,
    pricing: Path | None,
    home: Path,
) -> None:
    """List every model with its present rates.

    US dollars per million tokens, of a standard call with a short prompt; `Also` names what changes
    them or is charged beside them. A class that has no rate of its own is shown at the one that it is
    billed at. A provider that has the prices of others is not listed with them: see `prices show`.

    \b
    Examples:
      sessiontap prices list --provider anthropic
      sessiontap prices list --model 'gpt-5*' --at 2026-03-01
      sessiontap prices list --json | jq '.[] | select(.rates.output > 50) | .price_id'
    """  # noqa: D301 - \b is click's mark for lines that stay as they are
    table = open_prices(home, pricing)
    wanted = None if provider is None else known_provider(table, provider)
    rows = [
        row for row in _rows(table, at_ms) if wanted in {None, row.provider} and _is_wanted(row.model, models)
    ]
    if as_json:
        from sessiontap.export.output import write_stream
        from sessiontap.views.price_json import array, listed

        write_stream(sys.stdout.buffer, array(map(listed, rows)))
    elif rows:
        from sessiontap.views.console import console, show
        from sessiontap.views.price_list import price_list

        terminal = console(sys.stdout)
        show(terminal, price_list(rows, terminal.width))
    else:
        click.echo("No price in the table meets that.")


def _rows(table: PriceTable, at_ms: int) -> Iterator[Row]:
    for provider, model, entry in table.entries():
        if entry.holds(at_ms):
            yield Row(provider, model, entry)


def _is_wanted(model: str, patterns: Sequence[str]) -> bool:
    """The table's names are in lower case."""
    return not patterns or any(fnmatchcase(model, pattern.strip().lower()) for pattern in patterns)
