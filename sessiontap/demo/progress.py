"""The agent's calls on a terminal while they are made: a line each, that fills as tokens come.

Where the output is no terminal, each call is printed once, when it has ended.
"""

from __future__ import annotations

import threading
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from sessiontap.demo.agent import CallProgress
from sessiontap.views.console import draws_lines

_MARKS = {
    # For each state: its sign, the word where the output cannot hold the sign, its style.
    "waiting": ("…", "..", "dim"),
    "streaming": ("…", "..", "cyan"),
    "retrying": ("↻", "re", "yellow"),
    "ok": ("✓", "ok", "green"),
    "failed": ("✗", "no", "red"),
}


class ProgressLines:
    """Shows the calls while `with` lasts; `update` is the agent's watcher and may come from any thread."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._signs = draws_lines(console)
        self._lock = threading.Lock()
        self._calls: dict[int, CallProgress] = {}
        self._live = Live(console=console, refresh_per_second=15) if console.is_terminal else None

    def update(self, progress: CallProgress) -> None:
        """Takes the newest state of one call."""
        with self._lock:
            self._calls[progress.number] = progress
            if self._live is not None:
                self._live.update(self._table(self._calls))
            elif progress.state in {"ok", "failed", "retrying"}:
                self._console.print(self._table({progress.number: progress}))

    def __enter__(self) -> Self:
        if self._live is not None:
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live is not None:
            self._live.stop()

    def _table(self, calls: dict[int, CallProgress]) -> Table:
        table = Table.grid(padding=(0, 2))
        # Fixed widths: a table that is printed line by line must still stand in columns.
        table.add_column(width=1 if self._signs else 2)
        table.add_column(width=26, no_wrap=True)
        table.add_column(width=25, no_wrap=True)
        table.add_column(no_wrap=True)
        for _, call in sorted(calls.items()):
            sign, word, style = _MARKS[call.state]
            table.add_row(
                Text(sign if self._signs else word, style),
                Text(call.path),
                Text(call.model, "dim"),
                Text(_said(call)),
            )
        return table


def _said(call: CallProgress) -> str:
    """The last column: tokens, as far as they are known."""
    if call.state == "ok":
        again = ", 2nd attempt" if call.attempt else ""
        return f"{_number(call.input_tokens)} in, {_number(call.output_tokens)} out{again}"
    if call.note:
        return call.note
    return f"{call.events} events" if call.events else "sent"


def _number(count: int | None) -> str:
    return "?" if count is None else f"{count:,}"
