"""`sessiontap search`: the messages that hold a text, across sessions."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sessiontap.cli.main import complain
from sessiontap.cli.options import filter_options, home_option, json_option
from sessiontap.cli.progress import progress
from sessiontap.cli.stored import Records, choose, open_store
from sessiontap.errors import StoreError
from sessiontap.sessions.filters import CallFilter
from sessiontap.views.numbers import counted

if TYPE_CHECKING:
    from collections.abc import Callable

    from sessiontap.call import Call
    from sessiontap.catalog import CatalogSession
    from sessiontap.conversation.searching import Found
    from sessiontap.store.needle import Needle

TABLE_CALLS = 50
"""How many calls are shown, where nothing else is said."""


@dataclass(frozen=True, slots=True)
class _Sought:
    """What is looked for."""

    calls: CallFilter
    pattern: re.Pattern[str]
    needle: Needle | None
    """None where stored bytes cannot tell."""


@dataclass(frozen=True, slots=True)
class Hit:
    """A call, and where in its new messages the text stands."""

    session_id: str | None
    session_name: str | None
    call: Call
    number: int
    found: list[Found]


@click.command("search")
@click.argument("text", metavar="TEXT")
@click.option("--case", is_flag=True, help="Upper and lower case differ.")
@click.option("--regex", is_flag=True, help="TEXT is a regular expression; every message is read then.")
@filter_options
@click.option(
    "--limit",
    "-n",
    type=click.IntRange(min=1),
    metavar="N",
    help=f"Stop after N calls.  [default: {TABLE_CALLS}, all in JSON]",
)
@click.option("--all", "everything", is_flag=True, help="All of them.")
@json_option
@home_option
def search(
    text: str,
    wanted: CallFilter,
    limit: int | None,
    home: Path,
    *,
    case: bool,
    regex: bool,
    everything: bool,
    as_json: bool,
) -> None:
    """Find the calls whose messages hold TEXT, newest first.

    Looks through what was said, by whomever: instructions, words, thinking, tool calls with their
    arguments, and what tools gave. A message that later calls repeat is found once, in the call that
    brought it. Upper and lower case are the same without --case.

    \b
    Examples:
      sessiontap search 'connection refused'
      sessiontap search TODO --case --since 7d --model 'claude-*'
      sessiontap search --regex 'exit code [1-9]' -n 5
      sessiontap search 'connection refused' --json | jq '.[].call_id'
    """  # noqa: D301 - \b is click's mark for lines that stay as they are
    from sessiontap.conversation.searching import pattern_of
    from sessiontap.store.needle import Needle

    if not text:
        message = "an empty text stands everywhere; give one to look for"
        raise click.UsageError(message)
    if everything and limit is not None:
        message = "--all and --limit exclude each other"
        raise click.UsageError(message)
    try:
        pattern = pattern_of(text, case=case, regex=regex)
    except re.error as error:
        message = f"{text!r} is no regular expression: {error}"
        raise click.UsageError(message) from error
    store = open_store(home)
    sought = _Sought(wanted, pattern, None if regex else Needle(text, case=case))
    most = limit if limit is not None or everything or as_json else TABLE_CALLS
    told = _Told()
    with progress(lambda: f"stopped after {counted(told.looked, 'session')}", quiet=as_json) as step:
        hits = _hits(store, sought, told, step)
        if as_json:
            _print_json(hits, most)
        else:
            _print_hits(hits, most)
    for problem in [*told.problems, *map(str, store.problems)]:
        complain(problem)


class _Told:
    """What is to be said beside the hits."""

    def __init__(self) -> None:
        self.looked = 0
        self.problems: list[str] = []


def _hits(
    store: Records,
    sought: _Sought,
    told: _Told,
    step: Callable[[str], None],
) -> Iterator[Hit]:
    """One session in memory at a time: the one with the newest call first, in it the newest calls first."""
    sessions = sorted(choose(store, sought.calls), key=_newest, reverse=True)
    for session in sessions:
        step(f"{told.looked:,} of {counted(len(sessions), 'session')} looked through")
        try:
            yield from reversed(_hits_of(store, session, sought))
        except StoreError as error:
            told.problems.append(str(error))
        told.looked += 1


def _newest(session: CatalogSession) -> tuple[str, str]:
    return session.totals.ended_at or session.totals.started_at or "", session.key


def _hits_of(
    store: Records,
    session: CatalogSession,
    sought: _Sought,
) -> list[Hit]:
    from sessiontap.conversation.searching import found_in
    from sessiontap.conversation.turns import Turns
    from sessiontap.store.body_search import BodySearch

    bodies = store.ledger.bodies(session.session_id)
    if not len(bodies):
        return []
    calls = store.ledger.calls(session.session_id)
    matching = {call.call_id for call in sought.calls.matching(calls)}
    looking = None if sought.needle is None else BodySearch(bodies, sought.needle)
    turns, hits = Turns(), []
    for number, call in enumerate(calls, 1):
        if looking is not None and not looking.may_be_new_in(call.call_id):
            continue
        # Also where the filter leaves it out: what it brought is not new in a later one.
        found = list(found_in(turns.feed(call, bodies.get(call.call_id)), sought.pattern))
        if found and call.call_id in matching:
            hits.append(Hit(session.session_id, session.totals.name, call, number, found))
    return hits


def _print_hits(hits: Iterator[Hit], most: int | None) -> None:
    from sessiontap.views.console import console, draws_lines, show
    from sessiontap.views.search_hits import hit_lines

    terminal = console(sys.stdout)
    ascii_only, plain = not draws_lines(terminal), terminal.no_color or terminal.color_system is None
    shown = 0
    for hit in hits:
        if shown == most:
            click.echo(f"The first {counted(shown, 'call')}; --all shows all of them, --limit more.")
            return
        if shown:
            click.echo()
        shown += 1
        title = hit.session_name or hit.session_id
        lines = hit_lines(
            title, hit.call, hit.number, hit.found, terminal.width, ascii_only=ascii_only, plain=plain
        )
        show(terminal, lines)
        sys.stdout.flush()
    if not shown:
        click.echo("No message holds that.")


def _print_json(hits: Iterator[Hit], most: int | None) -> None:
    import json

    out = sys.stdout.buffer
    before = b"["
    for shown, hit in enumerate(hits):
        if shown == most:
            break
        found = [
            {
                "side": each.side,
                "role": each.role,
                "kind": each.kind,
                "before": each.before,
                "match": each.match,
                "after": each.after,
                "times": each.times,
            }
            for each in hit.found
        ]
        call = hit.call
        said = {
            "session_id": hit.session_id,
            "session_name": hit.session_name,
            "call_id": call.call_id,
            "number": hit.number,
            "session_path": call.session_path,
            "model": call.model,
            "started_at": call.started_at,
            "found": found,
        }
        out.write(before + json.dumps(said, ensure_ascii=False).encode("utf-8", "replace"))
        out.flush()
        before = b",\n"
    out.write(b"[]\n" if before == b"[" else b"]\n")
