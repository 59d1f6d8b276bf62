"""LiteLLM's `off_peak_pricing` as windows of a schedule.

The form: https://github.com/BerriAI/litellm/blob/main/model_prices_and_context_window.json
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal

from sessiontap.pricing.public.amounts import amount
from sessiontap.pricing.public.fields import read_field
from sessiontap.pricing.rates import Change
from sessiontap.pricing.schedule import Window
from sessiontap.untrusted import JsonObject, items, objects

MIDNIGHT = 24 * 60
EVERY_DAY = frozenset(range(7))
_HOURS = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])-([01][0-9]|2[0-4]):([0-5][0-9])")
_MONDAY = 1


def off_peak(stated: JsonObject, rates: Mapping[str, Decimal]) -> tuple[Window, ...] | None:
    """The windows in which `rates`, USD per million tokens, are cheaper; None for what we cannot express."""
    factors: dict[str, Decimal] = {}
    for key, value in stated.items():
        rate, field = amount(value, 1_000_000), read_field(key)
        if rate is None or field is None or field.above is not None or field.service_tier is not None:
            continue
        whole = rates.get(field.token_class)
        if not whole:
            return None
        factors[field.token_class] = rate / whole
    windows = tuple(_windows(stated, Change(factors, {})))
    return windows if factors and windows and stated.get("weekday_timezone") in {None, "UTC"} else None


def _windows(stated: JsonObject, change: Change) -> Iterator[Window]:
    for each in objects(stated, "windows"):
        hours = each.get("hours_utc")
        days = items(each, "weekdays")
        named = frozenset(
            day - _MONDAY for day in days if isinstance(day, int) and _MONDAY <= day <= len(EVERY_DAY)
        )
        for text in hours if isinstance(hours, list) else [hours]:
            found = _HOURS.fullmatch(text) if isinstance(text, str) else None
            if found is not None:
                start, end = int(found[1]) * 60 + int(found[2]), int(found[3]) * 60 + int(found[4])
                yield Window(named or EVERY_DAY, start, end or MIDNIGHT, change)
