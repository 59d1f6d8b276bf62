"""Times as the record has them: RFC 3339, UTC, milliseconds."""

from __future__ import annotations

from datetime import UTC, datetime


def rfc3339(epoch_s: float) -> str:
    """Seconds since the epoch as `2026-11-23T20:00:00.000Z`; milliseconds are cut, not rounded."""
    moment = datetime.fromtimestamp(int(epoch_s * 1000) / 1000, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def epoch_ms(stamp: str) -> int:
    """Milliseconds since the epoch of an RFC 3339 time; raises ValueError for anything else."""
    moment = datetime.fromisoformat(stamp)
    if moment.tzinfo is None:
        message = f"{stamp!r} has no time zone"
        raise ValueError(message)
    return round(moment.timestamp() * 1000)
