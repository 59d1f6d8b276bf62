"""`sessiontap compact`: journals rewritten with one line a document."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from sessiontap.cli.chosen import chosen_folders, path_text
from sessiontap.cli.main import Failure, complain
from sessiontap.cli.options import SESSIONS_COUNTED_BACK, home_option, json_option, session_texts
from sessiontap.cli.progress import progress
from sessiontap.store.compaction import Shrunk, compact_folder
from sessiontap.views.numbers import counted


@click.command("compact", context_settings=SESSIONS_COUNTED_BACK)
@click.argument("sessions", metavar="[ID]...", nargs=-1, callback=session_texts)
@json_option
@home_option
def compact(sessions: tuple[str, ...], home: Path, *, as_json: bool) -> None:
    """Make the files of sessions smaller.

    Every call is written when it starts, when it ends and when its price changes; this keeps its last
    version alone. ID is a session as `sessiontap show` takes it; without one, all sessions. A file with
    nothing to gain is left alone, and so is one with something in it that cannot be read.

    \b
    Examples:
      sessiontap compact
      sessiontap compact -1
      sessiontap compact --json | jq .bytes_after
    """  # noqa: D301 - \b is click's mark for lines that stay as they are
    done: list[Shrunk] = []
    folders = chosen_folders(home, sessions)
    with progress(
        lambda: f"stopped after {counted(len(done), 'file')}; run it again for the others", quiet=as_json
    ) as step:
        for number, folder in enumerate(folders):
            step(f"{number:,} of {counted(len(folders), 'session')} looked at")
            done.extend(compact_folder(folder))
    if as_json:
        _print_json(done)
    elif done:
        _print_table(done)
    else:
        click.echo(f"No sessions in {home} yet.")
    for one in done:
        if one.skipped:
            complain(f"{one.path}: {one.skipped}")
    failed = sum(one.failed for one in done)
    if failed:
        message = f"{counted(failed, 'file')} could not be compacted"
        raise Failure(message)


def _print_table(done: list[Shrunk]) -> None:
    from sessiontap.views.compact_list import Row, compact_list
    from sessiontap.views.console import console, show

    sizes: dict[str, tuple[int, int]] = {}
    for one in done:
        before, after = sizes.get(one.path.parent.name, (0, 0))
        sizes[one.path.parent.name] = (before + one.bytes_before, after + one.bytes_after)
    terminal = console(sys.stdout)
    show(terminal, compact_list([Row(key, *both) for key, both in sizes.items()], terminal.width))


def _print_json(done: list[Shrunk]) -> None:
    import msgspec

    found = {
        "bytes_before": sum(one.bytes_before for one in done),
        "bytes_after": sum(one.bytes_after for one in done),
        "files": [
            {
                "path": path_text(one.path),
                "bytes_before": one.bytes_before,
                "bytes_after": one.bytes_after,
                "skipped": one.skipped or None,
                "failed": one.failed,
            }
            for one in done
        ],
    }
    sys.stdout.buffer.write(msgspec.json.encode(found) + b"\n")
