"""`sessiontap proxy`: mitmdump with the addon, in the terminal or in the background."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

import click
from click.core import ParameterSource

from sessiontap.cli.main import Entry, Failure, LazyGroup, complain
from sessiontap.cli.options import confdir_option, home_option

SUBCOMMANDS: Mapping[str, Entry] = MappingProxyType(
    {
        "stop": Entry(
            "sessiontap.cli.proxy_stop:stop", "End the background proxy, and wait until it is gone."
        ),
        "status": Entry(
            "sessiontap.cli.proxy_status:status", "Say whether a background proxy runs, and where."
        ),
    }
)
"""A new subcommand: its file, and its line here."""

_DEFAULT_PORT = 8080
_ARGUMENTS = "sessiontap.mitmdump_arguments"


class _ProxyGroup(LazyGroup):
    """A group that also is a command: what stands behind `--` is mitmdump's, and no subcommand."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Keeps mitmdump's arguments apart."""
        cut = args.index("--") if "--" in args else len(args)
        ctx.meta[_ARGUMENTS] = tuple(args[cut + 1 :])
        return super().parse_args(ctx, args[:cut])


@click.group(
    "proxy",
    cls=_ProxyGroup,
    places=SUBCOMMANDS,
    invoke_without_command=True,
    subcommand_metavar="[stop | status | -- MITMDUMP ARGUMENTS]",
)
@click.option(
    "--detach",
    is_flag=True,
    help="Start it in the background, one for this home; its log is proxy.log there.",
)
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    metavar="N",
    help=f"Listen here; 0 is any free port.  [default: {_DEFAULT_PORT}]",
)
@click.option(
    "--mode",
    "modes",
    multiple=True,
    metavar="MODE",
    help="One of mitmproxy's modes beside the proxy, such as reverse:https://api.openai.com, on a port of its"
    " own. Repeated: all of them.",
)
@confdir_option("Where mitmproxy's CA is, or is made.")
@home_option
@click.pass_context
def proxy(
    ctx: click.Context,
    port: int | None,
    modes: tuple[str, ...],
    confdir: Path | None,
    home: Path,
    *,
    detach: bool,
) -> None:
    """Record: mitmdump with the addon, on this machine only.

    Listens on 127.0.0.1; for another address give mitmdump --listen-host. The addon's options, and all of
    mitmdump's, stand behind `--`. Ctrl-C ends it.

    \b
    Examples:
      sessiontap proxy
      sessiontap proxy --port 9090 -- --set sessiontap_capture=text
      sessiontap proxy --detach
      sessiontap proxy status
      sessiontap proxy stop
    """  # noqa: D301 - \b is click's mark for lines that stay as they are
    arguments: tuple[str, ...] = ctx.meta[_ARGUMENTS]
    if ctx.invoked_subcommand is not None:
        _refuse_options(ctx, arguments)
    elif detach:
        _in_background(home, port, confdir, modes, arguments)
    else:
        _in_terminal(home, port, confdir, modes, arguments)


def _refuse_options(ctx: click.Context, arguments: tuple[str, ...]) -> None:
    """An option before `stop` would have no effect; it is wrong usage."""
    name = ctx.invoked_subcommand
    for param in ctx.command.params:
        if param.name and ctx.get_parameter_source(param.name) is ParameterSource.COMMANDLINE:
            message = f"{param.opts[0]} has no effect before {name}; options of {name} stand behind it"
            raise click.UsageError(message, ctx)
    if arguments:
        message = f"{name} takes no arguments for mitmdump"
        raise click.UsageError(message, ctx)


def _in_terminal(
    home: Path, port: int | None, confdir: Path | None, modes: tuple[str, ...], arguments: tuple[str, ...]
) -> None:
    from sessiontap.cli.proxy_terminal import show_until_ended
    from sessiontap.launch.shared import shared_proxy
    from sessiontap.launch.started import PortTakenError, start_proxy
    from sessiontap.store.appender import make_private_folder

    # mitmdump would go on and record nothing where there cannot be a home.
    make_private_folder(home)
    try:
        started = start_proxy(
            home=home,
            port=_DEFAULT_PORT if port is None else port,
            confdir=confdir,
            modes=modes,
            arguments=arguments,
        )
    except PortTakenError as error:
        shared = shared_proxy(home)
        if shared is None or shared.port != error.port:
            raise _taken(error) from error
        message = (
            f"port {error.port} is the background proxy's (pid {shared.pid}); `sessiontap proxy stop` ends"
            " that, --port 0 takes another"
        )
        raise Failure(message) from error
    with started:
        show_until_ended(started)


def _in_background(
    home: Path, port: int | None, confdir: Path | None, modes: tuple[str, ...], arguments: tuple[str, ...]
) -> None:
    from sessiontap.launch.shared import detach
    from sessiontap.launch.started import PortTakenError

    try:
        found = detach(
            home=home,
            port=_DEFAULT_PORT if port is None else port,
            confdir=confdir,
            modes=modes,
            arguments=arguments,
        )
    except PortTakenError as error:
        raise _taken(error) from error
    running = found.proxy
    if found.replaced is not None:
        dead = found.replaced
        complain(
            f"the former one (pid {dead.pid}) had ended without a word; its log is in {home / 'proxy.log'}"
        )
    if found.started:
        click.echo(
            f"A proxy runs in the background: {running.url}, pid {running.pid}, recording to {home}."
            " `sessiontap proxy stop` ends it."
        )
    elif port not in {None, 0, running.port}:
        message = f"the proxy of {home} runs on port {running.port} already; `sessiontap proxy stop` ends it"
        raise Failure(message)
    else:
        click.echo(f"A proxy runs already, as it was started: {running.url}, pid {running.pid}.")


def _taken(error: Exception) -> Failure:
    """The same, and what only this command can do about it."""
    return Failure(f"{error}; 0 is any free one")
