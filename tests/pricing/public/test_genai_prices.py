from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal

import pytest

from sessiontap.pricing.public import PublicTable

Make = Callable[..., PublicTable]
Read = Callable[[object], PublicTable]


def test_rates_tiers_and_tools(genai: Make) -> None:
    """Numbers, and their text, are USD per million; tiers are prompt sizes; thousands are tools."""
    found = genai(
        {
            "input_mtok": {"base": 1.25, "tiers": [{"start": 200000, "price": 2.5}]},
            "cache_write_1h_mtok": "2.5",
            "output_mtok": 10,
            "web_searches_kcount": 35,
            "audio_hours": 0.36,
        }
    )
    (dated,) = found.quotes[0].dated
    assert dated.terms.rates == {"input": Decimal("1.25"), "cache_write_1h": Decimal("2.5"), "output": 10}
    assert dated.terms.above is not None
    assert dated.terms.above[200_000].rates == {"input": Decimal("2.5")}
    assert dated.terms.tools["web_search"].usd_per_thousand == 35
    assert dated.terms.tools["audio_ms"].usd_per_thousand == Decimal("0.0001")
    assert dated.terms.source == "https://groq.com/pricing"


def test_start_dates_are_entries(genai: Make) -> None:
    """Oldest first; `at` gives the one that held."""
    found = genai(
        [
            {"prices": {"input_mtok": 5}},
            {"constraint": {"start_date": "2026-03-13"}, "prices": {"input_mtok": 4}},
        ]
    )
    (quote,) = found.quotes
    assert [(each.starts, each.terms.rates["input"]) for each in quote.dated] == [
        (None, Decimal(5)),
        (date(2026, 3, 13), Decimal(4)),
    ]
    before, after = quote.at(date(2026, 3, 12)), quote.at(date(2026, 3, 13))
    assert before is not None
    assert after is not None
    assert (before.terms.rates["input"], after.terms.rates["input"]) == (Decimal(5), Decimal(4))


def test_a_price_that_is_yet_to_come_does_not_hold(genai: Make) -> None:
    """Before the first day there is none."""
    found = genai([{"constraint": {"start_date": "2026-03-13"}, "prices": {"input_mtok": 4}}])
    assert found.quotes[0].at(date(2026, 3, 12)) is None


def test_hours_are_windows_with_factors(genai: Make) -> None:
    """To what the price without hours says."""
    found = genai(
        [
            {"prices": {"input_mtok": 0.5, "output_mtok": 2}},
            {
                "constraint": {"start_time": "16:30:00Z", "end_time": "00:30:00Z"},
                "prices": {"input_mtok": 0.25, "output_mtok": 1},
            },
        ]
    )
    schedule = found.quotes[0].dated[0].terms.schedule
    assert schedule is not None
    (window,) = schedule
    assert (window.start, window.end) == (16 * 60 + 30, 30)
    assert window.change.factors == {"input": Decimal("0.5"), "output": Decimal("0.5")}


def test_variants_are_service_tiers(genai: Make) -> None:
    """By the tier, the speed or the processing that they ask for; others are counted."""
    found = genai(
        {"input_mtok": 2},
        price_variants=[
            {"when": {"processing": "batch"}, "prices": {"input_mtok": 1}},
            {"when": {"speed": "fast"}, "prices": {"input_mtok": 4}},
            {"when": {"route": "eu"}, "prices": {"input_mtok": 3}},
        ],
    )
    service = found.quotes[0].dated[0].terms.service
    rates = {name: tier.change.rates for name, tier in service.items() if tier is not None}
    assert rates == {"batch": {"input": 1}, "fast": {"input": 4}}
    assert found.left_out == {"price_variants: route": 1}


@pytest.mark.parametrize("prices", [{}, {"input_mtok": 0, "output_mtok": 0}, {"input_gpixels": 3}, None, []])
def test_a_model_without_a_price_is_counted_and_not_free(genai: Make, prices: object) -> None:
    """Zeros alone, and prices that we cannot express, too."""
    found = genai(prices)
    assert (found.quotes, found.without_price) == ((), 1)


def test_whole_names_of_a_clause_are_names(genai: Make) -> None:
    """Beginnings and parts are nothing to look up."""
    match = {"or": [{"equals": "m"}, {"equals": "m-2"}, {"starts_with": "m-3"}, {"contains": "x"}]}
    (quote,) = genai({"input_mtok": 1}, match=match).quotes
    assert (quote.model, quote.names, quote.is_family) == ("m", ("m-2",), True)


@pytest.mark.parametrize(
    ("service", "model", "expected"),
    [
        ("google", "gemini-2.5-pro", ("gcp.gemini", "gemini-2.5-pro", None)),
        ("huggingface_groq", "Qwen/Q", ("huggingface", "Qwen/Q:groq", None)),
        ("aws", "regional.zai.glm", ("aws.bedrock", "us.zai.glm", "us")),
        ("aws", "global.zai.glm", ("aws.bedrock", "global.zai.glm", "global")),
    ],
)
def test_providers_have_our_names(
    read: Read, service: str, model: str, expected: tuple[str, str, str | None]
) -> None:
    """A router's provider stands behind the model, as in its own names; a profile says where it runs."""
    row = {"id": service, "models": [{"id": model, "match": {}, "prices": {"input_mtok": 1}}]}
    (quote,) = read([row]).quotes
    assert (quote.provider, quote.model, quote.region) == expected


def test_providers_that_are_not_here_are_counted(read: Read) -> None:
    """With their number of models."""
    assert read([{"id": "avian", "models": [{"id": "a"}, {"id": "b"}]}]).other_providers == {"avian": 2}
