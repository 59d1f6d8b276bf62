"""Numbers for people: money, tokens, durations, times. None is shown as `-`, never as 0."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import ROUND_HALF_EVEN, Decimal

from sessiontap.call import is_amount
from sessiontap.times import epoch_ms
from sessiontap.usage import Usage

UNKNOWN = "-"

_SMALLEST = Decimal("0.000001")
_LARGEST = Decimal(10) ** 12

_KILO = 1000
_MILLION, _BILLION, _TRILLION = 10**6, 10**9, 10**12
_SECOND_MS = 1000
_SIXTY_SECONDS_MS = 59_950
"""From here on one decimal would round to `60.0 s`."""
_HOUR_S = 3600
_DAY_MIN = 24 * 60


def money(usd: Decimal | None) -> str:
    """US dollars with enough digits to see a sub-cent cost: `$1,234.50`, `$0.0123`, `$0.000123`."""
    if usd is None or not is_amount(usd):
        return UNKNOWN
    sign, amount = ("-" if usd < 0 else ""), abs(usd)
    if amount == 0:
        return "$0.00"
    if amount < _SMALLEST:
        return f"{sign}<${_SMALLEST}"
    if amount >= _LARGEST:
        return f"{sign}${amount:.2E}"
    if amount >= 1:
        places = 2
    elif amount >= Decimal("0.01"):
        places = 4
    else:
        places = 6
    rounded = amount.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_EVEN)
    return f"{sign}${rounded:,f}"


def cost(usd: Decimal | None, unpriced_calls: int) -> str:
    """A cost that says what it leaves out: `$0.0123 +1 unpriced`, `1 unpriced`, `-`."""
    if not unpriced_calls:
        return money(usd)
    if usd is None:
        return f"{unpriced_calls:,} unpriced"
    return f"{money(usd)} +{unpriced_calls:,} unpriced"


def tokens(number: int | None) -> str:
    """`12,345` up to a million, then `1.2M`, `1.2B`, `1.2T`."""
    if number is None:
        return UNKNOWN
    if number < _MILLION:
        return f"{number:,}"
    if number < _BILLION - _MILLION // 20:
        return f"{number / _MILLION:.1f}M"
    if number < _TRILLION - _BILLION // 20:
        return f"{number / _BILLION:.1f}B"
    return f"{number / _TRILLION:,.1f}T"


def duration(ms: int | None) -> str:
    """`340 ms`, `2.3 s`, `1m 05s`, `2h 03m`, `1d 02h`."""
    if ms is None:
        return UNKNOWN
    if ms < _SECOND_MS:
        return f"{ms} ms"
    if ms < _SIXTY_SECONDS_MS:
        return f"{ms / 1000:.1f} s"
    seconds = round(ms / 1000)
    if seconds < _HOUR_S:
        return f"{seconds // 60}m {seconds % 60:02}s"
    minutes = seconds // 60
    if minutes < _DAY_MIN:
        return f"{minutes // 60}h {minutes % 60:02}m"
    hours = minutes // 60
    return f"{hours // 24:,}d {hours % 24:02}h"


def moment(stamp: str | None, style: str = "%Y-%m-%d %H:%M:%S") -> str:
    """A record's time in UTC; `style` as for strftime."""
    if stamp is None:
        return UNKNOWN
    try:
        return datetime.fromtimestamp(epoch_ms(stamp) / 1000, UTC).strftime(style)
    except (ValueError, OverflowError, OSError):
        return UNKNOWN


def size(number: int) -> str:
    """Bytes as `0 B`, `512 B`, `1.2 kB`, `3.4 MB`, `5.6 GB`; 1,000 of each make the next."""
    if number < _KILO:
        return f"{number} B"
    amount = float(number)
    for unit in ("kB", "MB", "GB"):
        amount /= _KILO
        # Not 1000.0 kB: from here on one decimal would round to the next unit.
        if amount < _KILO - 0.05:
            return f"{amount:.1f} {unit}"
    return f"{amount / _KILO:,.1f} TB"


def counted(number: int, noun: str) -> str:
    """`1 call`, `2 calls`."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def tokens_in(usage: Usage) -> str:
    """`12,345 in (50 % cached)`."""
    read = usage.cache_read_input_tokens
    cached = f" ({share(read, usage.input_tokens)} cached)" if read else ""
    return f"{tokens(usage.input_tokens)} in{cached}"


def share(part: int | None, whole: int | None) -> str:
    """`36 %`; `-` where one of the two is not known, or there is nothing to have a part of."""
    return UNKNOWN if part is None or not whole else f"{100 * part / whole:.0f} %"
