"""Amounts in the public tables, exactly as they are written."""

from __future__ import annotations

import re
from decimal import Decimal, localcontext

from sessiontap.pricing.rates import EXACT

_MOST = Decimal(10**9)
_LEAST = Decimal(10) ** -18
_TEXT = re.compile(r"[0-9]{1,12}(\.[0-9]{1,30})?")


def amount(value: object, scale: Decimal | int = 1) -> Decimal | None:
    """A JSON number >= 0, or its text, times `scale`; None for anything else and for what no price can be.

    Floats must have been read as Decimal. A price is below a billion, and zero or at least 1e-18.
    """
    if isinstance(value, str) and _TEXT.fullmatch(value):
        value = Decimal(value)
    if isinstance(value, bool) or not isinstance(value, (int, Decimal)):
        return None
    if isinstance(value, int):
        return Decimal(value * scale) if 0 <= value < _MOST else None
    if not value.is_finite() or not (value == 0 or _LEAST <= value < _MOST):
        return None
    with localcontext(EXACT):
        scaled = value * scale
    return scaled if scaled < _MOST else None
