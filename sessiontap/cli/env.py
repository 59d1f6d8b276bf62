"""`sessiontap env`: the variables for the user's shell, in that shell's words."""

from __future__ import annotations

import os
from pathlib import Path

import click

from sessiontap.cli.main import Failure
from sessiontap.cli.options import home_option
from sessiontap.launch.shells import SHELLS, Shell, detected, statements


@click.command("env")
@click.option("--session", metavar="ID", help="What is called from this shell is this session.")
@click.option("--name", metavar="NAME", help="Its name.  [default: the id]")
@click.option("--unset", is_flag=True, help="Print what gives the shell its former variables back.")
@click.option(
    "--shell", type=click.Choice(SHELLS), help="Whose words to print.  [default: the shell that asks]"
)
@home_option
def env(session: str | None, name: str | None, shell: Shell | None, home: Path, *, unset: bool) -> None:
    """Print the variables that send a shell through the home's proxy.

    For the background proxy that `sessiontap proxy --detach` starts; none is started here. In fish:
    `sessiontap env | source`; in PowerShell: `sessiontap env | Out-String | Invoke-Expression`.

    \b
    Examples:
      sessiontap env
      eval "$(sessiontap env)"
      eval "$(sessiontap env --session ticket-4711 --name 'Support triage')"
      eval "$(sessiontap env --unset)"
    """  # noqa: D301 - \b is click's mark for lines that stay as they are
    from sessiontap.launch import environment
    from sessiontap.launch.bundle import write_bundle
    from sessiontap.launch.session import proxy_url, proxy_user
    from sessiontap.launch.shared import shared_proxy

    if name and not session:
        message = "--name names a session; give its --session ID too"
        raise click.UsageError(message)
    chosen = shell or detected(os.environ)
    if unset:
        former = environment.replaced(os.environ)
        taken_back = {**former, environment.REPLACED_VARIABLE: None} if former else {}
        _print(statements(chosen, taken_back))
        return
    proxy = shared_proxy(home)
    if proxy is None:
        message = f"no background proxy runs for {home}; start one: sessiontap proxy --detach"
        raise Failure(message)
    before = environment.before(os.environ)
    bundle = write_bundle(home, proxy.ca_file, before)
    # A name always: urllib sends no user without a password.
    user = proxy_user(session, name=name or session) if session else None
    variables = environment.client_environment(proxy_url(proxy.port, user), bundle, proxy.ca_file, before)
    # What an earlier `env` or a `run` around this shell has set, and this one does not.
    gone = {key: value for key, value in environment.replaced(os.environ).items() if key not in variables}
    _print(statements(chosen, {**gone, **variables}))


def _print(text: str) -> None:
    """Byte by byte as the environment has it: paths need not be text."""
    click.echo(os.fsencode(text), nl=False)
