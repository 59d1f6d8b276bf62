"""One price file, read and checked: for each provider its models, their names and their dated entries.

What may stand where is written at the top of `pricing.yaml`. A model's own keys stand for all its
`entries`; a provider's `source`, `checked`, `service`, `tools`, `derive` and `service_aliases` for all its
models, and also for those of files that go over this one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path

from sessiontap.pricing import yamlfile
from sessiontap.pricing.entry import STANDARD, Entry
from sessiontap.pricing.match import Names, Pattern, folded
from sessiontap.pricing.nodes import quoted
from sessiontap.pricing.rates import (
    BASES,
    CLASSES,
    Change,
    Derived,
    not_written,
    service_cards,
    standard_cards,
)
from sessiontap.pricing.section import Keys, Section, keys
from sessiontap.pricing.terms import Terms, rates_in, read_terms

_VERSION = "1"
_FILE_KEYS = keys("version", "providers")
_RULE_KEYS = ("source", "checked", "service", "tools")
_PROVIDER_KEYS = keys(*_RULE_KEYS, "service_aliases", "derive", "models_of", "unpriced", "models")
_ENTRY_KEYS = keys(*CLASSES, "above", *_RULE_KEYS, "from", "until")
_MODEL_KEYS = keys(*_ENTRY_KEYS, "aliases", "patterns", "entries")


@dataclass(frozen=True, slots=True)
class Rules:
    """What holds for all models of a provider."""

    terms: Terms = field(default_factory=Terms)
    derived: tuple[Derived, ...] = ()
    service_aliases: Mapping[str, str] = field(default_factory=dict)
    models_of: tuple[str, ...] = ()
    """Other providers whose prices hold for the models that this one does not list, the first one's first."""
    unpriced: str | None = None
    """Why no price per token can say what a call costs."""


@dataclass(frozen=True, slots=True)
class ProviderSheet:
    """A provider in one file: its rules, and by model id the entries, oldest first."""

    rules: Rules
    models: Mapping[str, tuple[Entry, ...]]
    names: Names


def read_sheet(path: Path, below: Mapping[str, Rules]) -> Mapping[str, ProviderSheet]:
    """The providers of a price file; `below` has the rules of the files that it goes over.

    A source is never taken from below: whoever states a price says where it is from.
    Raises PricingError, one line with file, line and key, for the first mistake.
    """
    top = Section(str(path), (), yamlfile.read(path))
    top.only(_FILE_KEYS)
    version = top.text("version")
    if version not in {None, _VERSION}:
        top.fault("version", f"{quoted(version or '')}; allowed is {_VERSION}")
    providers = top.section("providers")
    if providers is None:
        return {}
    known = keys(*below, *providers.names)
    return {name: _provider(providers, name, below.get(name, Rules()), known) for name in providers.names}


def _provider(providers: Section, name: str, below: Rules, known: Keys) -> ProviderSheet:
    # The trail starts at the provider: "providers" and "models" would only lengthen every message.
    node = providers._replace(trail=()).section(name)
    if node is None:
        return ProviderSheet(below, {}, Names({}, ()))
    node.only(_PROVIDER_KEYS)
    for other in node.texts("models_of"):
        if other not in known:
            node.fault("models_of", f"{quoted(other)} is no provider here; allowed: {', '.join(known)}")
    rules = Rules(
        terms=read_terms(node).over(replace(below.terms, source=None, checked=None)),
        derived=_derived(node) or below.derived,
        service_aliases={**below.service_aliases, **_service_aliases(node)},
        models_of=tuple(node.texts("models_of")) or below.models_of,
        unpriced=node.text("unpriced") or below.unpriced,
    )
    models = node.section("models")
    if models is None:
        return ProviderSheet(rules, {}, Names({}, ()))
    models = models._replace(trail=(name,))
    entries: dict[str, tuple[Entry, ...]] = {}
    owners: dict[str, str] = {}
    patterns: list[Pattern] = []
    for model in models.names:
        section, key = models.section(model), folded(model)
        if section is None or not key:
            models.fault(model, "a blank name; allowed is a model's name")
        section.only(_MODEL_KEYS)
        for number, text in enumerate([model, *section.texts("aliases")]):
            owner = owners.setdefault(folded(text), key)
            if owner != key or (folded(text) in entries) or (number and folded(text) == key):
                already = f"{quoted(text)} is already a name of {quoted(owner)}"
                section.fault("aliases" if number else None, f"{already}; allowed is one model a name")
        _add_patterns(section, key, patterns)
        entries[key] = _entries(section, name, model, rules)
    return ProviderSheet(rules, entries, Names(owners, tuple(patterns)))


def _add_patterns(section: Section, model: str, patterns: list[Pattern]) -> None:
    for text in section.texts("patterns"):
        pattern = Pattern.parse(text, model)
        if pattern is None:
            allowed = "allowed is a name in which one '*' is any text and '#' a digit"
            section.fault("patterns", f"{quoted(text)}; {allowed}")
        rival = next((each for each in patterns if each.rivals(pattern)), None)
        if rival is not None:
            both = f"{quoted(text)} and {quoted(rival.text)} of {quoted(rival.model)}"
            section.fault("patterns", f"{both} fit the same names, equally well; make one of them longer")
        patterns.append(pattern)


def _entries(section: Section, provider: str, model: str, rules: Rules) -> tuple[Entry, ...]:
    terms = read_terms(section).over(rules.terms)
    dated = section.sections("entries")
    if dated is None:
        return (_entry(section, terms, provider, model, rules),)
    for key in ("from", "until"):
        if key in section.names:
            section.fault(key, "beside 'entries'; allowed is a date in each of the entries")
    entries = []
    for each in dated:
        each.only(_ENTRY_KEYS)
        entries.append(_entry(each, read_terms(each).over(terms), provider, model, rules))
    for number, (earlier, later) in enumerate(pairwise(entries)):
        start = later.starts
        if start is None or (earlier.starts is not None and start <= earlier.starts):
            said = "no 'from'" if start is None else f"from {start}"
            dated[number + 1].fault(
                None, f"{said}, after an entry from {earlier.starts or 'ever'}; oldest first"
            )
        if earlier.ends is not None and earlier.ends > start:
            dated[number].fault("until", f"{earlier.ends}, but the next entry is from {start}; they overlap")
        if earlier.ends is None:
            entries[number] = replace(earlier, ends=start)
    if not entries:
        section.fault("entries", "an empty list; allowed is at least one entry")
    return tuple(entries)


def _entry(section: Section, terms: Terms, provider: str, model: str, rules: Rules) -> Entry:
    if not any(base in terms.rates for base in BASES):
        section.fault(None, "no rate; allowed is at least one of input, output")
    if terms.source is None or terms.checked is None:
        missing = "source" if terms.source is None else "checked"
        example = "the URL of the price" if terms.source is None else "a date such as 2026-11-23"
        section.fault(None, f"no '{missing}'; allowed is {example}, here or at the provider")
    starts, ends = section.day("from"), section.day("until")
    if starts is not None and ends is not None and ends <= starts:
        section.fault("until", f"{ends} is not after from {starts}")
    above = terms.above or {}
    standard = standard_cards(terms.rates, above, rules.derived)
    derived = not_written(terms.rates, rules.derived)
    tiers = {STANDARD: standard}
    for name, service in terms.service.items():
        if service is None:
            continue
        if service.above is None and service.change.rates:
            _refuse_written(section, name, above)
        tiers[name] = service_cards(standard, above, derived, service)
    for alias, meant in rules.service_aliases.items():
        if meant in tiers:
            tiers.setdefault(alias, tiers[meant])
    return Entry(
        price_id=f"{provider}/{model}" if starts is None else f"{provider}/{model}@{starts}",
        starts=starts,
        ends=ends,
        tiers=tiers,
        tools=terms.tools,
        source=terms.source,
        checked=terms.checked,
        file=section.file,
        line=section.node.line,
    )


def _refuse_written(section: Section, tier: str, above: Mapping[int, Change]) -> None:
    size = next((size for size, change in above.items() if change.rates), None)
    if size is not None:
        section.fault(
            None,
            f"service tier {quoted(tier)} and above {size} both write rates out; "
            f"say 'above' inside of {quoted(tier)}: its own sizes, or null for none",
        )


def _derived(provider: Section) -> tuple[Derived, ...]:
    rules = provider.section("derive")
    if rules is None:
        return ()
    rules.only(keys(*(name for name in CLASSES if name not in BASES)))
    found: list[Derived] = []
    for name in rules.names:
        rule = rules.section(name)
        if rule is None:
            continue
        rule.only(keys(*BASES))
        factors = rates_in(rule)
        if len(factors) != 1:
            rules.fault(name, "allowed is one factor, such as {input: 0.1}")
        found.extend(Derived(name, base, factor) for base, factor in factors.items())
    return tuple(found)


def _service_aliases(provider: Section) -> Mapping[str, str]:
    aliases = provider.section("service_aliases")
    if aliases is None:
        return {}
    return {
        folded(name): folded(meant) for name in aliases.names if (meant := aliases.text(name)) is not None
    }
