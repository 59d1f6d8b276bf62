"""Reads rates, factors and changes: `input: 3`, `x: 0.5`, `{x: {input: 2}, output: 15}`."""

from __future__ import annotations

from decimal import Decimal

from sessiontap.pricing.rates import BASES, CLASSES, Change
from sessiontap.pricing.section import Section, keys

_CLASS_KEYS = keys(*CLASSES)
CHANGE_KEYS = keys(*CLASSES, "x")


def rates_in(section: Section) -> dict[str, Decimal]:
    """The numbers under the names of token classes."""
    stated = [name for name in section.node.values if name in _CLASS_KEYS]
    return {name: rate for name in stated if (rate := section.number(name)) is not None}


def factors_in(section: Section) -> dict[str, Decimal]:
    """The factors under `x`: one for every class, or each for its class and those that fall back to it."""
    if section.is_mapping("x"):
        by_class = section.section("x")
        if by_class is None:
            return {}
        by_class.only(_CLASS_KEYS)
        return rates_in(by_class)
    factor = section.number("x")
    return {} if factor is None else dict.fromkeys(BASES, factor)


def change_in(section: Section) -> Change:
    """The factors and rates of a section that may have nothing else, but for what its reader allows."""
    return Change(factors_in(section), rates_in(section))
