"""`sessiontap verify`: every line of the store read, what is damaged named, and repaired on demand."""

from __future__ import annotations

import sys
from dataclasses import asdict, dataclass, field
from pathlib import Path

import click

from sessiontap.cli.chosen import chosen_folders, path_text
from sessiontap.cli.main import Failure, complain
from sessiontap.cli.options import SESSIONS_COUNTED_BACK, home_option, json_option, session_texts
from sessiontap.cli.progress import progress
from sessiontap.store.repair import Repaired, repair
from sessiontap.store.verify import Finding, Totals, verify_folder
from sessiontap.views.numbers import counted, size


@dataclass(slots=True)
class _Outcome:
    """What was found, and done."""

    totals: Totals = field(default_factory=Totals)
    findings: list[Finding] = field(default_factory=list)
    repaired: list[Repaired] = field(default_factory=list)
    failed: list[tuple[Path, str]] = field(default_factory=list)
    """The files that could not be repaired, and why."""


@click.command("verify", context_settings=SESSIONS_COUNTED_BACK)
@click.argument("sessions", metavar="[ID]...", nargs=-1, callback=session_texts)
@click.option("--repair", "repairing", is_flag=True, help="Take damaged lines out, and keep them aside.")
@json_option
@home_option
def verify(sessions: tuple[str, ...], home: Path, *, repairing: bool, as_json: bool) -> None:
    """Read every line of the store, and name what is damaged.

    ID is a session as `sessiontap show` takes it; without one, all sessions. With --repair the good lines
    stay, a record that is whole within a damaged line is taken out of it, and the damaged lines go into a
    file beside: FILE.damaged-TIME.

    Exit codes: 0 without damage, 1 with some, repaired or not.

    \b
    Examples:
      sessiontap verify
      sessiontap verify -1
      sessiontap verify --repair
      sessiontap verify --json | jq '.findings[] | select(.severity == "damage")'
    """  # noqa: D301 - \b is click's mark for lines that stay as they are
    outcome = _Outcome()
    totals = outcome.totals
    folders = chosen_folders(home, sessions)
    with progress(
        lambda: f"stopped after {counted(totals.files, 'file')}; the others are left", quiet=as_json
    ) as step:
        for folder in folders:
            step(f"{counted(totals.files, 'file')} read, {size(totals.bytes)}")
            found = list(verify_folder(folder, totals))
            outcome.findings.extend(found)
            if repairing:
                # Only what stands on a line: there is nothing to take out of a file that cannot be read.
                for path in dict.fromkeys(each.path for each in found if each.line is not None):
                    _repair(path, outcome)
    if as_json:
        _print_json(outcome)
    else:
        _print_lines(outcome)
    for path, reason in outcome.failed:
        complain(f"{path}: cannot be repaired: {reason}")
    if totals.damaged:
        raise Failure(_summary(outcome, repairing=repairing))


def _repair(path: Path, outcome: _Outcome) -> None:
    try:
        done = repair(path)
    except OSError as error:
        outcome.failed.append((path, error.strerror or str(error)))
        return
    if done is not None:
        outcome.repaired.append(done)


def _summary(outcome: _Outcome, *, repairing: bool) -> str:
    damaged = outcome.totals.damaged
    found = f"{damaged:,} damaged place{'s' * (damaged != 1)} found"
    lines = sum(each.line is not None for each in outcome.findings)
    if not repairing:
        return f"{found}; --repair takes damaged lines out and keeps them aside" if lines else found
    recovered = sum(each.recovered for each in outcome.repaired)
    done = f"{counted(sum(each.damaged for each in outcome.repaired), 'line')} set aside"
    more = f", {counted(recovered, 'document')} recovered" if recovered else ""
    left = damaged - lines
    return f"{found}; {done}{more}{f'; {left:,} that no repair can help' if left else ''}"


def _print_lines(outcome: _Outcome) -> None:
    from sessiontap.views.console import console, show
    from sessiontap.views.verified import found_line, totals_lines

    for finding in outcome.findings:
        click.echo(found_line(finding))
    terminal = console(sys.stdout)
    show(terminal, totals_lines(outcome.totals, terminal.width))
    for each in outcome.repaired:
        click.echo(f"Set aside: {each.aside}")


def _print_json(outcome: _Outcome) -> None:
    import msgspec

    found = {
        **asdict(outcome.totals),
        "findings": [{**asdict(each), "path": path_text(each.path)} for each in outcome.findings],
        "repaired": [
            {
                "path": path_text(each.path),
                "aside": path_text(each.aside),
                "lines": each.damaged,
                "bytes": each.bytes,
                "recovered": each.recovered,
            }
            for each in outcome.repaired
        ],
        "failed": [{"path": path_text(path), "reason": reason} for path, reason in outcome.failed],
    }
    sys.stdout.buffer.write(msgspec.json.encode(found) + b"\n")
