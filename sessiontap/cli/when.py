"""Times as people type them: `7d`, `2h`, `2026-11-01`, RFC 3339; UTC unless they say otherwise."""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime

import click

from sessiontap.times import rfc3339

_AGO = re.compile(r"(\d{1,9})\s*([smhdw])")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}

ALLOWED = "a time ago such as 30m, 2h, 7d or 2w, a day such as 2026-11-01, or RFC 3339"


def parse_when(text: str, now: float) -> str:
    """The time as the record has it (RFC 3339, UTC, milliseconds); `now` is seconds since the epoch.

    A day is its midnight, UTC; a time without a zone is UTC. Raises ValueError, saying what is allowed.
    """
    message = f"{text!r} is no time; allowed is {ALLOWED}"
    ago = _AGO.fullmatch(text.strip())
    try:
        if ago:
            return rfc3339(now - int(ago[1]) * _SECONDS[ago[2]])
        moment = datetime.fromisoformat(text.strip())
        aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return rfc3339(aware.timestamp())
    except (ValueError, OverflowError, OSError) as error:
        raise ValueError(message) from error


def when(ctx: click.Context, param: click.Parameter, value: str | None) -> str | None:
    """The callback of an option that takes a time: `parse_when`, and anything else is wrong usage."""
    if value is None:
        return None
    try:
        return parse_when(value, time.time())
    except ValueError as error:
        raise click.BadParameter(str(error), ctx, param) from error
