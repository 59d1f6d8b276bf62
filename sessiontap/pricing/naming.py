"""Reads the names of a provider's models: ids, aliases, patterns; one model a name."""

from __future__ import annotations

from typing import NamedTuple

from sessiontap.pricing.match import Names, Pattern, folded
from sessiontap.pricing.nodes import quoted
from sessiontap.pricing.section import Section


class _Owner(NamedTuple):
    model: str
    line: int


class _Written(NamedTuple):
    pattern: Pattern
    text: str
    model: str
    line: int


class NamesReader:
    """Takes model by model, and raises PricingError where a name could mean two of them."""

    def __init__(self, provider: Section) -> None:
        self._prefixes = _parts(provider, "prefixes")
        self._suffixes = _parts(provider, "suffixes")
        self._owners: dict[str, _Owner] = {}
        self._patterns: list[_Written] = []

    def add(self, section: Section, model: str) -> None:
        """A model under its id, with its section."""
        key = folded(model)
        self._own(section, None, model, _Owner(key, section.node.line))
        for alias in section.texts("aliases"):
            self._own(section, "aliases", alias, _Owner(key, section.node.lines["aliases"]))
        for text in section.texts("patterns"):
            self._add_pattern(section, text, key)

    def read(self) -> Names:
        """All names together."""
        models = {name: owner.model for name, owner in self._owners.items()}
        patterns = tuple((each.pattern, each.model) for each in self._patterns)
        return Names(models, patterns, self._prefixes, self._suffixes)

    def _own(self, section: Section, key: str | None, name: str, owner: _Owner) -> None:
        other = self._owners.setdefault(folded(name), owner)
        if other is not owner:
            already = f"{quoted(name)} is already a name of {quoted(other.model)} (line {other.line})"
            section.fault(key, f"{already}; allowed is one model a name")

    def _add_pattern(self, section: Section, text: str, model: str) -> None:
        pattern = _pattern(section, "patterns", text)
        for other in self._patterns:
            if other.pattern.rivals(pattern) and (other.model != model or other.pattern == pattern):
                both = f"{quoted(text)} and {quoted(other.text)} of {quoted(other.model)} (line {other.line})"
                section.fault("patterns", f"{both} fit the same names, equally well; make one of them longer")
        self._patterns.append(_Written(pattern, text, model, section.node.lines["patterns"]))


def _parts(section: Section, key: str) -> tuple[Pattern, ...]:
    return tuple(_pattern(section, key, text) for text in section.texts(key))


def _pattern(section: Section, key: str, text: str) -> Pattern:
    pattern = Pattern.parse(text)
    if pattern is None:
        section.fault(key, f"{quoted(text)}; allowed is a name in which one '*' is any text and '#' a digit")
    return pattern
