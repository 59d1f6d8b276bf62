from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sessiontap.call import Call, UsagePart, decode, encode
from sessiontap.errors import PricingError
from sessiontap.pricing import PriceTable, load_prices
from sessiontap.times import epoch_ms
from sessiontap.usage import Usage

_DATED = """\
models:
  m:
    output: 0
    entries:
      - {from: 2026-01-01, input: 1}
      - {from: 2026-06-01, until: 2026-09-01, input: 2}
      - {from: 2026-10-01, input: 3}
  since: {input: 1, output: 1, from: 2026-01-01, until: 2026-02-01}
  changed: {entries: [{input: 1, output: 0}, {from: 2026-06-01, input: 2, output: 0}]}
"""


@pytest.mark.parametrize(
    ("model", "started_at", "price_id"),
    [
        ("m", "2025-12-31T23:59:59.999Z", None),
        ("m", "2026-01-01T00:00:00.000Z", "p/m@2026-01-01"),
        ("m", "2026-01-01T00:30:00.000+01:00", None),
        ("m", "2025-12-31T23:30:00.000-01:00", "p/m@2026-01-01"),
        ("m", "2026-05-31T23:59:59.999Z", "p/m@2026-01-01"),
        ("m", "2026-06-01T00:00:00.000Z", "p/m@2026-06-01"),
        ("m", "2026-08-31T23:59:59.999Z", "p/m@2026-06-01"),
        ("m", "2026-09-01T00:00:00.000Z", None),
        ("m", "2026-10-01T00:00:00.000Z", "p/m@2026-10-01"),
        ("m", "2099-01-01T00:00:00.000Z", "p/m@2026-10-01"),
        ("since", "2026-01-31T23:59:59.999Z", "p/since@2026-01-01"),
        ("since", "2026-02-01T00:00:00.000Z", None),
        ("changed", "1970-01-01T00:00:00.000Z", "p/changed"),
        ("changed", "2026-06-01T00:00:00.000Z", "p/changed@2026-06-01"),
    ],
)
def test_a_call_is_priced_by_its_own_day(
    table: Callable[[str], PriceTable],
    make_call: Callable[..., Call],
    model: str,
    started_at: str,
    price_id: str | None,
) -> None:
    """Days are UTC; an entry ends where the next begins, or at its `until`; outside there is no price."""
    call = table(_DATED).price(make_call(response_model=model, started_at=started_at))
    assert call.price_id == price_id
    if price_id is None:
        assert call.unpriced_reason == f"no price for model '{model}' of provider 'p' at '{started_at}'"


_TWO = "models: {dated: {input: 2, output: 0}, alias: {input: 1, output: 0}}"


@pytest.mark.parametrize(
    ("answered", "asked", "price_id"),
    [
        ("dated", "alias", "p/dated"),
        ("dated-2026-01-01", "alias", "p/dated"),
        ("new-name", "alias", "p/alias"),
        (None, "alias", "p/alias"),
        ("dated", None, "p/dated"),
    ],
)
def test_the_model_that_answered_comes_before_the_one_that_was_asked_for(
    table: Callable[[str], PriceTable],
    make_call: Callable[..., Call],
    answered: str | None,
    asked: str | None,
    price_id: str,
) -> None:
    """The request's name is the fallback, for an alias that the reply spells in a way that is not known."""
    call = table(_TWO).price(make_call(response_model=answered, request_model=asked))
    assert call.price_id == price_id


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"response_model": "x"}, "no price for model 'x' of provider 'p'"),
        ({"response_model": "x", "request_model": "y"}, "no price for model 'x' of provider 'p'"),
        ({"provider": "q"}, "no price for model 'm' of provider 'q'"),
        ({"response_model": None}, "no price: the call names no model"),
        ({"response_model": "a\x1b[31m\n"}, r"no price for model 'a\x1b[31m\n' of provider 'p'"),
        ({"response_model": "a" * 500}, f"no price for model '{'a' * 79}…' of provider 'p'"),
        ({"started_at": "today"}, "no price: started_at 'today' is not an RFC 3339 time"),
        (
            {"started_at": "2026-11-23T20:00:00"},
            "no price: started_at '2026-11-23T20:00:00' is not an RFC 3339 time",
        ),
    ],
)
def test_the_reason_is_one_short_line(
    table: Callable[[str], PriceTable], make_call: Callable[..., Call], fields: dict[str, object], reason: str
) -> None:
    """What has no price, in words that a terminal may show whatever the provider sent."""
    call = table("models: {m: {input: 1, output: 1}}").price(make_call(**fields))
    assert call.cost_usd is None
    assert call.unpriced_reason == reason


def test_a_cost_that_the_provider_states_is_kept(
    table: Callable[[str], PriceTable], make_call: Callable[..., Call]
) -> None:
    """The table does not touch it."""
    call = make_call(cost_source="provider", cost_usd=Decimal("0.5"))
    assert table("models: {m: {input: 1, output: 1}}").price(call) is call


def test_a_call_without_usage_is_returned_as_it_is(
    table: Callable[[str], PriceTable], make_call: Callable[..., Call]
) -> None:
    """Nothing is known of what it used, so nothing is said about its cost; it is not unpriced either."""
    call = make_call(usage=Usage(), usage_source="none")
    priced = table("models: {m: {input: 1, output: 1}}").price(call)
    assert priced is call
    assert not priced.unpriced


@pytest.mark.parametrize("model", ["m", "unknown", None])
def test_a_usage_of_zeros_costs_zero_whatever_the_model(
    table: Callable[[str], PriceTable], make_call: Callable[..., Call], model: str | None
) -> None:
    """Nothing times anything is nothing: this zero is known."""
    call = table("models: {m: {input: 1}}").price(
        make_call(response_model=model, usage=Usage(input_tokens=0, output_tokens=0))
    )
    assert (call.cost_usd, call.cost_breakdown, call.cost_source) == (Decimal(0), {}, "table")


def test_a_free_call_costs_nothing(
    table: Callable[[str], PriceTable], make_call: Callable[..., Call]
) -> None:
    """A local model has no price because nobody is paid."""
    call = table("").price(make_call(billing="free"))
    assert (call.cost_usd, call.price_id, call.unpriced_reason) == (Decimal(0), None, None)


def test_a_subscriptions_call_has_the_cost_that_it_would_have_had(
    table: Callable[[str], PriceTable], make_call: Callable[..., Call]
) -> None:
    """The cost is notional; `billing` says so."""
    assert table("models: {m: {input: 1, output: 0}}").price(
        make_call(billing="subscription")
    ).cost_usd == Decimal("0.001")


def test_pricing_again_replaces_the_former_cost(
    table: Callable[[str], PriceTable], make_call: Callable[..., Call]
) -> None:
    """With new prices, with none any more, and back."""
    dear, cheap, none = (
        table(block)
        for block in ("models: {m: {input: 2, output: 0}}", "models: {m: {input: 1, output: 0}}", "")
    )
    call = dear.price(make_call())
    assert call.cost_usd == Decimal("0.002")
    lost = none.price(call)
    assert (lost.cost_usd, lost.cost_breakdown, lost.cost_source, lost.price_id) == (None, None, None, None)
    found = cheap.price(lost)
    assert (found.cost_usd, found.unpriced_reason) == (Decimal("0.001"), None)


_PARTED = """\
tools: {web_search: 10}
models:
  m: {input: 1, output: 10, above: {1000: {x: 2}}}
  helper: {input: 5, output: 50}
"""


def test_parts_are_priced_each_at_its_own_model_and_prompt(
    table: Callable[[str], PriceTable], make_call: Callable[..., Call]
) -> None:
    """Three prompts below the size are no prompt above it; tools that only the whole counts are added."""
    parts = (
        UsagePart(model="m", usage=Usage(input_tokens=900, output_tokens=10)),
        UsagePart(model="m", usage=Usage(input_tokens=1000)),
        UsagePart(model="helper", usage=Usage(input_tokens=100, output_tokens=1, web_search_requests=1)),
    )
    whole = Usage(input_tokens=2000, output_tokens=11, web_search_requests=3)
    call = table(_PARTED).price(make_call(usage=whole, usage_parts=parts))
    assert [part.cost_usd for part in call.usage_parts] == [
        Decimal("0.001"),
        Decimal("0.001"),
        Decimal("0.01055"),
    ]
    assert call.cost_breakdown == {
        "input": Decimal("0.0024"),
        "output": Decimal("0.00015"),
        "web_search": Decimal("0.03"),
    }
    assert call.cost_usd == Decimal("0.03255")
    assert call.price_id == "p/m,p/helper"


@pytest.mark.parametrize(
    ("part", "reason"),
    [
        (UsagePart(model="x", usage=Usage(input_tokens=1)), "no price for model 'x' of provider 'p'"),
        (UsagePart(model="m", usage=Usage()), "no price: a part of the call reports no usage"),
        (
            UsagePart(model="m", usage=Usage(input_tokens=1, file_search_requests=1)),
            "no file_search rate for model 'm' of provider 'p'",
        ),
    ],
)
def test_one_part_without_a_price_makes_the_whole_unpriced(
    table: Callable[[str], PriceTable], make_call: Callable[..., Call], part: UsagePart, reason: str
) -> None:
    """The parts that have a price keep it."""
    known = UsagePart(model="m", usage=Usage(input_tokens=500))
    call = table(_PARTED).price(make_call(usage_parts=(known, part)))
    assert (call.cost_usd, call.unpriced_reason) == (None, reason)
    assert [each.cost_usd for each in call.usage_parts] == [Decimal("0.0005"), None]


def test_a_priced_call_is_stored_and_read_back_exactly(
    table: Callable[[str], PriceTable], make_call: Callable[..., Call]
) -> None:
    """Costs are numbers in the record and keep every digit."""
    call = table("models: {m: {input: 0.0123456789, output: 30000}}").price(make_call())
    assert decode(encode(call)) == call


_TEXT = st.text(max_size=20) | st.sampled_from(["p", "m", "anthropic", "claude-sonnet-4-5", "openai"])


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    fields=st.fixed_dictionaries(
        {
            "provider": _TEXT,
            "response_model": st.none() | _TEXT,
            "request_model": st.none() | _TEXT,
            "started_at": _TEXT | st.datetimes().map(lambda at: at.isoformat() + "Z"),
            "service_tier": st.none() | _TEXT,
            "usage": st.builds(Usage, input_tokens=st.integers(), output_tokens=st.none() | st.integers()),
            "usage_parts": st.lists(
                st.builds(UsagePart, model=_TEXT, usage=st.builds(Usage, input_tokens=st.integers())),
                max_size=2,
            ).map(tuple),
        }
    )
)
def test_no_call_makes_it_raise(
    ours: PriceTable, make_call: Callable[..., Call], fields: dict[str, object]
) -> None:
    """Whatever came over the wire: a cost, or one line that says why there is none."""
    call = ours.price(make_call(**fields))
    assert (call.cost_usd is None) == (call.unpriced_reason is not None)
    assert call.unpriced_reason is None or call.unpriced_reason.isprintable()


def _file(models: str, **rules: str) -> str:
    extra = "".join(f"    {key}: {value}\n" for key, value in rules.items())
    return f"providers:\n  p:\n    source: mine\n    checked: 2026-11-23\n{extra}    models: {models}\n"


def test_a_later_file_goes_over_an_earlier_one_model_by_model(
    write: Callable[..., Path], make_call: Callable[..., Call]
) -> None:
    """The user's entry has the model under every name that it had; the others stay."""
    lower = _file(
        "{a: {aliases: [a-codex], patterns: ['ft:a:*'], input: 1, output: 0}, b: {input: 1, output: 0}}"
    )
    upper = _file("{A: {input: 7, output: 0}, b-2: {aliases: [b-codex], input: 8, output: 0}}")
    prices = load_prices(write(lower, "lower.yaml"), write(upper, "upper.yaml"))
    names = ("a", "a-codex", "ft:a:me", "a-2026-01-01", "b", "b-2", "b-codex")
    costs = [prices.price(make_call(response_model=name)).cost_usd for name in names]
    assert [cost and cost * 1000 for cost in costs] == [7, 7, 7, 7, 1, 8, 8]
    assert [(model, entry.price_id) for _, model, entry in prices.entries()] == [
        ("a", "p/A"),
        ("b", "p/b"),
        ("b-2", "p/b-2"),
    ]


def test_a_later_file_may_take_a_name_away(
    write: Callable[..., Path], make_call: Callable[..., Call]
) -> None:
    """An alias of the user's own model is its own, though the earlier file has a model of that name."""
    lower, upper = _file("{a: {input: 1, output: 0}}"), _file("{mine: {aliases: [a], input: 7, output: 0}}")
    prices = load_prices(write(lower, "lower.yaml"), write(upper, "upper.yaml"))
    assert prices.price(make_call(response_model="a")).price_id == "p/mine"


def test_a_providers_rules_hold_for_files_that_go_over_it(
    write: Callable[..., Path], make_call: Callable[..., Call]
) -> None:
    """Two lines are enough for a user's entry; what the user's file states itself wins."""
    lower = _file(
        "{}",
        derive="{cache_read: {input: 0.1}}",
        tools="{web_search: 10, web_fetch: 1}",
        service="{batch: {x: 0.5}}",
        service_aliases="{late: batch}",
    )
    upper = _file("{m: {input: 1, output: 0}}", tools="{web_search: 20}")
    prices = load_prices(write(lower, "lower.yaml"), write(upper, "upper.yaml"))
    usage = Usage(
        input_tokens=1000, cache_read_input_tokens=1000, web_search_requests=1, web_fetch_requests=1
    )
    call = prices.price(make_call(usage=usage, service_tier="late"))
    assert call.cost_breakdown == {
        "cache_read": Decimal("0.00005"),
        "web_search": Decimal("0.02"),
        "web_fetch": Decimal("0.001"),
    }


def test_a_broken_file_of_the_user_leaves_ours_usable(write: Callable[..., Path]) -> None:
    """Loading both raises and names the user's file; loading ours alone still works."""
    lower, upper = write(_file("{m: {input: 1}}"), "ours.yaml"), write(_file("{m: {input: x}}"), "user.yaml")
    with pytest.raises(PricingError, match=r"user\.yaml:5: p > m > input: 'x'; "):
        load_prices(lower, upper)
    assert [entry.price_id for _, _, entry in load_prices(lower).entries()] == ["p/m"]


def test_no_file_is_an_empty_table(make_call: Callable[..., Call]) -> None:
    """Everything is unpriced, and nothing raises."""
    assert load_prices().price(make_call()).unpriced_reason == "no price for model 'm' of provider 'p'"


def test_an_entry_says_where_it_is_from(table: Callable[[str], PriceTable], tmp_path: Path) -> None:
    """Source, day, file and line, for a list of prices; the entry's own go over the provider's."""
    prices = table(
        "models:\n  m: {input: 1}\n  n: {input: 1, source: https://n.example, checked: 2026-01-01}"
    )
    m, n = (entry for _, _, entry in prices.entries())
    assert (m.source, str(m.checked), m.file, m.line) == (
        "https://example.com",
        "2026-11-23",
        str(tmp_path / "prices.yaml"),
        7,
    )
    assert (n.source, str(n.checked), n.line) == ("https://n.example", "2026-01-01", 8)
    assert prices.find("p", "n", epoch_ms("2026-11-23T00:00:00Z")) is n


def test_a_model_that_is_not_listed_has_the_price_of_another_provider(
    write: Callable[..., Path], make_call: Callable[..., Call]
) -> None:
    """`models_of` is asked in its order, after the provider's own models; the price id says whose it was."""
    rules = "source: https://example.com, checked: 2026-11-23"
    prices = load_prices(
        write(
            "providers:\n"
            f"  a: {{{rules}, models: {{m: {{input: 1}}, n: {{input: 2}}}}}}\n"
            f"  b: {{{rules}, models: {{m: {{input: 3}}, o: {{input: 4}}}}}}\n"
            f"  c: {{{rules}, models_of: [a, b], models: {{n: {{input: 5}}}}}}\n"
        )
    )
    usage = Usage(input_tokens=1_000_000)
    priced = [prices.price(make_call(provider="c", response_model=m, usage=usage)) for m in "mnop"]
    assert [(call.price_id, call.cost_usd and int(call.cost_usd)) for call in priced] == [
        ("a/m", 1),
        ("c/n", 5),
        ("b/o", 4),
        (None, None),
    ]


@pytest.mark.parametrize("usage", [Usage(), Usage(input_tokens=10)])
def test_a_provider_without_prices_says_why(
    write: Callable[..., Path], make_call: Callable[..., Call], usage: Usage
) -> None:
    """The reason stands in each call that is unpriced, also where it reports no usage at all."""
    prices = load_prices(write("providers:\n  p: {unpriced: billed by the second}\n"))
    call = prices.price(make_call(usage=usage, http_status=200))
    assert (call.cost_usd, call.unpriced_reason) == (None, "no price: billed by the second")


def test_a_call_that_was_never_answered_needs_no_reason(
    write: Callable[..., Path], make_call: Callable[..., Call]
) -> None:
    """An error without usage is not unpriced, so it has no reason for that."""
    prices = load_prices(write("providers:\n  p: {unpriced: billed by the second}\n"))
    call = make_call(usage=Usage(), status="error", http_status=500)
    assert prices.price(call) == call


def test_free_calls_cost_nothing_unless_a_price_says_otherwise(
    write: Callable[..., Path], make_call: Callable[..., Call]
) -> None:
    """A user may give the models on the own machine a price; one model's, or by `*` all models'."""
    free = make_call(billing="free")
    assert load_prices(write("providers: {}\n")).price(free).cost_usd == 0
    rules = "source: my meter, checked: 2026-11-23"
    prices = write(
        f'providers:\n  p: {{{rules}, models: {{any: {{patterns: ["*"], input: 1000, output: 0}}}}}}\n'
    )
    assert load_prices(prices).price(free).cost_usd == 1


def test_a_service_tier_has_the_name_that_the_calls_provider_gives_it(
    write: Callable[..., Path], make_call: Callable[..., Call]
) -> None:
    """Another provider's model is priced by the tier that the alias means; an unknown tier has no price."""
    rules = "source: https://example.com, checked: 2026-11-23"
    prices = load_prices(
        write(
            "providers:\n"
            f"  a: {{{rules}, service: {{flex: {{x: 0.5}}}}, models: {{m: {{input: 1000, output: 0}}}}}}\n"
            "  p: {models_of: [a], service_aliases: {on_demand: standard, cheap: flex}}\n"
        )
    )
    tiers = ("ON_DEMAND", "cheap", "flex", "dear")
    costs = [prices.price(make_call(service_tier=tier)).cost_usd for tier in tiers]
    assert costs == [Decimal(1), Decimal("0.5"), Decimal("0.5"), None]


def test_the_model_that_the_client_names_is_priced(
    table: Callable[[str], PriceTable], make_call: Callable[..., Call]
) -> None:
    """In the place of the one that answered, also in its part of a call; an unknown one has no price."""
    prices = table("models: {m: {input: 1, output: 1}, dear: {input: 9, output: 9}}")
    usage = Usage(input_tokens=1_000_000, output_tokens=0)
    call = make_call(response_model="m", usage=usage, priced_as="dear")
    assert (prices.price(call).price_id, prices.price(call).cost_usd) == ("p/dear", Decimal(9))
    parts = (UsagePart(model="m", usage=usage), UsagePart(model="other", usage=usage))
    parted = prices.price(make_call(response_model="m", usage=usage, usage_parts=parts, priced_as="dear"))
    assert [part.cost_usd for part in parted.usage_parts] == [Decimal(9), None]
    nobody = prices.price(make_call(response_model="m", usage=usage, priced_as="nobody"))
    assert (nobody.cost_usd, nobody.unpriced_reason) == (None, "no price for model 'nobody' of provider 'p'")
    assert decode(encode(nobody)).priced_as == "nobody"
