"""What `sessiontap run` says when its command has ended: the proxy's complaints, and the receipt."""

from __future__ import annotations

import contextlib
import os
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple

import click

from sessiontap.settings import home_folder

if TYPE_CHECKING:
    from sessiontap.launch.joined import RunProxy
    from sessiontap.views.receipt import Receipt

ReceiptForm = Literal["text", "json", "none"]

_ADDON = "sessiontap: "
_NO_WARNINGS = ("recording to ", "playing back ")
_MOST_WARNINGS = 3


class Ran(NamedTuple):
    """A run that has ended."""

    session_id: str
    begun: str
    wall_ms: int
    exit_code: int


class Played(NamedTuple):
    """The session that is played back."""

    session_id: str | None
    name: str
    """Of the run."""


def look_back(
    proxy: RunProxy, ran: Ran, given: Mapping[str, str], played: Played | None
) -> tuple[list[str], Receipt]:
    """What the proxy had to complain of, and the receipt. A proxy of our own has ended then."""
    from sessiontap.launch.heartbeat import ask
    from sessiontap.launch.recorded import calls_since, likely_causes, sessions_since
    from sessiontap.sessions.rollup import summarize
    from sessiontap.store.notes import Notes
    from sessiontap.views.receipt import Receipt, played_back

    calls = calls_since(proxy.home, ran.session_id, ran.begun)
    beat = ask(proxy.port)
    troubles = [f"nothing can be recorded: {beat.trouble}"] if beat is not None and beat.trouble else []
    if proxy.own is not None:
        proxy.own.stop()
        troubles += _warnings(proxy.own.log)
        if any(call.status == "running" for call in calls):
            calls = calls_since(proxy.home, ran.session_id, ran.begun, settle_s=0)
    causes: Sequence[str] = ()
    if not calls:
        refused = [each for each in beat.refused if each.last_at >= ran.begun] if beat is not None else []
        causes = tuple(likely_causes(given, refused, sessions_since(proxy.home, ran.begun)))
    receipt = Receipt(
        summary=summarize(ran.session_id, calls),
        wall_ms=ran.wall_ms,
        exit_code=ran.exit_code,
        causes=causes,
        budgets=[note for note in Notes(proxy.home).get(ran.session_id).budgets if note.at >= ran.begun],
        playback=None if played is None else played_back(played.session_id, calls),
        home_option="" if proxy.home == home_folder("") else f" --home {shlex.quote(str(proxy.home))}",
    )
    return troubles, receipt


def _warnings(log: str) -> list[str]:
    """What the addon warned of, without what it says at every start."""
    said = [line.removeprefix(_ADDON) for line in log.splitlines() if line.startswith(_ADDON)]
    return [line for line in said if not line.startswith(_NO_WARNINGS)][:_MOST_WARNINGS]


def deliver(receipt: Receipt, form: ReceiptForm, file: Path | None, *, quiet: bool) -> None:
    """Prints the receipt, or writes it. A terminal that has gone away by now is no fault of the command's."""
    from sessiontap.views.receipt import receipt_json, receipt_text

    text = receipt_text(receipt) if form == "text" else receipt_json(receipt).decode() + "\n"
    if file is not None:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as opened:
            opened.write(text)
    elif not quiet:
        with contextlib.suppress(OSError):
            click.echo(("\n" if form == "text" else "") + text, err=True, nl=False)
