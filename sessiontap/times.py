"""Times as the record has them (RFC 3339, UTC, milliseconds), and as people type them."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_AGO = re.compile(r"(\d{1,9})\s*([smhdw])")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
_ALLOWED = "a time ago such as 30m, 2h, 7d or 2w, a day such as 2026-11-01, or RFC 3339"


def rfc3339(epoch_s: float) -> str:
    """Seconds since the epoch as `2026-11-23T20:00:00.000Z`; a fraction of a millisecond is cut off."""
    # To whole microseconds first: 1.001 s is 1000.9999… ms as a float.
    milliseconds = round(epoch_s * 1_000_000) // 1000
    moment = _EPOCH + timedelta(milliseconds=milliseconds)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def epoch_ms(stamp: str) -> int:
    """Milliseconds since the epoch of an RFC 3339 time; raises ValueError for anything else."""
    moment = datetime.fromisoformat(stamp)
    if moment.tzinfo is None:
        message = f"{stamp!r} has no time zone"
        raise ValueError(message)
    return round(moment.timestamp() * 1000)


def parse_when(text: str, now: float) -> str:
    """The time that a person means, as the record has it; `now` is seconds since the epoch.

    `7d` is a time ago; a day is its midnight, UTC; a time without a zone is UTC. Raises ValueError, saying
    what is allowed.
    """
    message = f"{text!r} is no time; allowed is {_ALLOWED}"
    ago = _AGO.fullmatch(text.strip())
    try:
        if ago:
            return rfc3339(now - int(ago[1]) * _SECONDS[ago[2]])
        moment = datetime.fromisoformat(text.strip())
        aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return rfc3339(aware.timestamp())
    except (ValueError, OverflowError, OSError) as error:
        raise ValueError(message) from error


def is_day(text: str) -> bool:
    """Whether a text is a day as `2026-11-23`."""
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def days_from(first: str, last: str) -> list[str]:
    """Each day from the first to the last, `2026-11-23`. Raises ValueError for what is no day."""
    start, end = date.fromisoformat(first), date.fromisoformat(last)
    return [(start + timedelta(days=number)).isoformat() for number in range((end - start).days + 1)]
