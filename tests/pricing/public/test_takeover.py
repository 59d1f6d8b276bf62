from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from sessiontap.pricing import load_prices
from sessiontap.pricing.public import PublicTable
from sessiontap.pricing.public.differences import Report, report
from sessiontap.pricing.public.takeover import Choice, Taken, takeover
from sessiontap.times import epoch_ms

Make = Callable[..., PublicTable]
Compare = Callable[[str, PublicTable], Report]

NOW = epoch_ms("2026-11-23T12:00:00Z")
TODAY = date(2026, 11, 23)


@pytest.fixture
def compare(write: Callable[..., Path]) -> Compare:
    """The report of a table against that of the provider `groq`, whose models are given."""

    def make(models: str, public: PublicTable) -> Report:
        head = "providers:\n  groq:\n    source: ours\n    checked: 2026-01-01\n    models: "
        return report(load_prices(write(f"{head}{models}\n")), public, NOW)

    return make


def take(found: Report, choice: Choice | None = None) -> tuple[Taken, ...]:
    """What is taken over of it."""
    rows = (each for each in (*found.missing, *found.differing) if (choice or Choice()).wants(each))
    return tuple(takeover(rows, found.agreeing, TODAY, TODAY, "the table"))


def test_a_model_that_is_missing_is_taken_as_it_is(compare: Compare, litellm: Make) -> None:
    """For ever before; the table itself is the source where it names none."""
    (taken,) = take(compare("{}", litellm(input_cost_per_token=1e-6)))
    (dated,) = taken.dated
    assert (taken.provider, taken.model, dated.starts) == ("groq", "m", None)
    assert (dated.terms.source, dated.terms.checked) == ("the table", TODAY)


def test_a_price_that_differs_is_appended(compare: Compare, litellm: Make) -> None:
    """Calls before the day keep what they cost, ends and sources included."""
    ours = "{m: {entries: [{input: 5, until: 2026-02-01}, {from: 2026-03-13, input: 4}]}}"
    (taken,) = take(compare(ours, litellm(input_cost_per_token=1e-6, source="https://groq.com/pricing")))
    assert [
        (each.starts, each.ends, each.terms.rates["input"], each.terms.source) for each in taken.dated
    ] == [
        (None, date(2026, 2, 1), Decimal(5), "ours"),
        (date(2026, 3, 13), None, Decimal(4), "ours"),
        (TODAY, None, Decimal(1), "https://groq.com/pricing"),
    ]


def test_what_the_table_does_not_say_stays_ours(compare: Compare, litellm: Make) -> None:
    """Classes, tiers, regions and tools; but not our prompt sizes, which it contradicts."""
    ours = (
        "{m: {input: 5, cache_read: 1, above: {1000: {x: 2}}, service: {batch: {x: 0.5}},"
        " regions: {us: {x: 1.1}}, tools: {web_search: 10}}}"
    )
    (taken,) = take(compare(ours, litellm(input_cost_per_token=1e-6)))
    new = taken.dated[-1].terms
    assert new.rates == {"input": 1, "cache_read": 1}
    assert (set(new.service), set(new.regions), set(new.tools)) == ({"batch"}, {"us"}, {"web_search"})
    assert new.above is None


def test_ours_that_would_contradict_theirs_is_left_out(compare: Compare, litellm: Make) -> None:
    """A tier's written rates say nothing of sizes that it never knew."""
    ours = "{m: {input: 5, service: {flex: {input: 2}, batch: {x: 0.5}}}}"
    theirs = litellm(input_cost_per_token=1e-6, input_cost_per_token_above_200k_tokens=2e-6)
    (taken,) = take(compare(ours, theirs))
    assert set(taken.dated[-1].terms.service) == {"batch"}


def test_a_table_with_days_of_its_own_keeps_them(compare: Compare, genai: Make) -> None:
    """Its history goes over ours."""
    prices = [
        {"prices": {"input_mtok": 5}},
        {"constraint": {"start_date": "2026-03-13"}, "prices": {"input_mtok": 4}},
    ]
    (taken,) = take(compare("{m: {input: 1}}", genai(prices)))
    assert [(each.starts, each.terms.rates["input"]) for each in taken.dated] == [
        (None, Decimal(5)),
        (date(2026, 3, 13), Decimal(4)),
    ]


def test_a_family_is_written_under_our_name(compare: Compare, genai: Make) -> None:
    """Its own may be nobody's."""
    found = genai({"input_mtok": 2}, id="m-latest", match={"equals": "m"})
    (taken,) = take(compare("{m: {input: 1}}", found))
    assert (taken.model, taken.aliases) == ("m", ())


@pytest.mark.parametrize(
    ("choice", "expected"),
    [
        (Choice(), {"differs", "new"}),
        (Choice(missing_only=True), {"new"}),
        (Choice(models=("N*",)), {"new"}),
        (Choice(models=("d*", "s*")), {"differs"}),
        (Choice(models=("new",), missing_only=True), {"new"}),
    ],
)
def test_only_what_is_asked_for_is_taken(
    compare: Compare, read: Callable[[object], PublicTable], choice: Choice, expected: set[str]
) -> None:
    """Never a model that is the same."""
    row = {"litellm_provider": "groq", "input_cost_per_token": 1e-6}
    found = compare(
        "{same: {input: 1}, differs: {input: 2}}", read({"same": row, "differs": row, "new": row})
    )
    assert {each.model for each in take(found, choice)} == expected


@pytest.mark.parametrize("name", ["a\nb", "x" * 300, " ", "a\u202eb"])
def test_a_name_that_no_line_can_hold_is_left_out(
    compare: Compare, read: Callable[[object], PublicTable], name: str
) -> None:
    """It could be in no call either."""
    assert take(compare("{}", read({name: {"litellm_provider": "groq", "input_cost_per_token": 1e-6}}))) == ()


def test_a_region_beside_the_model_is_left_out(
    write: Callable[..., Path], read: Callable[[object], PublicTable]
) -> None:
    """But a model whose own name is that of the region is one like others."""
    path = write("providers: {aws.bedrock: {source: s, checked: 2026-01-01, models: {}}}")
    row = {"litellm_provider": "bedrock", "input_cost_per_token": 1e-6}
    found = report(load_prices(path), read({"bedrock/us-east-1/c": row, "eu.c": row}), NOW)
    assert [each.model for each in take(found)] == ["eu.c"]


def test_letters_of_a_region_in_a_name_say_no_region(
    write: Callable[..., Path], read: Callable[[object], PublicTable]
) -> None:
    """There is an `us` in `computer-use`."""
    path = write("providers: {azure.ai.openai: {source: s, checked: 2026-01-01, models: {}}}")
    row = {"litellm_provider": "azure", "input_cost_per_token": 1e-6}
    found = report(load_prices(path), read({"azure/us/computer-use": row, "azure/eu/europe": row}), NOW)
    assert len(found.missing) == 2
    assert take(found) == ()


def test_a_row_that_another_one_denies_is_left_out(
    compare: Compare, read: Callable[[object], PublicTable]
) -> None:
    """Where that one agrees with us; a row of a region denies nothing."""
    row = {"litellm_provider": "groq", "input_cost_per_token": 1e-6}
    found = compare("{m: {input: 1}}", read({"groq/m": row, "m": {**row, "input_cost_per_token": 2e-6}}))
    assert (len(found.agreeing), len(found.differing)) == (1, 1)
    assert take(found) == ()


def test_rates_stay_exact(compare: Compare, read: Callable[[object], PublicTable]) -> None:
    """As the text of the table has them."""
    text = '{"groq/m": {"litellm_provider": "groq", "input_cost_per_token": 1.1e-07}}'
    (taken,) = take(compare("{}", read(text)))
    assert taken.dated[0].terms.rates == {"input": Decimal("0.11")}


def test_a_tier_without_prompt_sizes_gets_them(compare: Compare, litellm: Make) -> None:
    """A long prompt in a batch is not to lose its surcharge."""
    (taken,) = take(
        compare(
            "{}",
            litellm(
                input_cost_per_token=1e-6,
                input_cost_per_token_above_200k_tokens=2e-6,
                input_cost_per_token_batches=5e-7,
            ),
        )
    )
    batch = taken.dated[-1].terms.service["batch"]
    assert batch is not None
    assert batch.above is not None
    assert batch.above[200_000].rates == {"input": 1}
