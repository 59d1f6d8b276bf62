"""`sessiontap diff`: two sessions side by side."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from sessiontap.cli.main import complain
from sessiontap.cli.options import SESSIONS_COUNTED_BACK, home_option, json_option, session_text
from sessiontap.cli.progress import progress
from sessiontap.cli.stored import find_session, open_store
from sessiontap.sessions.compare import differs


@click.command("diff", context_settings=SESSIONS_COUNTED_BACK)
@click.argument("first", metavar="A", callback=session_text)
@click.argument("second", metavar="B", callback=session_text)
@click.option("--no-replies", is_flag=True, help="Figures only: what was replied is not compared.")
@click.option("--full", is_flag=True, help="The whole difference of each reply.")
@click.option("--exit-code", is_flag=True, help="End with 1 where calls or replies differ.")
@json_option
@home_option
def diff(
    first: str, second: str, home: Path, *, no_replies: bool, full: bool, exit_code: bool, as_json: bool
) -> None:
    """Compare two sessions: cost, tokens, time, and what was replied.

    A and B are sessions as for show: an id, the beginning of one, a name, -1 for the newest. Calls are
    matched by path and by what they were asked, whichever the model, and else by their order.

    \b
    Examples:
      sessiontap diff -2 -1
      sessiontap diff 'nightly build' -1 --no-replies
      sessiontap diff 9f3b 4711 --json | jq .totals
    """  # noqa: D301 - \b is click's mark for lines that stay as they are
    store = open_store(home)
    one, other = find_session(store, first), find_session(store, second)
    from sessiontap.export.compared import Side, compared

    before, after = (
        Side(each.calls, None if no_replies else store.ledger.bodies(each.session_id))
        for each in (one, other)
    )
    with progress(lambda: "the comparison was not finished") as step:
        found, replies, faults = compared(
            before, after, step=lambda done, of: step(f"{done:,} of {of:,} calls")
        )
    for fault in faults:
        complain(fault)
    if as_json:
        from sessiontap.export.comparison_json import comparison_json

        sys.stdout.buffer.write(comparison_json(found, (one.session_id, other.session_id), replies) + b"\n")
    else:
        from sessiontap.sessions.rollup import summarize
        from sessiontap.views.comparison import comparison
        from sessiontap.views.console import console, show

        terminal = console(sys.stdout)
        titles = tuple(
            summarize(each.session_id, each.calls).name or each.session_id or "calls without a session"
            for each in (one, other)
        )
        show(terminal, comparison(found, (titles[0], titles[1]), terminal.width, replies=replies, full=full))
    for problem in store.problems:
        complain(str(problem))
    if exit_code and (any(map(differs, found.pairs)) or any((replies or {}).values())):
        raise click.exceptions.Exit(1)
