"""Which prices of a public table are taken over, and as what: a new model, or a new entry of one we have."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from fnmatch import fnmatchcase

from msgspec.structs import replace

from sessiontap.pricing.match import folded
from sessiontap.pricing.public.differences import Compared
from sessiontap.pricing.public.quotes import Dated
from sessiontap.pricing.public.sizes import at_every_size
from sessiontap.pricing.rates import BASES
from sessiontap.pricing.terms import Terms

_LONGEST_NAME = 256


@dataclass(frozen=True, slots=True)
class Taken:
    """A model to be written: under this name, with these entries, oldest first."""

    provider: str
    model: str
    aliases: tuple[str, ...]
    dated: tuple[Dated, ...]


@dataclass(frozen=True, slots=True)
class Choice:
    """What is to be taken over."""

    providers: tuple[str, ...] = ()
    """Any of these; none for all."""
    models: tuple[str, ...] = ()
    """Patterns of names, any of which will do; none for every model."""
    missing_only: bool = False
    """Only models that have no price here."""

    def wants(self, compared: Compared) -> bool:
        """True for a model that is missing here, or whose price differs, and that is asked for."""
        if compared.entry is not None and (self.missing_only or not compared.differences):
            return False
        names = [folded(name) for name in (compared.quote.model, *compared.quote.names)]
        return not self.models or any(
            fnmatchcase(name, folded(each)) for name in names for each in self.models
        )


def takeover(
    chosen: Iterable[Compared], agreeing: Iterable[Compared], starts: date, checked: date, source: str
) -> Iterator[Taken]:
    """What to write for these models, each name once.

    A model that has a price here keeps it for calls before `starts`, and from then on whatever the public
    table says nothing of; one that has none gets the public table's for ever before. `source` stands where
    the table names none. Left out are prices of a region beside the model's own, rows that say nothing that
    a price file can hold, and what another row, one of those that agree with us, says otherwise.
    """
    met = {_key(each) for each in agreeing if not each.quote.beside}
    for each in chosen:
        quote, name, key = each.quote, _name(each), _key(each)
        dated = tuple(_dated(each, starts, checked, source))
        if key in met or not _can_be_written(name) or not dated:
            continue
        met.add(key)
        names = dict.fromkeys(
            other for other in quote.names if folded(other) != key[1] and _can_be_written(other)
        )
        yield Taken(quote.provider, name, () if each.match else tuple(names), dated)


def _key(compared: Compared) -> tuple[str, str]:
    return compared.quote.provider, folded(_name(compared))


def _name(compared: Compared) -> str:
    """As the public table has it; a family's name of ours where its name is but one of the family's."""
    quote, match = compared.quote, compared.match
    is_family = (
        match is not None and match.provider == quote.provider and quote.is_family and quote.region is None
    )
    return match.model if match is not None and is_family else quote.model


def _can_be_written(name: str) -> bool:
    return bool(folded(name)) and name == name.strip() and name.isprintable() and len(name) <= _LONGEST_NAME


def _dated(compared: Compared, starts: date, checked: date, source: str) -> Iterator[Dated]:
    quoted = [each for each in compared.quote.dated if _holds_something(each.terms)]
    theirs = [
        Dated(
            each.starts,
            replace(
                _over_ours(at_every_size(each.terms), compared),
                source=each.terms.source or source,
                checked=checked,
            ),
        )
        for each in quoted
    ]
    if compared.quote.beside:
        return
    before = compared.match.entries if compared.match is not None and len(theirs) == 1 else ()
    kept = [
        Dated(entry.starts, entry.terms, entry.ends)
        for entry in before
        if entry.starts is None or entry.starts < starts
    ]
    if not kept:
        yield from theirs
        return
    for number, each in enumerate(kept):
        # An end says more only where the next entry does not begin with it.
        follows = kept[number + 1].starts if number + 1 < len(kept) else None
        ended = each.ends is not None and each.ends < (follows or starts)
        yield each if ended else Dated(each.starts, each.terms)
    yield from (Dated(starts, each.terms) for each in theirs)


def _over_ours(theirs: Terms, compared: Compared) -> Terms:
    """Their terms, with ours where they say nothing: of a class, a service tier, a region, a tool.

    Prompt sizes and hours are theirs alone. Left out of ours is what writes rates beside sizes or tiers of
    theirs that do so too: nobody could say which of the two is meant.
    """
    quote, match, entry = compared.quote, compared.match, compared.entry
    if entry is None or match is None or match.provider != quote.provider:
        return theirs
    ours = entry.terms
    service = {
        name: tier
        for name, tier in ours.service.items()
        if tier is None or not tier.change.rates or tier.above is not None or not theirs.above
    }
    regions = {
        name: change
        for name, change in ours.regions.items()
        if quote.region is None
        and (change is None or not change.rates or not (theirs.above or theirs.service or service))
    }
    return replace(
        theirs,
        rates={**ours.rates, **theirs.rates},
        service={**service, **theirs.service},
        regions={**regions, **theirs.regions},
        tools={**ours.tools, **theirs.tools},
    )


def _holds_something(terms: Terms) -> bool:
    return bool(terms.tools) or any(base in terms.rates for base in BASES)
