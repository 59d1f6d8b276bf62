from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from msgspec.structs import replace

from sessiontap.pricing import load_prices
from sessiontap.pricing.public import Dated
from sessiontap.pricing.public.written import model_lines, number, scalar
from sessiontap.pricing.rates import CLASSES, Change
from sessiontap.pricing.schedule import Window
from sessiontap.pricing.terms import ServiceTier, Terms
from sessiontap.pricing.tools import ToolRate

Write = Callable[..., Path]

HALF = Change({"input": Decimal("0.5"), "output": Decimal("0.5")}, {})


def rates(**by_class: float | str) -> dict[str, Decimal]:
    """Exact ones."""
    return {name: Decimal(str(value)) for name, value in by_class.items()}


def words(terms: Terms, derived: frozenset[str] = frozenset()) -> str:
    """What is written of an entry, on one line."""
    text = " ".join(line.strip() for line in model_lines("m", (), (Dated(None, terms),), derived, 0))
    return text.removeprefix("m: {").removesuffix("}")


@pytest.mark.parametrize(
    ("terms", "expected"),
    [
        (Terms(rates(output=15, input=3)), "input: 3, output: 15"),
        # What a class costs anyway is not written.
        (Terms(rates(input=3, cache_write=3, output=15, reasoning=15)), "input: 3, output: 15"),
        # But where a prompt size or a tier makes a difference, it is.
        (
            Terms(rates(input=3, cache_write=3), {200_000: Change({}, rates(input=6))}),
            "input: 3, cache_write: 3, above: {200000: {input: 6}}",
        ),
        (
            Terms(rates(input=3, output=15), {200_000: Change({}, rates(input=6, output=30))}),
            "input: 3, output: 15, above: {200000: {x: 2}}",
        ),
        (
            Terms(rates(input=3), service={"batch": ServiceTier(Change({}, rates(input=1.5)), {})}),
            "input: 3, service: {batch: {x: 0.5}}",
        ),
        (
            Terms(
                rates(input=3, output=15),
                {200_000: Change({}, rates(input=6, output=20))},
                {"batch": ServiceTier(Change({}, rates(input=1.5, output=7.5)), {}), "flex": None},
            ),
            (
                "input: 3, output: 15, above: {200000: {input: 6, output: 20}},"
                " service: {batch: {input: 1.5, output: 7.5, above: null}, flex: null}"
            ),
        ),
        (
            Terms(rates(input=3), regions={"us": HALF, "*": HALF, "global": None}),
            'input: 3, regions: {us: {x: 0.5}, "*": {x: 0.5}, global: null}',
        ),
        (
            Terms(rates(input=3), schedule=(Window(frozenset({0, 5, 6}), 0, 1440, HALF),)),
            "input: 3, schedule: [{days: sat-mon, hours: 00:00-24:00, x: 0.5}]",
        ),
        (
            Terms(rates(input=3), schedule=(Window(frozenset({1, 3}), 60, 90, Change(rates(input=2), {})),)),
            (
                "input: 3, schedule: [{days: tue, hours: 01:00-01:30, x: {input: 2}},"
                " {days: thu, hours: 01:00-01:30, x: {input: 2}}]"
            ),
        ),
        (
            Terms(tools={"page": ToolRate(Decimal(1)), "web_search": ToolRate(Decimal(35), per_call=True)}),
            "tools: {page: 1, web_search: {per_call: 35}}",
        ),
    ],
)
def test_an_entry_is_few_words_that_load_as_they_were(write: Write, terms: Terms, expected: str) -> None:
    """Each class, tier, size, region and hour is worth what it was given as."""
    assert words(terms) == expected
    path = write(f"providers: {{p: {{source: s, checked: 2026-11-23, models: {{m: {{{expected}}}}}}}}}")
    entry = load_prices(path).find("p", "m", 0)
    assert entry is not None
    given, again = replace(entry, terms=terms, made={}), replace(entry.terms, source=None, checked=None)
    assert words(again) == expected
    for region in (None, "us", "eu", "global"):
        for tier in ("standard", *(name for name, tier in terms.service.items() if tier)):
            for prompt in (0, 200_001):
                mine = entry.card(tier, prompt, region)
                same = given.card(tier, prompt, region)
                assert mine is not None
                assert same is not None
                assert [mine.rate(name) for name in CLASSES] == [same.rate(name) for name in CLASSES]


def test_what_a_provider_derives_is_written_out() -> None:
    """Even where it is what the class would cost without the rule."""
    assert (
        words(Terms(rates(input=3, cache_write=3)), frozenset({"cache_write"})) == "input: 3, cache_write: 3"
    )


def test_dated_entries_are_a_list_and_lines_are_broken_at_commas() -> None:
    """A key is never parted from its value."""
    terms = Terms(
        rates(input=3, output=15), source="https://example.com/" + "a" * 40, checked=date(2026, 11, 23)
    )
    dated = (Dated(None, Terms(rates(input=5)), date(2026, 1, 1)), Dated(date(2026, 3, 13), terms))
    assert model_lines("m", ("other name", "b"), dated, (), 2) == [
        "  m:",
        '    aliases: ["other\\u0020name", b]',
        "    entries:",
        "      - {input: 5, until: 2026-01-01}",
        "      - {input: 3, output: 15, from: 2026-03-13,",
        f"          source: https://example.com/{'a' * 40}, checked: 2026-11-23}}",
    ]


def test_a_line_that_cannot_be_broken_stays_in_its_place() -> None:
    """It is too long then, and as far in as it must be."""
    terms = Terms(rates(input=3))
    first, *_ = model_lines("m", ("a" * 120,), (Dated(None, terms),), (), 6)
    assert first == f"      m: {{aliases: [{'a' * 120}],"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("gpt-5", "gpt-5"),
        ("openai/gpt-5:free", "openai/gpt-5:free"),
        ("https://example.com/a", "https://example.com/a"),
        ("https://example.com/a#b", '"https://example.com/a#b"'),
        ("null", '"null"'),
        ("1.5", '"1.5"'),
        ("*", '"*"'),
        ("a: b", '"a:\\u0020b"'),
        ('"', '"\\""'),
        ("a #b", '"a\\u0020#b"'),
        ("-a", '"-a"'),
        ("~a", '"~a"'),
    ],
)
def test_a_name_is_bare_where_it_is_harmless(write: Write, text: str, expected: str) -> None:
    """And loads as itself either way."""
    assert scalar(text) == expected
    path = write(
        f"providers: {{p: {{source: s, checked: 2026-11-23, models: {{\n{expected}: {{input: 1}}}}}}}}"
    )
    assert load_prices(path).find("p", text, 0) is not None


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("3", "3"),
        ("0.10", "0.1"),
        ("1E+2", "100"),
        ("0.1234567890123", "0.123456789012"),
        ("0", "0"),
        ("100", "100"),
    ],
)
def test_a_number_is_as_short_as_it_can_be(value: str, expected: str) -> None:
    """No exponent, no idle zeros, twelve decimals."""
    assert number(Decimal(value)) == expected
