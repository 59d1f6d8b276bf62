"""`sessiontap prices unpriced`: the models in the store without a price."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path

import click

from sessiontap.cli.main import complain
from sessiontap.cli.options import filter_options, home_option, json_option
from sessiontap.cli.prices_table import open_prices, pricing_option
from sessiontap.cli.stored import open_store, select
from sessiontap.pricing import PriceTable
from sessiontap.sessions.filters import CallFilter
from sessiontap.sessions.gaps import Gap, Gaps
from sessiontap.views.numbers import counted
from sessiontap.views.price_block import price_block
from sessiontap.views.safe_text import safe


@click.command("unpriced")
@filter_options
@json_option
@pricing_option
@home_option
def unpriced(wanted: CallFilter, home: Path, pricing: Path | None, *, as_json: bool) -> None:
    """List the models in the store without a price.

    With their calls, tokens and the reason; and, for those that the table does not have, the block to
    fill in: once the rates are in it, it is a valid pricing.yaml for the home. `sessiontap reprice`
    gives the calls their cost then.

    \b
    Examples:
      sessiontap prices unpriced
      sessiontap prices unpriced --since 7d
      sessiontap prices unpriced --json | jq -r .yaml
    """  # noqa: D301 - \b is click's mark for lines that stay as they are
    table, store = open_prices(home, pricing), open_store(home)
    gaps, priced_now = Gaps(), 0
    for _, calls in select(store, wanted):
        for call in calls:
            if call.unpriced:
                priced = table.price(call)
                if priced.unpriced:
                    gaps.add(priced)
                else:
                    priced_now += 1
    found = gaps.found()
    block = price_block((gap for gap in found if _is_missing(table, gap)), datetime.now(UTC).date())
    if as_json:
        from sessiontap.views.price_json import encoded

        sys.stdout.buffer.write(encoded({"unpriced": found, "priced_now": priced_now, "yaml": block}) + b"\n")
    else:
        _print(found, priced_now, block, home)
    for problem in store.problems:
        complain(str(problem))


def _print(gaps: list[Gap], priced_now: int, block: str, home: Path) -> None:
    if gaps:
        from sessiontap.views.console import console, show
        from sessiontap.views.price_gaps import price_gaps

        terminal = console(sys.stdout)
        show(terminal, price_gaps(gaps, terminal.width))
    else:
        click.echo("No call is without a price.")
    if priced_now:
        calls = counted(priced_now, "call")
        click.echo(f"\n{calls} recorded without a price can have one by now: sessiontap reprice")
    if block:
        place = safe(str(home / "pricing.yaml"))
        click.echo(f"\nFill in the blanks and add it to {place}:\n\n{block}", nl=False)


def _is_missing(table: PriceTable, gap: Gap) -> bool:
    """True for a model that no entry means, and that would be billed by what an entry can say."""
    rows = table.providers.get(gap.provider)
    if rows is not None and rows.unpriced is not None:
        return False
    return bool(gap.model and gap.usage) and table.match(gap.provider, gap.model or "") is None
