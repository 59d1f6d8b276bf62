"""A proxy in the terminal: where to point clients, below it mitmdump's own log, until somebody ends it."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Iterator

import click

from sessiontap.cli.main import Failure
from sessiontap.launch.started import StartedProxy
from sessiontap.views.safe_text import safe

_ENDED_BY = (signal.SIGINT, signal.SIGTERM)
_WIDEST = 100_000


def show_until_ended(started: StartedProxy) -> None:
    """Returns when mitmdump has ended and all that it said is shown.

    Ctrl-C and SIGTERM end it in order: that is how a proxy ends, and no failure. Raises Failure where it has
    ended by itself, with another exit status than 0.
    """
    click.echo(where(started))
    with _asked_to_end(started) as asked:
        for line in started.follow():
            click.echo(safe(line, _WIDEST))
        status = started.wait()
    if status and not asked.is_set():
        message = f"mitmdump has ended by itself (exit status {status}); its last lines may say why"
        raise Failure(message)


def where(started: StartedProxy) -> str:
    """What the user is to do next."""
    from sessiontap.providers.named import base_urls

    lines = [
        f"Recording to {started.home}. Ctrl-C ends it.",
        f"  HTTPS_PROXY={started.url}, and trust {started.ca_file}",
        f"  for what knows no proxy, base URLs: {', '.join(base_urls(started.url))} …",
        *(f"  {mode}: http://127.0.0.1:{port}" for mode, port in started.ports.items() if ":" in mode),
        "`sessiontap run -- COMMAND` does without; for a proxy of --detach `sessiontap env` prints that.",
    ]
    return "\n".join((*map(safe, lines), ""))


@contextlib.contextmanager
def _asked_to_end(started: StartedProxy) -> Iterator[threading.Event]:
    """Has signals end mitmdump, and not this process, which still shows its last lines."""
    asked = threading.Event()

    def end(_number: int, _frame: object) -> None:
        if not asked.is_set():
            asked.set()
            # In a thread, because it waits, and what is waited for has yet to be shown.
            threading.Thread(target=started.stop, name="stop").start()

    before = {each: signal.signal(each, end) for each in _ENDED_BY}
    try:
        yield asked
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)
