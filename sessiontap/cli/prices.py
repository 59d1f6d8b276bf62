"""`sessiontap prices`: the group of commands that look into the price table."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import click

from sessiontap.cli.main import Entry, LazyGroup

SUBCOMMANDS: Mapping[str, Entry] = MappingProxyType(
    {
        "list": Entry("sessiontap.cli.prices_list:list_prices", "List every model with its present rates."),
        "show": Entry("sessiontap.cli.prices_show:show", "Show all that is known about a model's price."),
        "estimate": Entry("sessiontap.cli.prices_estimate:estimate", "Say what a call would cost."),
        "unpriced": Entry(
            "sessiontap.cli.prices_unpriced:unpriced", "List the models in the store without a price."
        ),
        "check": Entry(
            "sessiontap.cli.prices_check:check",
            "Compare the prices with a public table, and show what differs.",
        ),
        "import": Entry(
            "sessiontap.cli.prices_import:import_prices",
            "Take prices from a public table into your own file.",
        ),
    }
)
"""A new subcommand: its file, and its line here."""


@click.group("prices", cls=LazyGroup, places=SUBCOMMANDS)
def prices() -> None:
    """Look into the prices that calls are priced by.

    The table is sessiontap's own, with your prices over it, model by model: those in pricing.yaml of the
    home. Rates are US dollars per million tokens.

    \b
    Examples:
      sessiontap prices list --provider anthropic
      sessiontap prices show claude-sonnet-4-5
      sessiontap prices estimate --model gpt-5 --input 12000 --output 800
      sessiontap prices unpriced
    """  # noqa: D301 - \b is click's mark for lines that stay as they are
