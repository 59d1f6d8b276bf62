from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from sessiontap.times import epoch_ms, rfc3339

SECONDS = st.floats(0, 4e9)


@given(SECONDS)
def test_a_time_is_utc_with_milliseconds(epoch_s: float) -> None:
    """The text has one form and names the same millisecond, never a later one."""
    stamp = rfc3339(epoch_s)
    moment = datetime.strptime(stamp, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=UTC)
    assert len(stamp) == len("2026-11-23T20:00:00.000Z")
    assert timedelta(0) <= datetime.fromtimestamp(epoch_s, UTC) - moment <= timedelta(milliseconds=1)


@given(SECONDS, SECONDS)
def test_times_sort_as_text(first: float, second: float) -> None:
    """An earlier time is never a greater text."""
    earlier, later = sorted((first, second))
    assert rfc3339(earlier) <= rfc3339(later)


@given(st.integers(0, 4 * 10**12))
@example(1001)
def test_a_stamp_reads_back_as_its_milliseconds(milliseconds: int) -> None:
    """Milliseconds as written come back, whole."""
    moment = datetime.fromtimestamp(milliseconds // 1000, UTC) + timedelta(milliseconds=milliseconds % 1000)
    stamp = moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    assert epoch_ms(stamp) == milliseconds


@given(SECONDS)
def test_writing_a_time_that_was_read_changes_nothing(epoch_s: float) -> None:
    """A stamp read and written again is the same, although floats are binary."""
    stamp = rfc3339(epoch_s)
    assert rfc3339(epoch_ms(stamp) / 1000) == stamp


@pytest.mark.parametrize(
    ("stamp", "expected"),
    [
        ("1970-01-01T00:00:00.000Z", 0),
        ("1970-01-01T01:00:00+01:00", 0),
        ("2026-11-23T20:00:00.123Z", 1_795_464_000_123),
        ("2026-11-23T20:00:00Z", 1_795_464_000_000),
    ],
)
def test_times_of_others_are_read(stamp: str, expected: int) -> None:
    """Any offset and any precision that RFC 3339 allows."""
    assert epoch_ms(stamp) == expected


@pytest.mark.parametrize(
    "stamp", ["", "yesterday", "2026-11-23", "2026-11-23T20:00:00", "2026-13-01T00:00:00Z"]
)
def test_what_names_no_moment_is_refused(stamp: str) -> None:
    """A time without a zone, or none at all, is a ValueError."""
    with pytest.raises(ValueError, match=r".+"):
        epoch_ms(stamp)
