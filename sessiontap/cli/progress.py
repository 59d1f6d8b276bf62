"""How far a long command has come: told on a terminal while it runs, and once where Ctrl-C ends it."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator

from sessiontap.cli.main import complain


@contextlib.contextmanager
def progress(stopped: Callable[[], str], *, quiet: bool = False) -> Iterator[Callable[[str], None]]:
    """Gives what shows a line on stderr; `stopped` is the line that is said of an end by Ctrl-C."""
    with contextlib.ExitStack() as stack:
        update: Callable[[str], None] | None = None
        if sys.stderr.isatty() and not quiet:
            from sessiontap.views.console import console

            # The spinner of letters alone: the terminal may have no others.
            update = stack.enter_context(console(sys.stderr).status("", spinner="line")).update

        def step(text: str) -> None:
            if update is not None:
                update(text)

        try:
            yield step
        except KeyboardInterrupt:
            stack.close()
            complain(stopped())
            raise
