"""The callback of options that take a time."""

from __future__ import annotations

import time

import click

from sessiontap.times import parse_when


def when(ctx: click.Context, param: click.Parameter, value: str | None) -> str | None:
    """`parse_when`; what is no time is wrong usage."""
    if value is None:
        return None
    try:
        return parse_when(value, time.time())
    except ValueError as error:
        raise click.BadParameter(str(error), ctx, param) from error
