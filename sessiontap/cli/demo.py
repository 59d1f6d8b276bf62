"""`sessiontap demo`: a real proxied run, without a key and without a network, shown as a session."""

from __future__ import annotations

import contextlib
import shlex
import signal
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from types import FrameType

import click

from sessiontap.cli.options import json_option
from sessiontap.cli.show import show
from sessiontap.settings import home_folder

_STOPPED_BY = (signal.SIGINT, signal.SIGTERM)


@click.command("demo")
@click.option(
    "--keep",
    is_flag=True,
    help="Record into $SESSIONTAP_HOME, else ~/.sessiontap, not into a folder that is removed.",
)
@click.option("--home", metavar="FOLDER", default=None, help="Record into this folder and keep it.")
@json_option
@click.pass_context
def demo(ctx: click.Context, home: str | None, *, keep: bool, as_json: bool) -> None:
    """Watch a small agent become a session: no key, no network.

    Starts a real mitmdump with the addon, a local double of three providers behind it, and an agent
    that makes ten calls; then shows what was recorded, as `sessiontap show` does.

    \b
    Examples:
      sessiontap demo
      sessiontap demo --keep
      sessiontap demo --json
    """  # noqa: D301 - \b is click's mark for lines that stay as they are
    kept = keep or home is not None
    with _ended_by_signals(), tempfile.TemporaryDirectory(prefix="sessiontap-demo-") as scratch:
        records = home_folder(home or "") if kept else Path(scratch, "home")
        _make_writable(records)
        session_id = _run(records, Path(scratch))
        ctx.invoke(show, session=session_id, home=records, as_json=as_json)
    if not as_json:
        click.echo("\n" + _what_next(session_id, records if home is not None else None, kept=kept))


def _make_writable(home: Path) -> None:
    """Raises OSError for a home that cannot be written: mitmdump would go on and record nothing."""
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    with tempfile.TemporaryFile(dir=home):
        pass


def _run(home: Path, scratch: Path) -> str:
    """The demonstration itself, its progress on stderr."""
    from sessiontap.demo.progress import ProgressLines
    from sessiontap.demo.run import run_demo
    from sessiontap.demo.script import HOSTS
    from sessiontap.views.console import console

    click.echo(f"Starting mitmdump with the addon, before a double of {', '.join(HOSTS)}.\n", err=True)
    with ProgressLines(console(sys.stderr)) as lines:
        session_id = run_demo(home=home, scratch=scratch, watcher=lines.update)
    click.echo(err=True)
    return session_id


def _what_next(session_id: str, home: Path | None, *, kept: bool) -> str:
    """The commands to look further; `home` only where they must name it."""
    if not kept:
        return "The records were in a temporary folder, now removed. To keep them:\n  sessiontap demo --keep"
    where = "" if home is None else f" --home {shlex.quote(str(home))}"
    return "\n".join(
        (
            "Look further:",
            f"  sessiontap list{where}",
            f"  sessiontap show {session_id}{where}",
            f"  sessiontap export --session {session_id} --what calls --format csv{where}",
        )
    )


@contextlib.contextmanager
def _ended_by_signals() -> Iterator[None]:
    """Makes Ctrl-C and SIGTERM end the body once, in order; more of them must not cut the tidying short."""
    if threading.current_thread() is not threading.main_thread():
        yield  # only the main thread may set handlers
        return

    def end(number: int, _frame: FrameType | None) -> None:
        for each in _STOPPED_BY:
            signal.signal(each, signal.SIG_IGN)
        if number == signal.SIGINT:
            raise KeyboardInterrupt
        sys.exit(128 + number)

    before = {each: signal.signal(each, end) for each in _STOPPED_BY}
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)
