from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sessiontap import untrusted

KEYS = st.sampled_from(["a", "b", ""])
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters(codec=None), max_size=9)
    | st.sampled_from(["\ud83d", "x\udc00"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=3),
)
GETTERS: list[tuple[Callable[[object, str], object], type | tuple[type, ...]]] = [
    (untrusted.obj, dict),
    (untrusted.items, list),
    (untrusted.objects, list),
    (untrusted.text, (str, type(None))),
    (untrusted.count, (int, type(None))),
    (untrusted.flag, bool),
    (untrusted.money, (Decimal, type(None))),
]


@pytest.mark.parametrize(("getter", "kind"), GETTERS)
@given(value=VALUES, key=KEYS)
def test_no_getter_raises_or_gives_another_type(
    getter: Callable[[object, str], object], kind: type | tuple[type, ...], value: object, key: str
) -> None:
    """Any JSON gives a value of the getter's own type, or its empty value."""
    assert isinstance(getter(value, key), kind)


@given(VALUES, KEYS)
def test_counts_are_whole_and_within_every_readers_numbers(value: object, key: str) -> None:
    """A count is never negative, never a truth value, and never above 2**53 - 1."""
    found = untrusted.count(value, key)
    if found is not None:
        assert type(found) is int
        assert 0 <= found <= 2**53 - 1
        assert isinstance(value, dict)
        assert value[key] == found


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (0, 0),
        (7, 7),
        (3.0, 3),
        (2**53 - 1, 2**53 - 1),
        (2**53, None),
        (-1, None),
        (1.5, None),
        (True, None),
        ("7", None),
        (None, None),
        ([7], None),
        (float("inf"), None),
        (float("nan"), None),
        (10**400, None),
    ],
)
def test_a_count_is_a_whole_number_or_not_known(value: object, expected: int | None) -> None:
    """What is no whole number >= 0 is not known, and not zero."""
    assert untrusted.count({"a": value}, "a") == expected


@given(VALUES, KEYS)
def test_text_can_be_stored(value: object, key: str) -> None:
    """Text is never empty and always has an UTF-8 form."""
    found = untrusted.text(value, key)
    if found is not None:
        assert found
        assert found.encode().decode() == found


def test_text_stays_as_it_is_but_for_lone_surrogates() -> None:
    """Only what cannot be written as UTF-8 is replaced."""
    assert untrusted.text({"a": "caf\u00e9 \U0001f600"}, "a") == "caf\u00e9 \U0001f600"
    assert untrusted.text({"a": "x\ud83dy"}, "a") == "x\ufffdy"


def test_obj_follows_keys_through_objects_only() -> None:
    """A step that is missing or no object ends in an empty object."""
    value = json.loads('{"a":{"b":{"c":1}},"d":[{}]}')
    assert untrusted.obj(value) == value
    assert untrusted.obj(value, "a", "b") == {"c": 1}
    assert untrusted.obj(value, "a", "b", "c") == {}
    assert untrusted.obj(value, "a", "x", "b") == {}
    assert untrusted.obj(value, "d", "b") == {}
    assert untrusted.obj([], "a") == {}


def test_items_and_objects_give_lists_only() -> None:
    """What is no list is an empty one; objects leaves out what is no object."""
    value = {"a": [1, {"b": 2}, None, {}], "c": {"d": 1}}
    assert untrusted.items(value, "a") == [1, {"b": 2}, None, {}]
    assert untrusted.objects(value, "a") == [{"b": 2}, {}]
    assert untrusted.items(value, "c") == []
    assert untrusted.items("text", "c") == []


@pytest.mark.parametrize(
    ("value", "expected"), [(True, True), (False, False), (1, False), ("true", False), (None, False)]
)
def test_a_flag_is_json_true_only(value: object, expected: bool) -> None:
    """Numbers and texts that look true are not."""
    assert untrusted.flag({"a": value}, "a") is expected


@pytest.mark.parametrize(
    ("written", "amount"),
    [
        ("0.1", "0.1"),
        ("0.000011165000000000002", "0.000011165000000000002"),
        ("1e-07", "0.0000001"),
        ("25", "25"),
        ("0", "0"),
        ("0.0", "0"),
        ('"0.0123"', "0.0123"),
        ('"1E-3"', "0.001"),
        ('"0e999"', "0"),
        ("999999999", "999999999"),
        ("1e-18", "1e-18"),
    ],
)
def test_money_is_what_was_written(written: str, amount: str) -> None:
    """An amount, a number or a text, is exactly the decimal that stood in the JSON."""
    assert untrusted.money(json.loads(f'{{"a":{written}}}'), "a") == Decimal(amount)


@pytest.mark.parametrize(
    "value",
    [
        -0.01,
        "-0.01",
        float("nan"),
        float("inf"),
        "nan",
        "Infinity",
        "1_000",
        " 1",
        "1\n",
        "\u0663",
        "",
        "$1",
        ".5",
        True,
        None,
        [1],
        {},
        10**9,
        10**400,
        1e300,
        "1e999",
        "1e-999",
        1e-19,
        "9" * 5000,
    ],
)
def test_what_no_bill_can_be_is_not_known(value: object) -> None:
    """Below zero, beyond any bill or no decimal number at all: no amount."""
    assert untrusted.money({"a": value}, "a") is None
