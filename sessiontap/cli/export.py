"""`sessiontap export`: sessions or calls, for another program."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import click

from sessiontap.call import Call
from sessiontap.cli.export_documents import DOCUMENTS, check_chosen, write_document
from sessiontap.cli.main import complain
from sessiontap.cli.options import filter_options, home_option
from sessiontap.cli.progress import progress
from sessiontap.cli.stored import Records, choose, open_store, select
from sessiontap.export import FORMATS
from sessiontap.export.document import WholeSession
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
    type=click.Choice([*FORMATS, *DOCUMENTS]),
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
@click.option("--no-bodies", is_flag=True, help="html: figures only, nothing of what was said.")
@filter_options
@home_option
@click.pass_context
def export(
    ctx: click.Context,
    *,
    what: str,
    format_name: str | None,
    output: str,
    sessions: tuple[str, ...],
    no_bodies: bool,
    wanted: CallFilter,
    home: Path,
) -> None:
    """Write sessions or calls for another program, or for people.

    Without options: a summary of every session, as JSON on stdout. Filters of different kinds
    narrow each other. A session is written when one of its calls meets them all, with the figures
    of the whole session; of calls, only those that meet them all are written.

    html is one file about one session, with its timeline, tree, conversation and figures, that opens offline;
    markdown is a summary for a pull request; chrome-trace opens in Perfetto and chrome://tracing.

    \b
    Examples:
      sessiontap export > sessions.json
      sessiontap export --what calls --format jsonl --session -1
      sessiontap export --what calls -o november.csv --since 2026-11-01 --until 2026-12-01
      sessiontap export --session -1 -o run.html
      sessiontap export --session -1 --format markdown | gh pr comment --body-file -
      sessiontap export --session -1 --format chrome-trace -o trace.json
      sessiontap export --property env=prod --model 'gpt-5*' | jq 'map(.cost_usd) | add'
    """  # noqa: D301 - \b is click's mark for lines that stay as they are
    store = open_store(home)
    kind: type[Record] = Call if what == "calls" else SessionSummary
    name = format_name or _by_ending(output)
    if name in DOCUMENTS:
        what_given = ctx.get_parameter_source("what") is not click.core.ParameterSource.DEFAULT
        check_chosen(name, sessions, wanted, what_given=what_given)
        whole = _whole(store, wanted, sessions, bodies=DOCUMENTS[name].bodies and not no_bodies)
        with progress(lambda: f"the {name} was not finished") as step:
            _write(output, write_document(name, whole, step))
    elif no_bodies:
        message = f"--no-bodies is for html; {name} holds no bodies"
        raise click.UsageError(message)
    else:
        _write(output, FORMATS[name](kind, _records(kind, store, wanted, sessions)))
    for problem in store.problems:
        complain(str(problem))


def _write(output: str, chunks: Iterator[bytes]) -> None:
    if output == "-":
        write_stream(sys.stdout.buffer, chunks)
    else:
        write_file(Path(output), chunks)


def _by_ending(output: str) -> str:
    ending = Path(output).suffix.removeprefix(".").lower()
    document = next((name for name, kind in DOCUMENTS.items() if ending in kind.endings), None)
    return document or (ending if ending in FORMATS else "json")


def _whole(
    store: Records, wanted: CallFilter, sessions: tuple[str, ...], *, bodies: bool
) -> Iterator[WholeSession]:
    for session, _ in select(store, wanted, sessions):
        said = store.ledger.bodies(session.session_id) if bodies else None
        yield WholeSession(session.session_id, session.calls, said)


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
