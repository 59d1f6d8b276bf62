"""Options of the commands that send calls through a proxy: which proxy, and what may be spent."""

from __future__ import annotations

import shlex
import tempfile
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import TypeVar

import click

from sessiontap.cli.options import confdir_option

R = TypeVar("R")

MITMDUMP_VARIABLE = "SESSIONTAP_MITMDUMP"


def dollars(ctx: click.Context, param: click.Parameter, value: str | None) -> Decimal | None:
    """The callback of an option that is an amount; BadParameter for what is none, and for nothing."""
    if value is None:
        return None
    from sessiontap.identity import amount

    found = amount(value.removeprefix("$"))
    if not found:
        message = f"{value!r} is no amount; write US dollars above zero and below a billion, such as 2.50"
        raise click.BadParameter(message, ctx, param)
    return found


def proxy_options(command: Callable[..., R]) -> Callable[..., R]:
    """Adds `--port`, `--confdir`, `--mitmdump`; the command gets `port`, `confdir` and `arguments`."""
    for option in (
        click.option(
            "--mitmdump",
            "arguments",
            metavar="ARGS",
            default="",
            envvar=MITMDUMP_VARIABLE,
            callback=_words,
            help=f"More arguments for mitmdump, in one text.  [default: ${MITMDUMP_VARIABLE}]",
        ),
        confdir_option("Where mitmproxy keeps its CA."),
        click.option(
            "--port",
            type=click.IntRange(1, 65535),
            metavar="N",
            help="The proxy at this port of 127.0.0.1, started there where none is.  [default: the home's"
            " background proxy, else one of its own at a free port]",
        ),
    ):
        command = option(command)
    return command


def make_writable(home: Path) -> None:
    """Raises OSError for a home that cannot be written: the proxy would go on and record nothing."""
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    with tempfile.TemporaryFile(dir=home):
        pass


def _words(ctx: click.Context, param: click.Parameter, value: str) -> tuple[str, ...]:
    try:
        return tuple(shlex.split(value))
    except ValueError as error:
        message = f"{value!r} cannot be taken apart ({error}); quote as for a shell"
        raise click.BadParameter(message, ctx, param) from error
