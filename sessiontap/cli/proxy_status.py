"""`sessiontap proxy status`: whether a background proxy runs for a home."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from sessiontap.cli.options import home_option, json_option
from sessiontap.views.safe_text import safe

if TYPE_CHECKING:
    from sessiontap.launch.shared import SharedProxy

NOT_RUNNING = 3


@click.command("status")
@json_option
@home_option
@click.pass_context
def status(ctx: click.Context, home: Path, *, as_json: bool) -> None:
    """Say whether a background proxy runs, and where.

    Exit code 0 where one runs, 3 where none does.

    \b
    Examples:
      sessiontap proxy status
      sessiontap proxy status --json | jq -r .url
    """  # noqa: D301 - \b is click's mark for lines that stay as they are
    from sessiontap.launch.shared import left_behind, shared_proxy

    running = shared_proxy(home)
    # Read once more only where it does not run: what it left says how it ended.
    former = left_behind(home) if running is None else None
    if as_json:
        import msgspec

        click.echo(
            msgspec.json.format(msgspec.json.encode(_record(home, running, former)), indent=2).decode()
        )
    else:
        click.echo("\n".join(safe(line) for line in _lines(home, running, former)))
    if running is None:
        ctx.exit(NOT_RUNNING)


def _record(home: Path, running: SharedProxy | None, former: SharedProxy | None) -> dict[str, object]:
    from sessiontap.providers.named import HOSTS

    return {
        "running": running is not None,
        "home": str(home),
        "log": str(home / "proxy.log"),
        "url": running and running.url,
        "base_urls": running and {name: f"{running.url}/{name}" for name in HOSTS},
        "port": running and running.port,
        "pid": running and running.pid,
        "ca_file": running and str(running.ca_file),
        "started_at": running and running.started_at,
        "version": running and running.version,
        "died": None if former is None else {"pid": former.pid, "started_at": former.started_at},
    }


def _lines(home: Path, running: SharedProxy | None, former: SharedProxy | None) -> list[str]:
    if running is not None:
        from sessiontap.providers.named import base_urls

        return [
            f"running   {running.url}",
            f"base URLs {', '.join(base_urls(running.url))} …",
            f"pid       {running.pid}, since {running.started_at}",
            f"version   {running.version}",
            f"home      {home}",
            f"CA        {running.ca_file}",
            f"log       {home / 'proxy.log'}",
        ]
    lines = [f"No background proxy runs for {home}."]
    if former is not None:
        lines.append(
            f"The last one (pid {former.pid}, since {former.started_at}) ended without a word, killed or with"
            f" its machine; see {home / 'proxy.log'}."
        )
    return lines
