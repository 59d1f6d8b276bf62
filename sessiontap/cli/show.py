"""`sessiontap show`: one session as a tree, or what was said in it."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sessiontap.cli.main import complain
from sessiontap.cli.options import SESSIONS_COUNTED_BACK, home_option, json_option, session_text
from sessiontap.cli.show_messages import MessageView, message_options, show_messages
from sessiontap.cli.stored import find_session, open_store
from sessiontap.sessions.rollup import SessionSummary, summarize
from sessiontap.sessions.tree import build_tree

if TYPE_CHECKING:
    from sessiontap.store.ledger import StoredSession


@click.command("show", context_settings=SESSIONS_COUNTED_BACK)
@click.argument("session", metavar="ID", callback=session_text)
@click.option("--timeline", is_flag=True, help="The calls to scale, so that what ran at once is seen.")
@click.option("--stats", is_flag=True, help="Figures: speed, cost by model, path and tool, context, cache.")
@message_options
@json_option
@home_option
def show(
    session: str, home: Path, *, timeline: bool, stats: bool, view: MessageView | None, as_json: bool
) -> None:
    """Show one session as a tree of paths and calls.

    ID is the session's id, the beginning of it, its name, or -1 for the newest session, -2 for the
    one before. Folders show what everything below them comes to; `~` marks a streamed reply.

    \b
    Examples:
      sessiontap show -1
      sessiontap show 9f3b
      sessiontap show 'triage ticket 4711' --json
      sessiontap show -1 --timeline --stats
      sessiontap show -1 --messages
      sessiontap show -1 --call 3 --full
    """  # noqa: D301 - \b is click's mark for lines that stay as they are
    store = open_store(home)
    found = find_session(store, session)
    if view is not None and (timeline or stats):
        message = "--timeline and --stats show figures; ask for what was said in a command of its own"
        raise click.UsageError(message)
    if view is not None:
        show_messages(store, found, view, as_json=as_json)
        for problem in store.problems:
            complain(str(problem))
        return
    if as_json:
        _print_json(found, timeline=timeline, stats=stats)
    else:
        _print(found, timeline=timeline, stats=stats)
    for problem in store.problems:
        complain(str(problem))


def _print_json(found: StoredSession, *, timeline: bool, stats: bool) -> None:
    summary = summarize(found.session_id, found.calls)
    if timeline or stats:
        from sessiontap.export.figures_json import figures_json
        from sessiontap.sessions.statistics import statistics
        from sessiontap.sessions.timeline import timeline as timeline_of

        drawn = timeline_of(found.calls, now_ms=_now_ms(summary)) if timeline else None
        text = figures_json(summary, drawn, statistics(found.calls) if stats else None)
    else:
        from sessiontap.export.tree_json import tree_json

        text = tree_json(summary, build_tree(found.calls))
    sys.stdout.buffer.write(text + b"\n")


def _print(found: StoredSession, *, timeline: bool, stats: bool) -> None:
    """The tree; or its head, and the views that were asked for instead."""
    from sessiontap.views.console import console, draws_lines
    from sessiontap.views.console import show as print_lines

    terminal = console(sys.stdout)
    width, ascii_only = terminal.width, not draws_lines(terminal)
    summary = summarize(found.session_id, found.calls)
    if not (timeline or stats):
        from sessiontap.views.session_tree import session_tree

        root = build_tree(found.calls)
        print_lines(terminal, session_tree(summary, root, width, ascii_only=ascii_only))
        return
    from rich.text import Text

    from sessiontap.views.session_head import session_head

    print_lines(terminal, session_head(summary, width))
    if timeline:
        from sessiontap.views.timeline import session_timeline

        drawn = session_timeline(found.calls, width, now_ms=_now_ms(summary), ascii_only=ascii_only)
        print_lines(terminal, (Text(), *drawn))
    if stats:
        from sessiontap.sessions.statistics import statistics
        from sessiontap.views.session_statistics import session_statistics

        lines = session_statistics(statistics(found.calls), width, ascii_only=ascii_only)
        print_lines(terminal, (Text(), *lines))


def _now_ms(summary: SessionSummary) -> int | None:
    """Until when calls under way have lasted; None where there are none."""
    return round(time.time() * 1000) if summary.running else None
