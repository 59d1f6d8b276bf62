"""Options that several commands share."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from types import MappingProxyType
from typing import TypeVar, get_args

import click

from sessiontap.call import Status
from sessiontap.cli.when import when
from sessiontap.sessions.filters import CallFilter
from sessiontap.settings import home_folder

R = TypeVar("R")


def home_option(command: Callable[..., R]) -> Callable[..., R]:
    """Adds `--home`; the command gets `home`, an absolute path."""
    return click.option(
        "--home",
        metavar="FOLDER",
        default="",
        callback=_home,
        help="Where the records are.  [default: $SESSIONTAP_HOME, else ~/.sessiontap]",
    )(command)


def _home(_ctx: click.Context, _param: click.Parameter, value: str) -> Path:
    return home_folder(value)


def confdir_option(what: str) -> Callable[[Callable[..., R]], Callable[..., R]]:
    """Adds `--confdir`, of which the help says `what` it is; the command gets `confdir`, a path or None."""
    return click.option(
        "--confdir",
        metavar="FOLDER",
        type=click.Path(file_okay=False, path_type=Path),
        help=f"{what}  [default: ~/.mitmproxy]",
    )


def json_option(command: Callable[..., R]) -> Callable[..., R]:
    """Adds `--json`; the command gets `as_json`."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")(command)


SESSIONS_COUNTED_BACK = MappingProxyType({"ignore_unknown_options": True})
"""The settings of a command whose argument is a session: `-1` is one; `session_text` refuses the others."""


def session_text(ctx: click.Context, param: click.Parameter, value: str) -> str:
    """The callback of an argument that names a session; an option that the command lacks is wrong usage."""
    if value.startswith("-") and not value[1:].isdecimal():
        raise click.NoSuchOption(
            value, possibilities=[name for known in ctx.command.params for name in known.opts], ctx=ctx
        )
    if not value:
        message = "an empty text names no session; `sessiontap list` shows them"
        raise click.BadParameter(message, ctx, param)
    return value


def session_texts(ctx: click.Context, param: click.Parameter, values: tuple[str, ...]) -> tuple[str, ...]:
    """The same for an argument that names several."""
    return tuple(session_text(ctx, param, value) for value in values)


def _properties(
    ctx: click.Context, param: click.Parameter, values: tuple[str, ...]
) -> tuple[tuple[str, str], ...]:
    pairs: list[tuple[str, str]] = []
    for text in values:
        key, equals, value = text.partition("=")
        if not key or not equals:
            message = f"{text!r} is no property; write it as KEY=VALUE"
            raise click.BadParameter(message, ctx, param)
        pairs.append((key, value))
    return tuple(pairs)


def filter_options(command: Callable[..., R]) -> Callable[..., R]:
    """Adds the filters; the command gets `wanted`, a CallFilter."""

    @functools.wraps(command)
    def with_filter(
        *args: object,
        since: str | None,
        until: str | None,
        name: tuple[str, ...],
        user: tuple[str, ...],
        model: tuple[str, ...],
        properties: tuple[tuple[str, str], ...],
        agent: tuple[str, ...],
        path: tuple[str, ...],
        status: tuple[Status, ...],
        **kwargs: object,
    ) -> R:
        wanted = CallFilter(
            since=since,
            until=until,
            names=name,
            users=user,
            models=model,
            properties=properties,
            agents=agent,
            paths=path,
            statuses=status,
        )
        return command(*args, wanted=wanted, **kwargs)

    decorated: Callable[..., R] = with_filter
    for option in (
        click.option(
            "--property",
            "properties",
            metavar="KEY=VALUE",
            callback=_properties,
            multiple=True,
            help="Calls with this property; repeated: with all of them.",
        ),
        click.option(
            "--model",
            metavar="NAME",
            multiple=True,
            help="Calls of this model; patterns such as 'gpt-5*' work. Repeated: any of them.",
        ),
        click.option(
            "--status",
            type=click.Choice(get_args(Status)),
            multiple=True,
            help="Calls that ended so. Repeated: any of them.",
        ),
        click.option(
            "--path",
            metavar="PATH",
            multiple=True,
            help="Calls of this path and below it; patterns work. Repeated: any of them.",
        ),
        click.option(
            "--agent",
            metavar="NAME",
            multiple=True,
            help="Calls of this agent, such as claude-cli or 'codex*'. Repeated: any of them.",
        ),
        click.option(
            "--user", metavar="ID", multiple=True, help="Calls of this user. Repeated: any of them."
        ),
        click.option(
            "--name",
            metavar="NAME",
            multiple=True,
            help="Sessions of this name; patterns such as 'triage*' work. Repeated: any of them.",
        ),
        click.option("--until", metavar="TIME", callback=when, help="Calls that started before this time."),
        click.option(
            "--since",
            metavar="TIME",
            callback=when,
            help="Calls that started at this time or later: 30m, 2h, 7d or 2w ago, a day such as"
            " 2026-11-01 (midnight UTC), or RFC 3339.",
        ),
    ):
        decorated = option(decorated)
    return decorated
