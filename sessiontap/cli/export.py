"""`sessiontap export`: sessions or calls, for another program."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import click

from sessiontap.call import Call
from sessiontap.cli.main import complain
from sessiontap.cli.options import filter_options, home_option
from sessiontap.cli.stored import Records, choose, open_store, select
from sessiontap.export import FORMATS
from sessiontap.export.output import write_file, write_stream
from sessiontap.export.record import Record
from sessiontap.sessions.filters import CallFilter
from sessiontap.sessions.rollup import SessionSummary


@click.command("export")
@click.option(
    "--what",
    type=click.Choice(["sessions", "calls"]),
    default="sessions",
    show_default=True,
    help="A summary of each session, or each call as it is recorded.",
)
@click.option(
    "--format",
    "format_name",
    type=click.Choice(list(FORMATS)),
    help="[default: the ending of FILE, else json]",
)
@click.option(
    "--output", "-o", metavar="FILE", default="-", help="Write to FILE, whole or not at all; - is stdout."
)
@click.option(
    "--session",
    "sessions",
    metavar="ID",
    multiple=True,
    help="Only this session: its id, the beginning of it, its name, or -1 for the newest."
    " Repeated: any of them.",
)
@filter_options
@home_option
def export(
    *,
    what: str,
    format_name: str | None,
    output: str,
    sessions: tuple[str, ...],
    wanted: CallFilter,
    home: Path,
) -> None:
    """Write sessions or calls as JSON, JSON Lines or CSV.

    Without options: a summary of every session, as JSON on stdout. Filters of different kinds
    narrow each other. A session is written when one of its calls meets them all, with the figures
    of the whole session; of calls, only those that meet them all are written.

    \b
    Examples:
      sessiontap export > sessions.json
      sessiontap export --what calls --format jsonl --session -1
      sessiontap export --what calls -o november.csv --since 2026-11-01 --until 2026-12-01
      sessiontap export --property env=prod --model 'gpt-5*' | jq 'map(.cost_usd) | add'
    """  # noqa: D301 - \b is click's mark for lines that stay as they are
    store = open_store(home)
    kind: type[Record] = Call if what == "calls" else SessionSummary
    to_stdout = output == "-"
    write = FORMATS[format_name or _by_ending(output)]
    chunks = write(kind, _records(kind, store, wanted, sessions))
    if to_stdout:
        write_stream(sys.stdout.buffer, chunks)
    else:
        write_file(Path(output), chunks)
    for problem in store.problems:
        complain(str(problem))


def _by_ending(output: str) -> str:
    ending = Path(output).suffix.removeprefix(".").lower()
    return ending if ending in FORMATS else "json"


def _records(
    kind: type[Record], store: Records, wanted: CallFilter, sessions: tuple[str, ...]
) -> Iterator[Record]:
    """One session in memory at a time."""
    if kind is Call:
        for _, calls in select(store, wanted, sessions):
            yield from calls
    else:
        for session in choose(store, wanted, sessions):
            yield session.summary()
