"""`sessiontap watch`: what is under way, as it happens."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import click

from sessiontap.catalog import CallEvent, Watcher
from sessiontap.cli.keys import keys
from sessiontap.cli.options import SESSIONS_COUNTED_BACK, home_option
from sessiontap.cli.stored import open_store

INTERVAL_S = 1.0
WITHIN_MIN = 5.0


@click.command("watch", context_settings=SESSIONS_COUNTED_BACK)
@click.option("--session", metavar="ID", help="Only this session: its id, the start of it, its name, or -1.")
@click.option(
    "--within",
    type=click.FloatRange(min=0),
    default=WITHIN_MIN,
    show_default=True,
    metavar="MINUTES",
    help="How long after its last call a session is in progress.",
)
@click.option(
    "--interval",
    type=click.FloatRange(min=0.1),
    default=INTERVAL_S,
    show_default=True,
    metavar="SECONDS",
    help="How often to look.",
)
@click.option("--lines", is_flag=True, help="A line for each call that begins or ends, as in a pipe.")
@click.option("--json", "as_json", is_flag=True, help="The same as JSON Lines: event, and the call's record.")
@home_option
def watch(
    session: str | None, within: float, interval: float, home: Path, *, lines: bool, as_json: bool
) -> None:
    """Watch sessions as they happen.

    Shows the sessions in progress, the calls that run and for how long, tokens and cost as they come, and the
    last errors. It reads what a proxy in another process records. q or Ctrl-C leaves.

    Into a pipe, a line is printed for each call as it begins and as it ends.

    \b
    Examples:
      sessiontap watch
      sessiontap watch --session -1
      sessiontap watch --lines | tee calls.log
      sessiontap watch --json | jq 'select(.event == "ended") | .call.cost_usd'
    """  # noqa: D301 - \b is click's mark for lines that stay as they are
    key = None if session is None else open_store(home).cataloged(session).key
    watcher = Watcher(home, within_ms=round(within * 60_000), key=key)
    if as_json or lines or not sys.stdout.isatty():
        _print_events(watcher, interval, as_json=as_json)
    else:
        _draw(watcher, interval)


def _print_events(watcher: Watcher, interval: float, *, as_json: bool) -> None:
    """Until Ctrl-C, or nobody reads any more."""
    if as_json:
        from sessiontap.export.record import json_of

        def write(event: CallEvent) -> None:
            sys.stdout.buffer.write(json_of({"event": event.kind, "call": event.call}) + b"\n")
            sys.stdout.buffer.flush()
    else:
        from sessiontap.views.console import console, show
        from sessiontap.views.watch import event_line

        terminal = console(sys.stdout)

        def write(event: CallEvent) -> None:
            show(terminal, [event_line(event)])
            sys.stdout.flush()

    while True:
        for event in watcher.look(_now_ms()).events:
            write(event)
        time.sleep(interval)


def _draw(watcher: Watcher, interval: float) -> None:
    """Until q or Ctrl-C; the screen is then as it was."""
    from rich.console import Group
    from rich.live import Live

    from sessiontap.views.console import console
    from sessiontap.views.watch import watch_screen

    terminal = console(sys.stdout)
    with keys() as pressed, Live(console=terminal, screen=True, auto_refresh=False) as live:
        while True:
            watched = watcher.look(_now_ms())
            width, height = terminal.size
            live.update(Group(*watch_screen(watched, width, height)), refresh=True)
            end = time.monotonic() + interval
            while (left := end - time.monotonic()) > 0:
                if (pressed.wait(left) or "").lower() == "q":
                    return


def _now_ms() -> int:
    return round(time.time() * 1000)
