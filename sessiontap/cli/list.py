"""`sessiontap list`: the sessions, newest first."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import click

from sessiontap.catalog import CatalogSession, costs_by_day, grouped
from sessiontap.cli.main import complain
from sessiontap.cli.options import filter_options, home_option, json_option
from sessiontap.cli.stored import choose, open_store
from sessiontap.sessions.filters import CallFilter
from sessiontap.sessions.grouping import NAMES, PROPERTY, Grouped, Grouping
from sessiontap.sessions.order import ORDERS, ordered
from sessiontap.sessions.rollup import SessionSummary

TABLE_ROWS = 50
"""How many sessions a table shows, where nothing else is said."""


def _by(ctx: click.Context, param: click.Parameter, value: str | None) -> str | None:
    if value is None or value in NAMES or (value.startswith(PROPERTY) and value != PROPERTY):
        return value
    message = f"{value!r} is nothing to group by; allowed are {', '.join(NAMES)} and {PROPERTY}KEY"
    raise click.BadParameter(message, ctx, param)


# Also by the names of the record's fields.
_OTHER_NAMES = {"started": "start", "ended": "end"}


@click.command("list")
@filter_options
@click.option(
    "--sort",
    type=click.Choice([*ORDERS, *_OTHER_NAMES]),
    default="start",
    metavar=f"[{'|'.join(ORDERS)}]",
    show_default=True,
    help="What the first ones have most of.",
)
@click.option(
    "--by",
    metavar=f"[{'|'.join(NAMES)}|{PROPERTY}KEY]",
    callback=_by,
    help="Totals of the sessions' calls by this, instead of a list.",
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
    wanted: CallFilter,
    sort: str,
    by: str | None,
    limit: int | None,
    home: Path,
    *,
    everything: bool,
    as_json: bool,
) -> None:
    """List the sessions, newest first.

    A filter keeps each session with a call that meets it; figures are always of the whole session. The
    line of totals is of all sessions that were kept, also of those that are not shown; where their calls are
    of several days, a bar a day of cost follows.

    With --by, the calls that meet the filters are added up by day (UTC, of the call), model, user, agent
    without its version, name of the session, or a property; each of them, and no others.

    \b
    Examples:
      sessiontap list
      sessiontap list --since 7d --model 'claude-*'
      sessiontap list --sort cost --limit 10
      sessiontap list --by day --since 30d
      sessiontap list --by property:env
      sessiontap list --json | jq '.[].cost_usd'
    """  # noqa: D301 - \b is click's mark for lines that stay as they are
    if everything and limit is not None:
        message = "--all and --limit exclude each other"
        raise click.UsageError(message)
    store = open_store(home)
    sessions = [] if by is not None else ordered(list(choose(store, wanted)), _OTHER_NAMES.get(sort, sort))
    grouping = None if by is None else grouped(store.catalog.sessions, by, store.calls, wanted)
    groups = [] if grouping is None else grouping.groups()
    if grouping is not None and (groups or as_json):
        _print_groups(grouping, groups, limit, as_json=as_json)
    elif as_json:
        _print_json(session.summary() for session in sessions[:limit])
    elif sessions:
        shown = None if everything else limit or TABLE_ROWS
        _print_table(sessions, shown)
    elif wanted == CallFilter():
        click.echo(f"No sessions in {home} yet. To see one: sessiontap demo --keep")
    else:
        click.echo(f"No session in {home} meets the filter.")
    for problem in store.problems:
        complain(str(problem))


def _print_groups(grouping: Grouping, groups: Sequence[Grouped], limit: int | None, *, as_json: bool) -> None:
    if as_json:
        from sessiontap.export.record import json_of

        # As in the table: of days the last ones.
        first = 0 if limit is None or grouping.by != "day" else max(0, len(groups) - limit)
        sys.stdout.buffer.write(json_of(groups[first:][:limit]) + b"\n")
        return
    from sessiontap.views.console import console, draws_lines, show
    from sessiontap.views.group_list import group_list

    terminal = console(sys.stdout)
    ascii_only = not draws_lines(terminal)
    whole = grouping.whole()
    lines = group_list(groups, whole, grouping.by, terminal.width, shown=limit, ascii_only=ascii_only)
    show(terminal, lines)


def _print_json(summaries: Iterator[SessionSummary]) -> None:
    from sessiontap.export import FORMATS
    from sessiontap.export.output import write_stream

    write_stream(sys.stdout.buffer, FORMATS["json"](SessionSummary, summaries))


def _print_table(sessions: Sequence[CatalogSession], shown: int | None) -> None:
    from sessiontap.views.console import console, draws_lines, show
    from sessiontap.views.session_list import session_list

    terminal = console(sys.stdout)
    ascii_only = not draws_lines(terminal)
    summaries, costs = [session.totals for session in sessions], costs_by_day(sessions)
    show(terminal, session_list(summaries, terminal.width, shown=shown, costs=costs, ascii_only=ascii_only))
