"""`sessiontap prices import`: prices of a public table into the user's own file."""

from __future__ import annotations

import time
from datetime import datetime
from pathlib import Path

import click

from sessiontap.cli.options import home_option
from sessiontap.cli.prices_check import compared_with
from sessiontap.export.output import write_file
from sessiontap.pricing import PriceTable, load_prices
from sessiontap.pricing.public.renewal import Renewal, renewed
from sessiontap.pricing.public.takeover import Choice
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
    Models that would lose a right price with that, as Azure's do with OpenAI's, get one of their own.

    Models and comments that your file has already stay as they are, but for those that --overwrite
    replaces. Prices that FILE has for a region alone are not taken, nor are models at 0: nobody may know.

    \b
    Examples:
      sessiontap prices import model_prices_and_context_window.json --missing-only
      sessiontap prices import data.json --provider anthropic --model 'claude-opus-*'
      sessiontap prices import data.json --provider openai -o -
    """  # noqa: D301 - \b is click's mark for lines that stay as they are
    at_ms = time.time_ns() // 1_000_000
    target = home / _OWN if output in {None, _STDOUT} else Path(output or "")
    public, found = compared_with(file, providers, at_ms, _with(target))
    renewal = renewed(
        target,
        _with,
        public,
        found,
        Choice(providers, models, missing_only),
        at_ms=at_ms,
        starts=starts.date() if starts else None,
        overwrite=overwrite,
    )
    changed, said = renewal.changed, _said(renewal)
    if not changed.put_in:
        click.echo(
            f"Nothing taken from {public.kind}: no other model that is missing or differs{said}.", err=True
        )
        return
    models_of = f"{counted(len(changed.put_in), 'model')} of {public.kind}"
    if output == _STDOUT:
        click.echo(changed.text, nl=False)
        click.echo(f"Printed {models_of}{said}.", err=True)
        return
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    write_file(target, [changed.text.encode()])
    click.echo(f"Put {models_of} into {target}{said}.")


def _with(path: Path) -> PriceTable:
    """Our prices with those of a file over them, where there is one."""
    return load_prices(find("pricing.yaml"), *([path] if path.is_file() else []))


def _said(renewal: Renewal) -> str:
    parts = []
    if renewal.changed.kept:
        parts.append(
            f"{counted(len(renewal.changed.kept), 'model')} stayed as the file had it (--overwrite replaces)"
        )
    if renewal.left_out:
        rows = counted(renewal.left_out, "row")
        parts.append(f"{rows} left out: of a region alone, or not what another row says")
    return "".join(f"; {part}" for part in parts)
