"""`sessiontap proxy stop`: ends the background proxy of a home."""

from __future__ import annotations

from pathlib import Path

import click

from sessiontap.cli.options import home_option


@click.command("stop")
@home_option
def stop(home: Path) -> None:
    """End the background proxy, and wait until it is gone.

    Calls under way are cut; those that have ended are on disk. Where none runs, that is said, with exit
    code 0.

    \b
    Examples:
      sessiontap proxy stop
      sessiontap proxy stop --home /srv/records
    """  # noqa: D301 - \b is click's mark for lines that stay as they are
    from sessiontap.launch.shared import stop as stop_shared

    ended = stop_shared(home)
    if ended is None:
        click.echo(f"No background proxy runs for {home}.")
    else:
        click.echo(f"The proxy on {ended.url} (pid {ended.pid}) has ended.")
