"""One price file, read and checked: for each provider its models, their names and their dated entries.

What may stand where is written at the top of `pricing.yaml`. A model's own keys stand for all its
`entries`; a provider's `source`, `checked`, `service`, `tools`, `derive` and `service_aliases` for all its
models, and also for those of files that go over this one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from msgspec.structs import replace

from sessiontap.pricing import yamlfile
from sessiontap.pricing.changes import rates_in
from sessiontap.pricing.entry import Entry
from sessiontap.pricing.match import Names, folded
from sessiontap.pricing.model import MODEL_KEYS, read_entries
from sessiontap.pricing.naming import NamesReader
from sessiontap.pricing.nodes import quoted
from sessiontap.pricing.rates import BASES, CLASSES, Derived
from sessiontap.pricing.rules import Rules
from sessiontap.pricing.section import Keys, Section, keys
from sessiontap.pricing.terms import TERM_KEYS, read_terms

_VERSION = "1"
_CURRENCY = "USD"
_FILE_KEYS = keys("version", "currency", "providers")
_PROVIDER_KEYS = keys(
    *TERM_KEYS,
    "currency",
    "service_aliases",
    "derive",
    "prefixes",
    "suffixes",
    "models_of",
    "unpriced",
    "models",
)


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
    _refuse_other_currency(top)
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
    _refuse_other_currency(node)
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
    names = NamesReader(node)
    if models is None:
        return ProviderSheet(rules, {}, names.read())
    models = models._replace(trail=(name,))
    entries: dict[str, tuple[Entry, ...]] = {}
    for model in models.names:
        section, key = models.section(model), folded(model)
        if section is None or not key:
            models.fault(model, "a blank name; allowed is a model's name")
        section.only(MODEL_KEYS)
        names.add(section, model)
        entries[key] = read_entries(section, name, model, rules)
    return ProviderSheet(rules, entries, names.read())


def _refuse_other_currency(section: Section) -> None:
    currency = section.text("currency")
    if currency not in {None, _CURRENCY}:
        section.fault(
            "currency",
            f"{quoted(currency or '')}; allowed is {_CURRENCY}: write the rates in USD, "
            "and the day of the exchange rate as their 'checked'",
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
