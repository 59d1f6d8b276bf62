"""`sessiontap show`: one session as a tree, or what was said in it."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from sessiontap.cli.main import complain
from sessiontap.cli.options import SESSIONS_COUNTED_BACK, home_option, json_option, session_text
from sessiontap.cli.show_messages import MessageView, message_options, show_messages
from sessiontap.cli.stored import find_session, open_store
from sessiontap.sessions.rollup import summarize
from sessiontap.sessions.tree import build_tree


@click.command("show", context_settings=SESSIONS_COUNTED_BACK)
@click.argument("session", metavar="ID", callback=session_text)
@message_options
@json_option
@home_option
def show(session: str, home: Path, *, view: MessageView | None, as_json: bool) -> None:
    """Show one session as a tree of paths and calls.

    ID is the session's id, the beginning of it, its name, or -1 for the newest session, -2 for the
    one before. Folders show what everything below them comes to; `~` marks a streamed reply.

    \b
    Examples:
      sessiontap show -1
      sessiontap show 9f3b
      sessiontap show 'triage ticket 4711' --json
      sessiontap show -1 --messages
      sessiontap show -1 --call 3 --full
    """  # noqa: D301 - \b is click's mark for lines that stay as they are
    store = open_store(home)
    found = find_session(store, session)
    if view is not None:
        show_messages(store, found, view, as_json=as_json)
        for problem in store.problems:
            complain(str(problem))
        return
    summary, root = summarize(found.session_id, found.calls), build_tree(found.calls)
    if as_json:
        from sessiontap.export.tree_json import tree_json

        sys.stdout.buffer.write(tree_json(summary, root) + b"\n")
    else:
        from sessiontap.views.console import console, draws_lines
        from sessiontap.views.console import show as print_lines
        from sessiontap.views.session_tree import session_tree

        terminal = console(sys.stdout)
        ascii_only = not draws_lines(terminal)
        print_lines(terminal, session_tree(summary, root, terminal.width, ascii_only=ascii_only))
    for problem in store.problems:
        complain(str(problem))
