"""The formats of `sessiontap export` that are documents about whole sessions."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from types import MappingProxyType
from typing import NamedTuple, TypeAlias

import click

from sessiontap.export.document import Document, WholeSession
from sessiontap.sessions.filters import CallFilter

Step: TypeAlias = Callable[[str], None]
"""Shows how far a command has come."""


class Kind(NamedTuple):
    """One kind of document."""

    endings: tuple[str, ...]
    """Of files that are such a document where nothing else is said."""
    several: bool
    """It may be about several sessions."""
    bodies: bool
    """It holds what was said."""


DOCUMENTS: Mapping[str, Kind] = MappingProxyType(
    {
        "html": Kind(("html", "htm"), several=False, bodies=True),
        "markdown": Kind(("md", "markdown"), several=True, bodies=False),
        "chrome-trace": Kind((), several=True, bodies=False),
    }
)
"""A new document: its line here, and in `_writer`."""


def write_document(name: str, sessions: Iterator[WholeSession], step: Step) -> Iterator[bytes]:
    """The document in chunks; `step` shows how far it has come. Raises UsageError for too many sessions."""
    found = list(sessions)
    if len(found) > 1 and not DOCUMENTS[name].several:
        message = f"{name} is about one session, and {len(found)} were chosen; name it with --session"
        raise click.UsageError(message)
    if not found:
        message = f"--format {name}: no session was chosen; `sessiontap list` shows them"
        raise click.UsageError(message)
    return _writer(name, step)(iter(found))


def check_chosen(name: str, sessions: tuple[str, ...], wanted: CallFilter, *, what_given: bool) -> None:
    """Raises UsageError where a document is asked for in a way that means nothing."""
    if what_given:
        message = f"--what is for json, jsonl and csv; {name} is about whole sessions"
        raise click.UsageError(message)
    if not sessions and wanted == CallFilter():
        message = f"--format {name} is about a session: name it with --session ID, where -1 is the newest"
        raise click.UsageError(message)


def _writer(name: str, step: Step) -> Document:
    # Late: a format costs what it needs and no other.
    if name == "markdown":
        from sessiontap.export.markdown_format import markdown

        return markdown
    if name == "chrome-trace":
        from sessiontap.export.chrome_trace import chrome_trace

        return partial(chrome_trace, now_ms=round(time.time() * 1000))
    from sessiontap.web.report import html_report

    def write(sessions: Iterator[WholeSession]) -> Iterator[bytes]:
        def told(done: int, of: int) -> None:
            step(f"{done:,} of {of:,} calls")

        return html_report(next(sessions), progress=told)

    return write
