"""A model in a price file: its dated entries, checked."""

from __future__ import annotations

from itertools import pairwise

from msgspec.structs import replace

from sessiontap.pricing.entry import Entry
from sessiontap.pricing.nodes import quoted
from sessiontap.pricing.rates import BASES, CLASSES
from sessiontap.pricing.rules import Rules
from sessiontap.pricing.section import Section, keys
from sessiontap.pricing.terms import TERM_KEYS, Terms, read_terms

_ENTRY_KEYS = keys(*CLASSES, "above", *TERM_KEYS, "from", "until")
MODEL_KEYS = keys(*_ENTRY_KEYS, "aliases", "patterns", "entries")


def read_entries(section: Section, provider: str, model: str, rules: Rules) -> tuple[Entry, ...]:
    """The entries of a model's section, oldest first; raises PricingError for a mistake in them."""
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
    if not terms.tools and not any(base in terms.rates for base in BASES):
        section.fault(None, "no rate; allowed is at least one of input, output, tools")
    if terms.source is None or terms.checked is None:
        missing = "source" if terms.source is None else "checked"
        example = "the URL of the price" if terms.source is None else "a date such as 2026-11-23"
        section.fault(None, f"no '{missing}'; allowed is {example}, here or at the provider")
    starts, ends = section.day("from"), section.day("until")
    if starts is not None and ends is not None and ends <= starts:
        section.fault("until", f"{ends} is not after from {starts}")
    _refuse_ambiguous(section, terms)
    return Entry(
        price_id=f"{provider}/{model}" if starts is None else f"{provider}/{model}@{starts}",
        starts=starts,
        ends=ends,
        terms=terms,
        derived=rules.derived,
        service_aliases=rules.service_aliases,
        source=terms.source,
        checked=terms.checked,
        file=section.file,
        line=section.node.line,
    )


def _refuse_ambiguous(section: Section, terms: Terms) -> None:
    """Raises where two changes that can hold together both write rates out: which one is meant."""
    above = {size: change for size, change in (terms.above or {}).items() if change.rates}
    service = {name: tier for name, tier in terms.service.items() if tier is not None and tier.change.rates}
    for name, tier in service.items():
        if above and tier.above is None:
            section.fault(
                None,
                f"service tier {quoted(name)} and above {next(iter(above))} both write rates out; "
                f"say 'above' inside of {quoted(name)}: its own sizes, or null for none",
            )
    for name, change in terms.regions.items():
        if change is not None and change.rates and (above or service):
            other = f"service tier {quoted(next(iter(service)))}" if service else f"above {next(iter(above))}"
            section.fault(
                None,
                f"region {quoted(name)} and {other} both write rates out; "
                "allowed beside it are factors, such as {x: 1.1}",
            )
