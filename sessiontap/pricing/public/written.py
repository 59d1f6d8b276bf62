"""Writes a model's prices as lines of a price file: few words, one line where they fit.

What is written loads as what was given, but for rates of more than twelve decimals, which are rounded.
"""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

from sessiontap.pricing.public.quotes import Dated
from sessiontap.pricing.rates import BASES, CLASSES, Change, inherited
from sessiontap.pricing.schedule import DAYS, Window
from sessiontap.pricing.terms import ServiceTier, Terms
from sessiontap.pricing.tools import ToolRate

_WIDTH = 112
_NO_BREAK = "\u00a0"
_DECIMALS = Decimal("1e-12")
_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9._/@+-]*(?::[A-Za-z0-9._-]+)*")
_URL = re.compile(r"https?://[A-Za-z0-9._~/%+=@-]+")
_CACHE_LIVES = frozenset({"cache_write_1h", "cache_write_12h"})
"""Classes that take the factor of `cache_write` where a tier does not name them."""
_WORDS = frozenset({"null", "true", "false", "yes", "no", "on", "off", "y", "n"})


def model_lines(
    name: str, aliases: Iterable[str], dated: Iterable[Dated], derived: Collection[str], indent: int
) -> list[str]:
    """The lines of a model in a price file.

    `derived` are the classes that the provider's `derive` fills in: they are written out even where a
    fallback would give them.
    """
    listed = [f"aliases: [{', '.join(map(scalar, aliases))}]"] if aliases else []
    entries = [_entry(each, frozenset(derived)) for each in dated]
    if len(entries) == 1:
        return _wrapped(f"{scalar(name)}: ", [*listed, *entries[0]], indent)
    lines = [f"{' ' * indent}{scalar(name)}:"]
    for alias_words in listed:
        lines += _folded(alias_words, indent + 2)
    lines.append(f"{' ' * (indent + 2)}entries:")
    for words in entries:
        lines += _wrapped("- ", words, indent + 4)
    return lines


def scalar(text: str) -> str:
    """A text as it can stand in YAML: bare where it is harmless, else in quotes and without a blank."""
    if _URL.fullmatch(text) or (_PLAIN.fullmatch(text) and text.lower() not in _WORDS):
        return text
    # A line is broken at blanks, and never inside of a name.
    return json.dumps(text, ensure_ascii=False).replace(" ", "\\u0020")


def number(value: Decimal) -> str:
    """A rate as it is written: no exponent, no idle zeros, twelve decimals at most."""
    return format(value.quantize(_DECIMALS), "f").rstrip("0").rstrip(".")


def _entry(dated: Dated, derived: frozenset[str]) -> list[str]:
    terms = dated.terms
    said = {
        "from": dated.starts,
        "until": dated.ends,
        "source": None if terms.source is None else scalar(terms.source),
        "checked": terms.checked,
    }
    words = [f"{key}: {value}" for key, value in said.items() if value is not None]
    return [*_Words(terms, _needed(terms, derived)).all(), *words]


def _needed(terms: Terms, derived: frozenset[str]) -> frozenset[str]:
    """The classes that must be written: the others cost what their parent does, always."""
    changes: list[Change] = [*(terms.above or {}).values()]
    for tier in terms.service.values():
        if tier is not None:
            changes += [tier.change, *(tier.above or {}).values()]
    changes += [change for change in terms.regions.values() if change is not None]
    changes += [window.change for window in terms.schedule or ()]
    stated = [terms.rates, *({**terms.rates, **change.rates} for change in changes)]
    factors = {name for change in changes for name in change.factors}
    kept = {*BASES, *derived, *factors}
    for name in CLASSES:
        if name not in kept and any(not _idle(name, rates) for rates in stated):
            kept.add(name)
    return frozenset(kept)


def _idle(name: str, rates: Mapping[str, Decimal]) -> bool:
    others = {other: rate for other, rate in rates.items() if other != name}
    return name not in rates or inherited(others, name) == rates[name]


@dataclass(frozen=True, slots=True)
class _Words:
    """The words of one entry."""

    terms: Terms
    needed: frozenset[str]

    def all(self) -> Iterator[str]:
        terms = self.terms
        yield from self.rates(terms.rates)
        if terms.above:
            yield f"above: {self.above(terms.above, terms.rates)}"
        for key, pairs in (("service", self.service()), ("regions", self.regions()), ("tools", self.tools())):
            words = [f"{name}: {said}" for name, said in pairs]
            if words:
                yield f"{key}: {{{', '.join(words)}}}"
        if terms.schedule is not None:
            windows = (words for window in terms.schedule for words in self.window(window))
            yield f"schedule: [{', '.join(windows)}]"

    def rates(self, rates: Mapping[str, Decimal]) -> list[str]:
        return [f"{name}: {number(rates[name])}" for name in CLASSES if name in rates and name in self.needed]

    def change(self, change: Change) -> list[str]:
        factors, by = change.factors, set(change.factors.values())
        if factors.keys() == set(BASES) and len(by) == 1:
            return [f"x: {number(by.pop())}", *self.rates(change.rates)]
        by_class = [f"{name}: {number(factors[name])}" for name in CLASSES if name in factors]
        return [*([f"x: {{{', '.join(by_class)}}}"] if factors else []), *self.rates(change.rates)]

    def above(self, above: Mapping[int, Change], base: Mapping[str, Decimal]) -> str:
        sizes = (
            f"{size}: {_braced(self.change(_factored(change, base)))}"
            for size, change in sorted(above.items())
        )
        return f"{{{', '.join(sizes)}}}"

    def service(self) -> Iterator[tuple[str, str]]:
        for name, tier in sorted(self.terms.service.items()):
            yield scalar(name), "null" if tier is None else self.tier(tier)

    def tier(self, tier: ServiceTier) -> str:
        """One factor where it says everything, with the prompt sizes; else the rates."""
        sizes = self.terms.above or {}
        factor = _one_factor(tier.change, self.terms.rates)
        if factor is not None and tier.above is not None and tier.above.keys() == sizes.keys():
            pairs = ((tier.above[size], {**self.terms.rates, **sizes[size].rates}) for size in sizes)
            if all(_one_factor(mine, base) == factor for mine, base in pairs):
                return f"{{x: {number(factor)}}}"
        words = self.change(tier.change)
        if tier.above:
            words.append(f"above: {self.above(tier.above, {**self.terms.rates, **tier.change.rates})}")
        elif sizes and tier.above is not None:
            words.append("above: null")
        return _braced(words)

    def regions(self) -> Iterator[tuple[str, str]]:
        for name, change in self.terms.regions.items():
            yield scalar(name), "null" if change is None else _braced(self.change(change))

    def tools(self) -> Iterator[tuple[str, str]]:
        for name, tool in self.terms.tools.items():
            yield name, _tool(tool)

    def window(self, window: Window) -> Iterator[str]:
        start, end = (f"{minute // 60:02}:{minute % 60:02}" for minute in (window.start, window.end))
        change = window.change
        if change.factors.keys() >= set(BASES) and len(set(change.factors.values())) == 1:
            change = Change({name: change.factors[name] for name in BASES}, {})
        for days in _runs(window.days):
            yield _braced([*days, f"hours: {start}-{end}", *self.change(change)])


def _tool(tool: ToolRate) -> str:
    rate = number(tool.usd_per_thousand)
    return f"{{per_call: {rate}}}" if tool.per_call else rate


def _runs(days: frozenset[int]) -> Iterator[list[str]]:
    """The days in words, run by run; no word for every day."""
    if len(days) == len(DAYS):
        yield []
        return
    for first in sorted(day for day in days if (day - 1) % len(DAYS) not in days):
        length = next(
            length for length in range(1, len(DAYS) + 1) if (first + length) % len(DAYS) not in days
        )
        last = (first + length - 1) % len(DAYS)
        yield [f"days: {DAYS[first]}" if length == 1 else f"days: {DAYS[first]}-{DAYS[last]}"]


def _factored(change: Change, base: Mapping[str, Decimal]) -> Change:
    factor = _one_factor(change, base)
    return change if factor is None else Change(dict.fromkeys(BASES, factor), {})


def _one_factor(change: Change, base: Mapping[str, Decimal]) -> Decimal | None:
    """The factor that makes the base's rates, and all of them, those of the change; None without one."""
    rates = change.rates
    silent = base.keys() - rates.keys()
    follow = "cache_write" in rates and silent <= _CACHE_LIVES
    if change.factors or not rates.keys() <= base.keys() or (silent and not follow) or not base.get("input"):
        return None
    factor = rates["input"] / base["input"]
    written = factor.quantize(Decimal("1e-6"))
    return written if all(rates[name] == base[name] * written for name in rates) else None


def _braced(words: Iterable[str]) -> str:
    return f"{{{', '.join(words)}}}"


def _wrapped(start: str, words: list[str], indent: int) -> list[str]:
    return _folded(f"{start}{_braced(words)}", indent)


def _folded(text: str, indent: int) -> list[str]:
    """The text, broken where a blank follows a comma: a key and its value stay together."""
    lines = textwrap.wrap(
        text.replace(": ", f":{_NO_BREAK}"),
        _WIDTH,
        initial_indent=" " * indent,
        subsequent_indent=" " * (indent + 4),
        break_long_words=False,
        break_on_hyphens=False,
    )
    return [line.replace(_NO_BREAK, " ") for line in lines]
