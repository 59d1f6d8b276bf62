from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from sessiontap.pricing import PriceTable, load_prices
from sessiontap.pricing.match import Closeness, Form, Names, Pattern

_AT = 1_795_000_000_000


@pytest.fixture
def names(table: Callable[[str], PriceTable]) -> Callable[[str], str | None]:
    """Gives the price id of a name in a small table."""
    made = table(
        """\
models:
  Gpt-5: {aliases: [gpt-5-codex], input: 1}
  gpt-5-2026-01-01: {input: 2}
  gpt-5-codex-2026-01-01: {input: 3}
  wide: {patterns: ["ft:gpt-5*", "a*z"], input: 4}
  narrow: {patterns: ["ft:gpt-5-mini-####-##-##:*"], input: 5}
  digits: {patterns: [gemini-2-###], input: 6}
"""
    )

    def find(name: str) -> str | None:
        entry = made.find("p", name, _AT)
        return None if entry is None else entry.price_id.removeprefix("p/")

    return find


@pytest.mark.parametrize(
    ("name", "model"),
    [
        ("gpt-5", "Gpt-5"),
        ("GPT-5", "Gpt-5"),
        (" gpt-5 ", "Gpt-5"),
        ("models/gpt-5", "Gpt-5"),
        ("gpt-5-codex", "Gpt-5"),
        ("gpt-5-2025-08-07", "Gpt-5"),
        ("gpt-5-20250807", "Gpt-5"),
        ("gpt-5@20250807", "Gpt-5"),
        ("gpt-5-latest", "Gpt-5"),
        ("gpt-5-codex-latest", "Gpt-5"),
        ("gpt-5-2026-01-01", "gpt-5-2026-01-01"),
        ("gpt-5-codex-2026-01-01", "gpt-5-codex-2026-01-01"),
        ("ft:gpt-5:org::1", "wide"),
        ("ft:gpt-5-mini-2025-01-01:org::1", "narrow"),
        ("ft:gpt-5-mini-x:org::1", "wide"),
        ("az", "wide"),
        ("a-20251301-z", "wide"),
        ("gemini-2-001", "digits"),
    ],
)
def test_a_name_finds_its_model(names: Callable[[str], str | None], name: str, model: str) -> None:
    """The model itself, then a dated snapshot of it, then the most specific pattern."""
    assert names(name) == model


@pytest.mark.parametrize(
    "name",
    [
        "gpt-5-foo",
        "gpt-5-preview",
        "gpt-5-2025-13-07",
        "gpt-5-2025-8-7",
        "gpt-5-20251340",
        "gpt-5-0807",
        "gpt-5-latest-latest",
        "gpt-5-2025-08-07-2025-08-07",
        "xgpt-5",
        "gpt",
        "",
        "-latest",
        "gemini-2-01",
        "gemini-2-0011",
        "gemini-2-٠٠١",
        "ft:gpt-4:org::1",
        "a" * 300 + "z",
    ],
)
def test_a_name_that_only_looks_alike_finds_nothing(names: Callable[[str], str | None], name: str) -> None:
    """A shared beginning, a date that is none, digits of other scripts or a huge name mean no model."""
    assert names(name) is None


@pytest.mark.parametrize(
    ("one", "other", "rivals"),
    [
        ("a-*", "a-*", True),
        ("a-*", "b-*", False),
        ("ab*", "a*b", True),
        ("ab*", "a*c", True),
        ("*ab", "*ac", False),
        ("a-##", "a-0#", True),
        ("a-##", "a-x#", False),
        ("a-*", "a-b*", False),
        ("a#*", "a*1", True),
        ("a1", "a#", True),
        ("a1*2", "a12*", True),
    ],
)
def test_patterns_rival_where_a_name_fits_both_equally_well(one: str, other: str, rivals: bool) -> None:
    """Rivals fit a common name and are as specific; of two that are not, the longer one is meant."""
    first, second = Pattern.parse(one), Pattern.parse(other)
    assert first is not None
    assert second is not None
    assert first.rivals(second) is rivals
    assert second.rivals(first) is rivals


@pytest.mark.parametrize("text", ["", "#", "*#", "a*b*c"])
def test_a_pattern_needs_a_fixed_part_and_at_most_one_star(text: str) -> None:
    """Other texts are no patterns."""
    assert Pattern.parse(text) is None


def test_names_of_the_upper_file_win() -> None:
    """The same name or an equally specific pattern is the later file's."""
    upper = Names({"a": "new"}, ((Pattern("x-*"), "new"),), (Pattern("up/"),))
    lower = Names({"a": "old", "b": "old"}, ((Pattern("x-*"), "old"),), (Pattern("low/"),), (Pattern(":x"),))
    both = upper.over(lower)
    asked: tuple[tuple[str, Closeness], ...] = (("a", "name"), ("b", "name"), ("x-1", "pattern"))
    meanings = [both.find(Form(name, ""), closeness) for name, closeness in asked]
    assert [meaning and meaning.model for meaning in meanings] == ["new", "old", "new"]
    assert [form.name for form in both.forms("up/low/b:x")] == ["up/low/b:x", "low/b:x", "up/low/b", "low/b"]


@pytest.fixture
def market(table: Callable[[str], PriceTable]) -> PriceTable:
    """A provider with prefixes and suffixes that mean nothing."""
    return table(
        """\
prefixes: [us., "arn:aws:bedrock:*/", accounts/fireworks/models/]
suffixes: ["-v#:#", ":nitro"]
models:
  anthropic.claude-5: {input: 1}
  us.meta.llama: {input: 2}
  meta.llama: {input: 3}
"""
    )


@pytest.mark.parametrize(
    ("name", "model", "why"),
    [
        ("anthropic.claude-5", "anthropic.claude-5", "its name"),
        ("us.anthropic.claude-5", "anthropic.claude-5", "its name, without 'us.'"),
        (
            "us.anthropic.claude-5-20260101-v1:0",
            "anthropic.claude-5",
            "its name or alias with '-20260101', without 'us.' and '-v1:0'",
        ),
        (
            "arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.anthropic.claude-5-v1:0",
            "anthropic.claude-5",
            (
                "its name, without 'arn:aws:bedrock:us-east-1:123456789012:inference-profile/' "
                "and 'us.' and '-v1:0'"
            ),
        ),
        (
            "accounts/fireworks/models/meta.llama",
            "meta.llama",
            "its name, without 'accounts/fireworks/models/'",
        ),
        ("us.meta.llama", "us.meta.llama", "its name"),
        ("META.llama:NITRO", "meta.llama", "its name, without ':nitro'"),
    ],
)
def test_prefixes_and_suffixes_of_the_provider_do_not_change_what_a_name_means(
    market: PriceTable, name: str, model: str, why: str
) -> None:
    """The whole name counts first; then what is left without them, and it is told what was left out."""
    found = market.match("p", name)
    assert found is not None
    assert (found.model, found.why) == (model, why)


@pytest.mark.parametrize(
    "name", ["eu.anthropic.claude-5", "anthropic.claude-5-v1", "us.", ":nitro", "us." * 80 + "meta.llama"]
)
def test_other_beginnings_and_ends_are_parts_of_a_name(market: PriceTable, name: str) -> None:
    """A prefix that is not listed, a name of nothing else, and one with hundreds of them find nothing."""
    assert market.match("p", name) is None


def test_a_hostile_name_has_few_forms() -> None:
    """However many prefixes and suffixes a name has, it is looked up a few dozen times at most."""
    names = Names({}, (), (Pattern("a"), Pattern("aa"), Pattern("aaa")), (Pattern("a"), Pattern("aa")))
    assert len(list(names.forms("a" * 250))) < 30
    assert not list(names.forms("a" * 257))


def test_anothers_own_name_is_closer_than_a_snapshot_or_a_pattern_here(
    write: Callable[..., Path],
) -> None:
    """A provider that sells another's models has that one's price of a snapshot that is dearer."""
    made = load_prices(
        write(
            """\
providers:
  p: {source: s, checked: 2026-01-01, models_of: [q],
    models: {m: {input: 1}, all: {patterns: ["m*"], input: 9}}}
  q: {source: s, checked: 2026-01-01, models: {m-2024-05-13: {input: 5}}}
"""
        )
    )
    found = [made.find("p", name, _AT) for name in ("m", "m-2024-05-13", "m-2025-01-01", "mm")]
    assert [entry and entry.price_id for entry in found] == ["p/m", "q/m-2024-05-13", "p/m", "p/all"]
