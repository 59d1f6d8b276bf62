"""Hours with other rates, in UTC: when a window holds, and how a price file says it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from sessiontap.pricing.changes import factors_in
from sessiontap.pricing.rates import Change
from sessiontap.pricing.section import Section, keys

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_KEYS = keys("days", "hours", "x")
_HOURS = re.compile(r"([01][0-9]|2[0-4]):([0-5][0-9])-([01][0-9]|2[0-4]):([0-5][0-9])")
_DAY_MINUTES = 24 * 60


@dataclass(frozen=True, slots=True)
class Window:
    """Hours of some days of the week. A window past midnight belongs to the day on which it begins."""

    days: frozenset[int]
    """0 is Monday."""
    start: int
    """Minutes from midnight UTC; the first that is in."""
    end: int
    """The first that is out; not after `start` where the window ends on the next day."""
    change: Change

    def holds(self, at_ms: int) -> bool:
        """True at a moment in milliseconds since the epoch."""
        days, minute = divmod(at_ms // 60_000, _DAY_MINUTES)
        today = (days + 3) % 7  # the epoch was a Thursday
        if self.start < self.end:
            return self.start <= minute < self.end and today in self.days
        if minute >= self.start:
            return today in self.days
        return minute < self.end and (today - 1) % 7 in self.days


def read_schedule(section: Section) -> tuple[Window, ...] | None:
    """The windows under `schedule`; None where there is none. Raises PricingError for a mistake."""
    listed = section.sections("schedule")
    return None if listed is None else tuple(_window(each) for each in listed)


def _window(section: Section) -> Window:
    section.only(_KEYS)
    for key in ("hours", "x"):
        if key not in section.names:
            section.fault(None, f"no {key!r}; allowed is {{days: mon-fri, hours: 01:00-04:00, x: 2}}")
    hours = _HOURS.fullmatch(section.text("hours") or "")
    start, end = (int(hours[1]) * 60 + int(hours[2]), int(hours[3]) * 60 + int(hours[4])) if hours else (0, 0)
    if hours is None or max(start, end) > _DAY_MINUTES or start == end:
        section.fault("hours", "allowed are two times of the day in UTC, such as 01:00-04:00")
    return Window(_days(section), start, end, Change(factors_in(section), {}))


def _days(section: Section) -> frozenset[int]:
    text = section.text("days")
    if text is None:
        return frozenset(range(7))
    first, _, last = text.partition("-")
    if first not in DAYS or (last or first) not in DAYS:
        section.fault("days", f"allowed is a day or two, such as mon-fri, of {', '.join(DAYS)}")
    start, end = DAYS.index(first), DAYS.index(last or first)
    return frozenset((start + n) % 7 for n in range((end - start) % 7 + 1))
