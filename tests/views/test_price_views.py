from __future__ import annotations

import io
from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from rich.text import Text

from sessiontap.errors import PricingError
from sessiontap.pricing import PriceTable, load_prices
from sessiontap.pricing.entry import Entry
from sessiontap.sessions.gaps import Gap, Gaps
from sessiontap.sessions.repricing import Repricing
from sessiontap.times import epoch_ms
from sessiontap.usage import Usage
from sessiontap.views.console import console, show
from sessiontap.views.price_block import price_block
from sessiontap.views.price_estimate import Estimate, price_estimate
from sessiontap.views.price_gaps import price_gaps
from sessiontap.views.price_list import Row, price_list
from sessiontap.views.price_repriced import price_repriced
from sessiontap.views.price_show import Known, price_show
from sessiontap.views.price_words import change, days, extras, parents, rate, tool, window
from tests.views.price_samples import AT, unpriced, without_prices, write_prices

AT_MS = epoch_ms(AT)
HOSTILE = "\x1b]0;owned\x07\x1b[2J\u202e[red]evil[/red]\r\n\x9b1m"


@pytest.fixture
def table(tmp_path: Path) -> PriceTable:
    """The sample prices."""
    return load_prices(write_prices(tmp_path))


def entry_of(table: PriceTable, model: str) -> Entry:
    """The entry of a model of the sample that holds now."""
    found = table.find("acme", model, AT_MS)
    assert found is not None
    return found


def printed(lines: Iterable[Text], width: int) -> str:
    """What a console of that width prints."""
    stream = io.StringIO()
    show(console(stream, {"COLUMNS": str(width)}), lines)
    return stream.getvalue()


def everything(table: PriceTable, width: int, name: str) -> str:
    """Every view about prices, with a name from outside wherever one can stand."""
    match = table.match("acme", "anvil-1")
    assert match is not None
    match = type(match)(match.provider, name, name, match.entries)
    rows = [Row(provider, model, entry) for provider, model, entry in table.entries()]
    rows.append(Row(name, name, entry_of(table, "anvil-1")))
    calls = [*without_prices(), unpriced(20, name, provider=name, unpriced_reason=name)]
    gaps, repricing = Gaps(), Repricing()
    for call in calls:
        gaps.add(call)
        repricing.add(call, table.price(call))
    priced = table.price(unpriced(21, "anvil-1", provider="acme", service_tier="batch", region="eu"))
    estimates = [Estimate((name, "acme"), call, frozenset()) for call in (priced, calls[-1])]
    return "".join(
        (
            printed(price_list(rows, width), width),
            printed(price_show([Known(match, ((name, match),))], AT_MS, width), width),
            printed(price_gaps(gaps.found(), width), width),
            printed(price_repriced(repricing.result(), width), width),
            printed(price_estimate(estimates, width), width),
            price_block(gaps.found(), date(2026, 11, 24)) if width > 100 else "",
        )
    )


@pytest.mark.parametrize("width", [20, 40, 60, 80, 100, 133, 200, 400])
def test_no_line_is_wider_than_the_terminal(table: PriceTable, width: int) -> None:
    """Whatever the width, each printed line fits."""
    assert max(Text(line).cell_len for line in everything(table, width, "m" * 30).splitlines()) <= width


@pytest.mark.parametrize("width", [80, 200])
def test_text_from_outside_cannot_reach_the_terminal_as_commands(table: PriceTable, width: int) -> None:
    """No escape, control or bidi mark is printed, and markup is not interpreted."""
    text = everything(table, width, HOSTILE)
    assert text.replace("\n", "").isprintable()
    assert "[red]evil[/red]" in text


def test_all_cards_are_shown_where_the_width_holds_only_some(table: PriceTable) -> None:
    """The next ones stand below, with the classes again."""
    match = table.match("acme", "anvil-1")
    assert match is not None
    known = [Known(match, (("acme", match),))]
    wide, narrow = printed(price_show(known, AT_MS, 200), 200), printed(price_show(known, AT_MS, 40), 40)
    assert (wide.count("\nUSD per 1M "), narrow.count("\nUSD per 1M ")) == (1, 2)
    for heading in ("standard >200,000", "batch >200,000"):
        assert narrow.count(heading) == 1


@pytest.mark.parametrize(
    ("usd", "text"),
    [
        (None, "-"),
        ("0", "0.00"),
        ("3", "3.00"),
        ("30", "30.00"),
        ("3E+3", "3,000.00"),
        ("0.5", "0.50"),
        ("1.250", "1.25"),
        ("0.000000000001", "0.000000000001"),
    ],
)
def test_a_rate_keeps_every_digit(usd: str | None, text: str) -> None:
    """Two decimals at least, and as many as there are."""
    assert rate(None if usd is None else Decimal(usd)) == text


def test_what_changes_rates_in_words(table: PriceTable) -> None:
    """Factors and rates, as the file has them."""
    anvil, mini, hours = (entry_of(table, name) for name in ("anvil-1", "anvil-1-mini", "anvil-hours"))
    assert change(None) == "no change"
    assert change(anvil.terms.regions["eu"]) == "×1.1"
    assert anvil.terms.above is not None
    assert change(anvil.terms.above[200000]) == "input ×2, output ×1.5"
    flex = mini.terms.service["flex"]
    assert flex is not None
    assert change(flex.change) == "input 0.01, output 0.05"
    assert hours.terms.schedule is not None
    assert [window(each) for each in hours.terms.schedule] == [
        "mon-fri 18:00-22:00 UTC ×0.25",
        "22:00-02:00 UTC output ×0.5",
    ]
    assert [tool(name, of) for name, of in hours.tools.items()] == [
        "web_search 35.00 per 1,000 calls with a use",
        "request 5.00 per 1,000 answers",
    ]
    assert extras(anvil.terms) == ">200,000 · batch · eu · web_search"


def test_single_days_of_a_schedule(tmp_path: Path) -> None:
    """A day alone, and days over the end of the week."""
    path = write_prices(
        tmp_path,
        "providers: {p: {source: s, checked: 2026-11-01, models: {m: {input: 1, schedule: ["
        '{days: sun, hours: "01:00-02:30", x: 2}, {days: sat-mon, hours: "00:00-24:00", x: 3}]}}}}\n',
    )
    (entry,) = (entry for _, _, entry in load_prices(path).entries())
    assert [window(each) for each in entry.terms.schedule or ()] == [
        "sun 01:00-02:30 UTC ×2",
        "mon,sat,sun 00:00-24:00 UTC ×3",
    ]


def test_the_days_of_an_entry() -> None:
    """An open end is not said, and no days at all are."""
    first, last = date(2026, 1, 2), date(2026, 3, 4)
    assert days(None, None) == "at any time"
    assert days(first, None) == "from 2026-01-02"
    assert days(None, last) == "until 2026-03-04"
    assert days(first, last) == "from 2026-01-02 until 2026-03-04"


def test_every_class_is_shown_or_stands_under_its_parent(table: PriceTable) -> None:
    """Nothing that is billed is left out, and nothing is there twice."""
    found = parents(entry_of(table, "anvil-1"))
    assert found["cache_write"] == ["cache_write_1h", "cache_write_12h"]
    named = [name for classes in found.values() for name in classes]
    assert sorted([*named, "input", "cache_read", "cache_write", "output"]) == sorted(
        entry_of(table, "anvil-1").cards("standard")[0].rates.keys() | set(named)
    )
    assert parents(entry_of(table, "embed")).keys() == {"input", "cache_write"}


def gap(model: str | None, **usage: int) -> Gap:
    """A call of a model without a price."""
    return Gap(provider="p", model=model, reason="no price", calls=1, usage=Usage(**usage))


@pytest.mark.parametrize(
    "model",
    [
        "a",
        "vendor/a-1.5@x_y",
        "accounts/x/models/y:free",
        "null",
        "1e3",
        "- a",
        "#a",
        "a: b",
        "a #b",
        '"quoted\\',
        "{a}",
        "[a]",
        "&a *b !c",
        "日本 \u202e\u2028",
        "\x00\x07\x1b\x85\xa0",
        "😀",
        "%yaml",
        "é" * 256,
    ],
)
def test_a_name_in_the_block_is_that_name(tmp_path: Path, model: str) -> None:
    """Whatever a call's model is called, the filled-in block prices that model and no other."""
    block = price_block([gap(model, input_tokens=5, output_tokens=6)], date(2026, 11, 24))
    filled = block.replace(":  # USD", ": 3  # USD").replace(":  # the URL", ": there  # the URL")
    table = load_prices(write_prices(tmp_path, filled))
    assert len(list(table.entries())) == 1
    assert table.find("p", model, AT_MS) is not None
    assert block.replace("\n", "").isprintable()


def test_the_block_asks_for_what_was_used(tmp_path: Path) -> None:
    """Classes and tools of the calls, and not reasoning, which costs what output does."""
    used = gap(
        "m",
        input_tokens=100,
        cache_read_input_tokens=50,
        input_audio_tokens=10,
        output_tokens=9,
        reasoning_output_tokens=3,
        web_search_requests=1,
    )
    block = price_block([used], date(2026, 11, 24))
    assert block == (
        "version: 1\nproviders:\n  p:\n    models:\n      m:\n"
        "        source:  # the URL of the price\n        checked: 2026-11-24\n"
        "        input:  # USD per million tokens\n        cache_read:  # USD per million tokens\n"
        "        input_audio:  # USD per million tokens\n        output:  # USD per million tokens\n"
        "        tools:\n          web_search:  # USD per 1,000\n"
    )
    with pytest.raises(PricingError, match="p > m > input: nothing; allowed is "):
        load_prices(write_prices(tmp_path, block))


def test_names_that_mean_one_model_stand_once() -> None:
    """Upper case, and calls without tokens that are billed by the image."""
    block = price_block([gap("M", output_images=2), gap("m", input_tokens=1)], date(2026, 11, 24))
    assert block.count("checked") == 1
    assert [line.strip().split(":")[0] for line in block.splitlines()[7:]] == ["input", "tools", "image"]
    only = price_block([gap("m", output_images=2)], date(2026, 11, 24))
    assert "input:" not in only


@pytest.mark.parametrize("model", [None, "", "  ", "x" * 257, "\x07" * 200])
def test_no_block_for_what_has_no_name(model: str | None) -> None:
    """Nor for a name that no table could hold."""
    assert price_block([gap(model, input_tokens=1)], date(2026, 11, 24)) == ""
