"""What differs between our prices and a public table's: effective rates, wherever both say something.

A class, tool, tier or region that the public table leaves out is not compared.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal

from sessiontap.pricing.entry import Entry
from sessiontap.pricing.public.quotes import Dated, PublicTable, Quote
from sessiontap.pricing.rates import CLASSES, Change
from sessiontap.pricing.schedule import DAYS
from sessiontap.pricing.table import Match, PriceTable
from sessiontap.pricing.terms import STANDARD, Terms

_SAME = Decimal("1e-9")
"""Rates that are nearer than this part of them are the same: public tables keep floats."""
_LAST_PLACE = Decimal("1e-12")
"""What a price file writes at the finest."""
_ANYWHERE = "*"
_SOMEWHERE = "us-east5"
"""A region that stands for all that the pattern `*` means."""
_DAY_MS = 24 * 60 * 60 * 1000
_A_MONDAY_MS = 4 * _DAY_MS


@dataclass(frozen=True, slots=True)
class Difference:
    """One price that differs."""

    price: str
    """A token class, USD per million; or a tool, USD per thousand uses."""
    service_tier: str
    above: int
    """Prompts of more tokens than this; 0 for every one."""
    region: str | None
    hours: str | None
    """From when on, `mon 01:00` UTC, where a schedule makes the difference."""
    ours: Decimal | None
    theirs: Decimal

    @property
    def ratio(self) -> Decimal | None:
        """Theirs by ours; None where ours is zero or not there."""
        return self.theirs / self.ours if self.ours else None


@dataclass(frozen=True, slots=True)
class Compared:
    """One model of a public table beside ours."""

    quote: Quote
    dated: Dated
    """What the public table has for it on the day."""
    match: Match | None
    """What its name means to us; None for nothing."""
    entry: Entry | None
    """Our entry of the day; None is a model that has no price here."""
    differences: tuple[Difference, ...]
    rates: int
    """How many prices were compared."""


def _compare(
    table: PriceTable, public: PublicTable, at_ms: int, providers: Iterable[str] = ()
) -> Iterator[Compared]:
    """Each model that the public table has a price for at the moment."""
    wanted, day = frozenset(providers), datetime.fromtimestamp(at_ms / 1000, UTC).date()
    for quote in public.quotes:
        dated = quote.at(day)
        if dated is None or (wanted and quote.provider not in wanted):
            continue
        match = next(
            (found for name in (quote.model, *quote.names) if (found := table.match(quote.provider, name))),
            None,
        )
        entry = None if match is None else next((each for each in match.entries if each.holds(at_ms)), None)
        if entry is None:
            yield Compared(quote, dated, match, None, (), 0)
            continue
        pairs = list(_pairs(entry, dated.terms, quote.region, day))
        differing = dict.fromkeys(each for each in pairs if not _same(each.ours, each.theirs))
        yield Compared(quote, dated, match, entry, tuple(_first_hours(differing)), len(pairs))


@dataclass(frozen=True, slots=True)
class Report:
    """What a public table says otherwise, in the order of its file."""

    missing: tuple[Compared, ...]
    """Models that have no price here."""
    differing: tuple[Compared, ...]
    agreeing: tuple[Compared, ...]
    """Models that are the same."""
    rates: int
    """How many prices were compared."""
    only_ours: tuple[tuple[str, str], ...]
    """Provider and model of prices that the public table has none for, of the providers that it has."""


def report(table: PriceTable, public: PublicTable, at_ms: int, providers: Iterable[str] = ()) -> Report:
    """All that differs at a moment, in milliseconds since the epoch; of these providers only, or of all."""
    found = list(_compare(table, public, at_ms, providers))
    return Report(
        missing=tuple(each for each in found if each.entry is None),
        differing=tuple(each for each in found if each.differences),
        agreeing=tuple(each for each in found if each.entry is not None and not each.differences),
        rates=sum(each.rates for each in found),
        only_ours=tuple(sorted(_only_ours(table, found, at_ms))),
    )


def _only_ours(table: PriceTable, compared: Iterable[Compared], at_ms: int) -> Iterator[tuple[str, str]]:
    known, met = set(), set()
    for each in compared:
        known.add(each.quote.provider)
        if each.match is not None:
            met.add((each.match.provider, each.match.model))
    for provider, model, entry in table.entries():
        if provider in known and (provider, model) not in met and entry.holds(at_ms):
            yield provider, model


def _same(ours: Decimal | None, theirs: Decimal) -> bool:
    # Nothing and nothing: what has no price here and costs nothing there.
    if ours is None:
        return not theirs
    return abs(ours - theirs) <= max(_SAME * max(ours, theirs), _LAST_PLACE)


def _first_hours(differing: Iterable[Difference]) -> Iterator[Difference]:
    """Each difference once, at the first of the hours that have it."""
    seen = set()
    for each in differing:
        key = (each.price, each.service_tier, each.above, each.region, each.ours, each.theirs)
        if key not in seen:
            seen.add(key)
            yield each


def _pairs(ours: Entry, terms: Terms, region: str | None, day: date) -> Iterator[Difference]:
    """Every price that both can say something of, equal or not."""
    theirs = Entry("", None, None, terms, (), {}, "", day, "", 0)
    for tier in theirs.service_tiers:
        yield from _in_tier(ours, theirs, tier, region, region)
    for name, change in terms.regions.items():
        if change is not None:
            yield from _in_tier(ours, theirs, STANDARD, name, _SOMEWHERE if name == _ANYWHERE else name)
    for tool, rate in terms.tools.items():
        mine = ours.tools.get(tool)
        usd = None if mine is None else mine.usd_per_thousand
        yield Difference(tool, STANDARD, 0, region, None, usd, rate.usd_per_thousand)


def _in_tier(
    ours: Entry, theirs: Entry, tier: str, shown: str | None, region: str | None
) -> Iterator[Difference]:
    # A region of the row itself is no condition to the row.
    within = region if theirs.terms.regions else None
    stated = {max(card.above, 0) for card in (*theirs.cards(tier), *ours.cards(tier))}
    # "From 200,000 on" and "above 200,000" part over one prompt, not over a rate.
    sizes = {size for size in stated if size + 1 not in stated}
    for moment in _moments(ours, theirs):
        for above in sorted(sizes):
            prompt = above + 1 if above else 0
            mine = ours.card(tier, prompt, region, moment)
            card = theirs.card(tier, prompt, within, moment)
            assert card is not None, "the tier is one of theirs"
            if mine is None and above:
                continue
            said = _stated(theirs.terms, tier, above)
            for name in CLASSES:
                rate = card.rates.get(name) if name in said else None
                if rate is not None:
                    usd = None if mine is None else mine.rate(name)
                    yield Difference(name, tier, above, shown, _clock(moment), usd, rate)


def _stated(terms: Terms, tier: str, above: int) -> frozenset[str]:
    """The classes that a table itself gives a rate for, of a tier and prompts of that size."""
    service = None if tier == STANDARD else terms.service[tier]
    change = None if service is None else service.change
    usual = _step(terms.above, above)
    sizes = terms.above if service is None or service.above is None else service.above
    step = _step(sizes, above)
    if usual > step:  # Long prompts have a price of their own, and nothing is said of them in this tier.
        return frozenset()
    if step and sizes is not None:
        change = sizes[step]
    return frozenset(terms.rates if change is None or change.factors else change.rates)


def _step(sizes: Mapping[int, Change] | None, above: int) -> int:
    """The prompt size whose change holds; 0 for none."""
    return max((size for size in sizes or {} if size <= above), default=0)


def _moments(ours: Entry, theirs: Entry) -> list[int | None]:
    """The moments of a week at which some schedule may begin or end; no moment where there is none."""
    windows = [*(ours.terms.schedule or ()), *(theirs.terms.schedule or ())]
    if not windows:
        return [None]
    minutes = sorted(
        {0, *(minute for window in windows for minute in (window.start, window.end % (24 * 60)))}
    )
    return [_A_MONDAY_MS + day * _DAY_MS + minute * 60_000 for day in range(len(DAYS)) for minute in minutes]


def _clock(moment: int | None) -> str | None:
    if moment is None:
        return None
    days, ms = divmod(moment - _A_MONDAY_MS, _DAY_MS)
    return f"{DAYS[days]} {ms // 3_600_000:02}:{ms // 60_000 % 60:02}"
