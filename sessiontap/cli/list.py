"""`sessiontap list`: the sessions, newest first."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import TypeAlias

import click

from sessiontap.cli.main import complain
from sessiontap.cli.options import filter_options, home_option, json_option
from sessiontap.cli.stored import choose, open_store
from sessiontap.sessions.filters import CallFilter
from sessiontap.sessions.rollup import SessionSummary

TABLE_ROWS = 50
"""How many sessions a table shows, where nothing else is said."""

_Rank: TypeAlias = Callable[[SessionSummary], object]


def _tokens(summary: SessionSummary) -> int:
    return (summary.usage.input_tokens or 0) + (summary.usage.output_tokens or 0)


# What is not known ranks below every known value.
_SORTS: Mapping[str, _Rank] = MappingProxyType(
    {
        "started": lambda summary: summary.started_at or "",
        "ended": lambda summary: summary.ended_at or "",
        "duration": lambda summary: -1 if summary.duration_ms is None else summary.duration_ms,
        "cost": lambda summary: -1 if summary.cost_usd is None else summary.cost_usd,
        "calls": lambda summary: summary.calls,
        "errors": lambda summary: summary.errors,
        "tokens": _tokens,
    }
)


@click.command("list")
@filter_options
@click.option(
    "--sort",
    type=click.Choice(list(_SORTS)),
    default="started",
    show_default=True,
    help="What the first ones have most of.",
)
@click.option(
    "--limit",
    "-n",
    type=click.IntRange(min=1),
    metavar="N",
    help=f"Only the first N.  [default: {TABLE_ROWS} in a table, all in JSON]",
)
@click.option("--all", "everything", is_flag=True, help="All of them, also in a table.")
@json_option
@home_option
def list_sessions(
    wanted: CallFilter, sort: str, limit: int | None, home: Path, *, everything: bool, as_json: bool
) -> None:
    """List the sessions, newest first.

    A filter keeps each session with a call that meets it; figures are always of the whole session. The
    line of totals is of all sessions that were kept, also of those that are not shown.

    \b
    Examples:
      sessiontap list
      sessiontap list --since 7d --model 'claude-*'
      sessiontap list --sort cost --limit 10
      sessiontap list --json | jq '.[].cost_usd'
    """  # noqa: D301 - \b is click's mark for lines that stay as they are
    if everything and limit is not None:
        message = "--all and --limit exclude each other"
        raise click.UsageError(message)
    store = open_store(home)
    sessions = list(choose(store, wanted))
    rank = _SORTS[sort]
    # By id first, so that equals always stand in the same order.
    sessions.sort(key=lambda session: session.session_id or "")
    sessions.sort(key=lambda session: rank(session.totals), reverse=True)  # type: ignore[arg-type, return-value]
    if as_json:
        _print_json(session.summary() for session in sessions[:limit])
    elif sessions:
        shown = None if everything else limit or TABLE_ROWS
        _print_table([session.totals for session in sessions], shown)
    elif wanted == CallFilter():
        click.echo(f"No sessions in {home} yet. To see one: sessiontap demo --keep")
    else:
        click.echo(f"No session in {home} meets the filter.")
    for problem in store.problems:
        complain(str(problem))


def _print_json(summaries: Iterator[SessionSummary]) -> None:
    from sessiontap.export import FORMATS
    from sessiontap.export.output import write_stream

    write_stream(sys.stdout.buffer, FORMATS["json"](SessionSummary, summaries))


def _print_table(summaries: Sequence[SessionSummary], shown: int | None) -> None:
    from sessiontap.views.console import console, show
    from sessiontap.views.session_list import session_list

    terminal = console(sys.stdout)
    show(terminal, session_list(summaries, terminal.width, shown=shown))
