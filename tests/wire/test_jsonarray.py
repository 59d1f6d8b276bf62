from __future__ import annotations

import json
from collections.abc import Callable, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sessiontap.wire.event import Event, Framing
from sessiontap.wire.jsonarray import JSONArray

Cut = Callable[[Callable[[], Framing], bytes, Sequence[int]], list[Event]]
AnyWay = Callable[[Callable[[], Framing], bytes], list[Event]]

CASES = {
    "Gemini's own layout": (
        b'[{\n  "a": [1]\n}\n,\r\n{\n  "b": {"c": "]"}\n}\n]',
        [b'{\n  "a": [1]\n}', b'{\n  "b": {"c": "]"}\n}'],
    ),
    "brackets and quotes in strings": (
        rb'[{"a":"}],[{\"\\"},{"b":"\\\"]"},{"c":"\\"}]',
        [rb'{"a":"}],[{\"\\"}', rb'{"b":"\\\"]"}', rb'{"c":"\\"}'],
    ),
    "values of every kind": (
        rb'[1, -2.5e3 ,"a,b", true,null,[2,[3]],{},[],"\""]',
        [b"1", b"-2.5e3", b'"a,b"', b"true", b"null", b"[2,[3]]", b"{}", b"[]", rb'"\""'],
    ),
    "nothing in it": (b" [ ] ", []),
    "what follows the array is ignored": (b'[{"a":1}]\n[{"b":2}] junk', [b'{"a":1}']),
    "byte order mark and blank lines": (b'\xef\xbb\xbf\r\n [{"a":1}]', [b'{"a":1}']),
    "cut within an element": (b'[{"a":1},{"b":[2', [b'{"a":1}']),
    "cut between elements": (b'[{"a":1},', [b'{"a":1}']),
    "commas too many": (b'[,{"a":1},,{"b":2},]', [b'{"a":1}', b'{"b":2}']),
    "no commas": (b'[{"a":1}\n{"b":2}]', [b'{"a":1}', b'{"b":2}']),
    "deeper than one pattern looks": (b"[" + b"[" * 40 + b"]" * 40 + b",2]", [b"[" * 40 + b"]" * 40, b"2"]),
    "an object instead": (b'\n{"error": {"code": 400}}\n', [b'{"error": {"code": 400}}\n']),
    "something else instead": (b"Bad Gateway", [b"Bad Gateway"]),
    "nothing": (b"", []),
    "only white space": (b" \n", []),
}

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
)


@pytest.mark.parametrize("name", CASES)
def test_cases_are_read_alike_however_they_are_cut(name: str, any_way: AnyWay) -> None:
    """Each case gives its elements, whole, byte by byte, and cut at any place."""
    body, expected = CASES[name]
    assert any_way(JSONArray, body) == [Event("", element) for element in expected]


@given(st.lists(VALUES), st.sampled_from([None, 1]), st.booleans(), st.lists(st.integers(0, 1000)))
def test_any_array_gives_its_elements(
    cut: Cut, elements: list[object], indent: int | None, ascii_only: bool, cuts: list[int]
) -> None:
    """The elements of any array come back, however it is written and cut."""
    body = json.dumps(elements, indent=indent, ensure_ascii=ascii_only).encode()
    assert [json.loads(event.data) for event in cut(JSONArray, body, cuts)] == elements


@given(
    st.text(alphabet='[]{}",\\u \n1x', max_size=60).map(str.encode) | st.binary(),
    st.lists(st.integers(0, 1000)),
)
def test_arbitrary_bytes_are_read_without_an_error(cut: Cut, body: bytes, cuts: list[int]) -> None:
    """Bytes of any kind raise nothing, and give the same however they are cut."""
    assert cut(JSONArray, b"[" + body, cuts) == cut(JSONArray, b"[" + body, [])
    assert cut(JSONArray, body, cuts) == cut(JSONArray, body, [])


def test_an_object_is_given_with_its_last_byte() -> None:
    """Nothing waits for the comma or the end of the array."""
    array = JSONArray()
    assert array.feed(b'[{"a":1') == []
    assert array.feed(b"}") == [Event("", b'{"a":1}')]


def test_nesting_costs_no_recursion() -> None:
    """A hundred thousand open brackets are counted, not descended into."""
    deep = b"[" * 100_000 + b"]" * 100_000
    assert JSONArray().feed(b"[" + deep + b"]") == [Event("", deep)]


def test_an_element_above_the_cap_is_dropped_and_the_stream_goes_on(cut: Cut) -> None:
    """A large element is counted once and left out; its neighbours are whole, however it is cut."""
    body = b'[{"a":1},{"b":[' + b"2," * 20 + b'2]},"' + b"x" * 40 + b'",{"c":3}]'
    ways: list[Sequence[int]] = [[], range(len(body)), range(0, len(body), 7)]
    for cuts in ways:
        made: list[JSONArray] = []

        def make(made: list[JSONArray] = made) -> JSONArray:
            made.append(JSONArray(max_event=32))
            return made[-1]

        assert cut(make, body, cuts) == [Event("", b'{"a":1}'), Event("", b'{"c":3}')]
        assert made[0].dropped == 2
