"""Times as the record has them: RFC 3339, UTC, milliseconds."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


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
