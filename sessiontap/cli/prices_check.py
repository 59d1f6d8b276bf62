"""`sessiontap prices check`: our prices beside a public table's."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import click

from sessiontap.cli.main import Failure
from sessiontap.cli.options import home_option, json_option
from sessiontap.cli.prices_table import at_option, known_provider, open_prices, pricing_option
from sessiontap.errors import PricingError
from sessiontap.pricing import PriceTable
from sessiontap.pricing.public import PublicTable, read_public_table
from sessiontap.pricing.public.differences import Report, report


class Trouble(Failure):
    """A fault that is not to be taken for a difference: one line on stderr, exit code 2."""

    exit_code = 2


@click.command("check")
@click.option(
    "--against",
    "file",
    metavar="FILE",
    required=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="LiteLLM's model_prices_and_context_window.json, or genai-prices' data.json.",
)
@click.option(
    "--provider",
    "providers",
    metavar="NAME",
    multiple=True,
    help="Only this provider, as records name it. Repeated: any of them.",
)
@click.option("--all", "show_all", is_flag=True, help="Also list the models that only our table has.")
@at_option
@json_option
@pricing_option
@home_option
@click.pass_context
def check(
    ctx: click.Context,
    *,
    file: Path,
    providers: tuple[str, ...],
    show_all: bool,
    at_ms: int,
    as_json: bool,
    pricing: Path | None,
    home: Path,
) -> None:
    """Compare the prices with a public table, and show what differs.

    Every model that FILE has a price for and ours has not, and every rate that is not the same: by class,
    service tier, prompt size and region, in US dollars per million tokens (per thousand uses of a tool),
    and theirs by ours. What FILE leaves out is not compared. Nothing is fetched: the two tables are at
    github.com/BerriAI/litellm and github.com/pydantic/genai-prices (prices/new_data).

    Exit codes, as diff has them: 0 without a difference, 1 with some, 2 for trouble.

    \b
    Examples:
      sessiontap prices check --against model_prices_and_context_window.json
      sessiontap prices check --against data.json --provider anthropic --all
      sessiontap prices check --against data.json --json | jq '.differences[] | select(.ratio > 2)'
    """  # noqa: D301 - \b is click's mark for lines that stay as they are
    public, found = compared_with(file, providers, at_ms, open_prices(home, pricing))
    if as_json:
        from sessiontap.cli.prices_differences import as_document
        from sessiontap.views.price_json import encoded

        click.echo(encoded(as_document(public, found)))
    else:
        from sessiontap.cli.prices_differences import as_lines
        from sessiontap.views.console import console, show

        terminal = console(sys.stdout)
        show(terminal, as_lines(public, found, terminal.width, show_all=show_all))
    ctx.exit(1 if found.missing or found.differing else 0)


def compared_with(
    file: Path, providers: Sequence[str], at_ms: int, table: PriceTable
) -> tuple[PublicTable, Report]:
    """The public table and what it says otherwise. Trouble for a file or a provider that is none."""
    try:
        for provider in providers:
            known_provider(table, provider)
        public = read_public_table(file)
    except (Failure, PricingError) as error:
        raise Trouble(error.message if isinstance(error, Failure) else str(error)) from error
    return public, report(table, public, at_ms, providers)
