from __future__ import annotations

import pytest

from sessiontap.times import parse_when

NOW = 1_795_464_000.5  # 2026-11-23T20:00:00.5Z


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("45s", "2026-11-23T19:59:15.500Z"),
        ("30m", "2026-11-23T19:30:00.500Z"),
        ("2h", "2026-11-23T18:00:00.500Z"),
        ("7d", "2026-11-16T20:00:00.500Z"),
        ("2 w", "2026-11-09T20:00:00.500Z"),
        ("0s", "2026-11-23T20:00:00.500Z"),
        ("2026-11-01", "2026-11-01T00:00:00.000Z"),
        ("2026-11-01T12:30", "2026-11-01T12:30:00.000Z"),
        ("2026-11-01 12:30:15.25", "2026-11-01T12:30:15.250Z"),
        ("2026-11-01T12:30:00+02:00", "2026-11-01T10:30:00.000Z"),
        (" 2026-11-01T12:30:00Z ", "2026-11-01T12:30:00.000Z"),
    ],
)
def test_times_as_people_type_them(text: str, moment: str) -> None:
    """A time ago counts back from now; a day is its midnight; without a zone it is UTC."""
    assert parse_when(text, NOW) == moment


@pytest.mark.parametrize("text", ["", "soon", "7", "7y", "-7d", "999999999w", "2026-13-01", "²d", "1.5h"])
def test_what_is_no_time_says_what_is(text: str) -> None:
    """The error quotes the value and lists what is allowed."""
    with pytest.raises(
        ValueError, match="is no time; allowed is a time ago such as 30m, 2h, 7d or 2w, a day"
    ):
        parse_when(text, NOW)
