"""`sessiontap prices import`: prices of a public table into the user's own file."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import click

from sessiontap.cli.options import home_option
from sessiontap.cli.prices_check import compared_with
from sessiontap.cli.prices_table import open_prices
from sessiontap.errors import PricingError
from sessiontap.export.output import write_file
from sessiontap.pricing import PriceTable, load_prices
from sessiontap.pricing.public.own_file import Changed, put_in
from sessiontap.pricing.public.takeover import Choice, takeover
from sessiontap.resources import find
from sessiontap.views.numbers import counted

_STDOUT = "-"
_OWN = "pricing.yaml"


@click.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--provider",
    "providers",
    metavar="NAME",
    multiple=True,
    help="Only this provider, as records name it. Repeated: any of them.",
)
@click.option(
    "--model",
    "models",
    metavar="NAME",
    multiple=True,
    help="Only this model; patterns such as 'gpt-5*' work. Repeated: any of them.",
)
@click.option("--missing-only", is_flag=True, help="Only models that have no price yet.")
@click.option(
    "--overwrite", is_flag=True, help="Replace models that the file has already, comments included."
)
@click.option(
    "--from",
    "starts",
    metavar="DAY",
    type=click.DateTime(["%Y-%m-%d"]),
    help="The first day of a price that differs; calls before it keep theirs.  [default: today, UTC]",
)
@click.option(
    "--output",
    "-o",
    metavar="FILE",
    help="The price file; - prints it.  [default: pricing.yaml in the home]",
)
@home_option
def import_prices(
    *,
    file: Path,
    providers: tuple[str, ...],
    models: tuple[str, ...],
    missing_only: bool,
    overwrite: bool,
    starts: datetime | None,
    output: str | None,
    home: Path,
) -> None:
    """Take prices from a public table into your own file.

    FILE is LiteLLM's model_prices_and_context_window.json or genai-prices' data.json. Taken are the models
    that have no price yet and those whose price differs, as `prices check` shows them: look there first.
    A price that differs is appended with the day from which it holds, so that older calls keep their cost.

    Models and comments that your file has already stay as they are, but for those that --overwrite
    replaces. Prices that FILE has for a region alone are not taken, nor are models at 0: nobody may know.

    \b
    Examples:
      sessiontap prices import model_prices_and_context_window.json --missing-only
      sessiontap prices import data.json --provider anthropic --model 'claude-opus-*'
      sessiontap prices import data.json --provider openai -o -
    """  # noqa: D301 - \b is click's mark for lines that stay as they are
    at_ms = time.time_ns() // 1_000_000
    today = datetime.fromtimestamp(at_ms / 1000, UTC).date()
    table = open_prices(home, None)
    public, found = compared_with(file, providers, at_ms, table)
    choice = Choice(models, missing_only)
    chosen = [each for each in (*found.missing, *found.differing) if choice.wants(each)]
    taken = tuple(takeover(chosen, starts.date() if starts else today, today, public.home))
    target = home / _OWN if output in {None, _STDOUT} else Path(output or "")
    changed = put_in(target, taken, _derived(table), overwrite=overwrite)
    said = _said(changed, len(chosen) - len(taken))
    if not changed.put_in:
        click.echo(
            f"Nothing taken from {public.kind}: no other model that is missing or differs{said}.", err=True
        )
        return
    _refuse_broken(changed.text, target)
    models_of = f"{counted(len(changed.put_in), 'model')} of {public.kind}"
    if output == _STDOUT:
        click.echo(changed.text, nl=False)
        click.echo(f"Printed {models_of}{said}.", err=True)
        return
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    write_file(target, [changed.text.encode()])
    click.echo(f"Put {models_of} into {target}{said}.")


def _said(changed: Changed, left_out: int) -> str:
    parts = []
    if changed.kept:
        parts.append(
            f"{counted(len(changed.kept), 'model')} stayed as the file had it (--overwrite replaces)"
        )
    if left_out:
        parts.append(
            f"{counted(left_out, 'row')} left out: of a region alone, or of a name that was there already"
        )
    return "".join(f"; {part}" for part in parts)


def _derived(table: PriceTable) -> Mapping[str, frozenset[str]]:
    """By provider the classes that its rules fill in."""
    found: dict[str, frozenset[str]] = {}
    for provider, _, entry in table.entries():
        found.setdefault(provider, frozenset(rule.token_class for rule in entry.derived))
    return found


def _refuse_broken(text: str, target: Path) -> None:
    """Raises PricingError where the file would not load: nothing is written then."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / _OWN
        path.write_text(text, "utf-8")
        try:
            load_prices(find("pricing.yaml"), path)
        except PricingError as error:
            reason = str(error).replace(str(path), "it would have, in line", 1).replace("line:", "line ", 1)
            message = f"{target}: nothing was put in, for {reason}; leave the model out with --model"
            raise PricingError(message) from error
