"""`sessiontap prune`: old sessions, or their bodies, removed."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import click

from sessiontap.cli.chosen import path_text
from sessiontap.cli.main import Failure, complain
from sessiontap.cli.options import filter_options, home_option, json_option
from sessiontap.cli.progress import progress
from sessiontap.cli.when import when
from sessiontap.sessions.filters import CallFilter
from sessiontap.store.prune import Left, Stored, due, remove, survey
from sessiontap.times import rfc3339
from sessiontap.views.numbers import counted, size

_DAY_S = 86_400
_NOBODY = "stdin is no terminal, so nobody can be asked; --yes removes without asking, --dry-run only shows"


@dataclass(slots=True)
class _Outcome:
    """What became of the sessions that were due."""

    removed: list[Stored] = field(default_factory=list)
    left: list[Left] = field(default_factory=list)


@click.command("prune")
@click.option(
    "--older-than",
    metavar="TIME",
    callback=when,
    help="Sessions without activity since then: 90d, 12h or 2w ago, a day such as 2026-11-01, or RFC 3339.",
)
@click.option(
    "--keep",
    type=click.IntRange(min=0),
    metavar="N",
    help="Never the N that were active last; all the others.",
)
@click.option("--bodies-only", is_flag=True, help="Remove only prompts and replies; calls and cost stay.")
@click.option("--dry-run", is_flag=True, help="Remove nothing; only show what would go.")
@click.option("--yes", "-y", is_flag=True, help="Do not ask.")
@filter_options
@json_option
@home_option
@click.pass_context
def prune(
    ctx: click.Context,
    *,
    older_than: str | None,
    keep: int | None,
    bodies_only: bool,
    dry_run: bool,
    yes: bool,
    wanted: CallFilter,
    as_json: bool,
    home: Path,
) -> None:
    """Remove old sessions.

    Shows what is to go, with its size, and asks. --older-than and --keep together remove what both mean.
    A filter narrows: meant are only sessions with a call that meets it, and --keep counts those. Never
    removed is a session with a call under way that began within a day.

    \b
    Examples:
      sessiontap prune --older-than 90d --dry-run
      sessiontap prune --older-than 30d --bodies-only
      sessiontap prune --keep 500 --yes
      sessiontap prune --keep 10 --name 'nightly*'
    """  # noqa: D301 - \b is click's mark for lines that stay as they are
    if older_than is None and keep is None:
        message = "say what is to go: --older-than TIME, --keep N, or both (--dry-run shows it)"
        raise click.UsageError(message, ctx)
    ask = not (yes or dry_run)
    if ask and not sys.stdin.isatty():
        raise Failure(_NOBODY)
    sessions, left = _looked_at(home, wanted, quiet=as_json)
    going, busy = due(sessions, before=older_than, keep=keep, running_after=rfc3339(time.time() - _DAY_S))
    outcome = _Outcome(left=[*left, *busy])
    if bodies_only:
        going = [session for session in going if session.body_bytes]
    if not as_json:
        _print_table(going, _bytes(bodies_only=bodies_only), home)
    what = f"{'the bodies of ' * bodies_only}{_told(going)}"
    meant = bool(going) and not dry_run and (not ask or click.confirm(f"Remove {what}?", err=True))
    if meant:
        _remove(going, outcome, bodies_only=bodies_only, quiet=as_json)
    if as_json:
        _print_json(going, outcome, dry_run=dry_run, bodies_only=bodies_only)
    elif meant:
        freed = sum(map(_bytes(bodies_only=bodies_only), outcome.removed))
        click.echo(f"Removed {'the bodies of ' * bodies_only}{_told(outcome.removed)}, {size(freed)}.")
    elif going:
        click.echo(f"Nothing was removed{': --dry-run' * dry_run}.")
    _tell(outcome.left)


def _tell(left: list[Left]) -> None:
    """A line for each thing that is left; raises Failure where one of them was to go."""
    for each in left:
        complain(f"{each.path}: {each.reason}")
    failed = sum(each.failed for each in left)
    if failed:
        message = f"{counted(failed, 'session')} could not be removed"
        raise Failure(message)


def _looked_at(home: Path, wanted: CallFilter, *, quiet: bool) -> tuple[list[Stored], list[Left]]:
    sessions: list[Stored] = []
    left: list[Left] = []
    with progress(lambda: "stopped after looking at the sessions; nothing is removed", quiet=quiet) as step:
        for found in survey(home, wanted.matching):
            if isinstance(found, Left):
                left.append(found)
            else:
                sessions.append(found)
            step(f"{counted(len(sessions), 'session')} looked at")
    return sessions, left


def _remove(going: list[Stored], outcome: _Outcome, *, bodies_only: bool, quiet: bool) -> None:
    """Oldest first, so that Ctrl-C leaves the newer ones."""
    with progress(
        lambda: f"stopped after {_told(outcome.removed)} removed; the others are left", quiet=quiet
    ) as step:
        for session in reversed(going):
            removed, left = remove(session, bodies_only=bodies_only)
            if removed:
                outcome.removed.append(session)
            outcome.left.extend(left)
            step(f"{_told(outcome.removed)} removed")


def _told(sessions: list[Stored]) -> str:
    return counted(len(sessions), "session")


def _bytes(*, bodies_only: bool) -> Callable[[Stored], int]:
    """What a session frees."""
    return lambda session: session.body_bytes if bodies_only else session.bytes


def _print_table(going: list[Stored], bytes_of: Callable[[Stored], int], home: Path) -> None:
    if not going:
        click.echo(f"Nothing in {home} is to go.")
        return
    from sessiontap.views.console import console, show
    from sessiontap.views.prune_list import prune_list

    terminal = console(sys.stdout)
    show(terminal, prune_list([(session, bytes_of(session)) for session in going], terminal.width))


def _print_json(going: list[Stored], outcome: _Outcome, *, dry_run: bool, bodies_only: bool) -> None:
    import msgspec

    bytes_of = _bytes(bodies_only=bodies_only)
    gone = {session.folder for session in outcome.removed}
    sessions: list[dict[str, Any]] = [
        {
            "session_id": session.session_id,
            "name": session.name,
            "folder": path_text(session.folder),
            "last_activity": session.last_activity,
            "calls": session.calls,
            "bytes": bytes_of(session),
            "removed": session.folder in gone,
        }
        for session in going
    ]
    found = {
        "dry_run": dry_run,
        "bodies_only": bodies_only,
        "sessions": sessions,
        "bytes": sum(map(bytes_of, going)),
        "bytes_removed": sum(map(bytes_of, outcome.removed)),
        "left": [
            {"path": path_text(each.path), "reason": each.reason, "failed": each.failed}
            for each in outcome.left
        ],
    }
    sys.stdout.buffer.write(msgspec.json.encode(found) + b"\n")
