from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sessiontap.replaying.members import MemberError, members, value_of, with_member


def test_only_the_member_changes() -> None:
    """What stands beside it stays as it is written: numbers, white space, escapes, order."""
    content = rb'{"a": 1.50, "b": {"c":  [1,2 ], "d": "\u00e9"}, "e": 10000000000000000000001}'
    changed = with_member(content, ("b", "c"), b"0")
    assert changed == rb'{"a":1.50,"b":{"c":0,"d":"\u00e9"},"e":10000000000000000000001}'


@pytest.mark.parametrize(
    ("content", "keys", "value", "expected"),
    [
        (b'{"a":1}', ("t",), b"0", b'{"a":1,"t":0}'),
        (b'{"a":1}', ("r", "e"), b'"low"', b'{"a":1,"r":{"e":"low"}}'),
        (b'{"r":null}', ("r", "e"), b"1", b'{"r":{"e":1}}'),
        (b'{"a":1,"t":2}', ("t",), None, b'{"a":1}'),
        (b'{"r":{"e":1,"f":2}}', ("r", "e"), None, b'{"r":{"f":2}}'),
        (b'{"a" : 1}', ("t",), None, b'{"a" : 1}'),
        (b'{"a" : 1}', ("t", "u"), None, b'{"a" : 1}'),
    ],
)
def test_members_are_set_and_taken_away(
    content: bytes, keys: tuple[str, ...], value: bytes | None, expected: bytes
) -> None:
    """Objects on the way are made; nothing to take away is no change."""
    assert with_member(content, keys, value) == expected


@pytest.mark.parametrize("content", [b"", b"[]", b'"a"', b"{", b"\xff", b'{"a": }'])
def test_what_is_no_object_cannot_be_changed(content: bytes) -> None:
    """It is never guessed at."""
    with pytest.raises(MemberError, match="is no JSON object"):
        with_member(content, ("a",), b"1")


def test_a_key_that_leads_into_something_else_is_named() -> None:
    """A list or a text is not replaced by an object."""
    with pytest.raises(MemberError, match="has a 'stop' that is no JSON object"):
        with_member(b'{"stop": ["a"]}', ("stop", "x"), b"1")


@given(st.binary(max_size=60))
def test_bytes_of_any_kind_raise_only_the_one_error(content: bytes) -> None:
    """So does what is nested without end."""
    for tried in (content, b'{"a":' * 3000 + content):
        value_of(tried)
        try:
            members(tried)
            with_member(tried, ("a", "b"), b"1")
        except MemberError:
            continue


@given(
    st.dictionaries(st.text(max_size=5), st.integers() | st.text(max_size=9), max_size=5), st.text(max_size=5)
)
def test_setting_a_member_is_what_it_is_to_a_dict(found: dict[str, object], key: str) -> None:
    """For any object and any key."""
    content = json.dumps(found).encode()
    assert json.loads(with_member(content, (key,), b"[1]")) == {**found, key: [1]}
    assert json.loads(with_member(content, (key,), None)) == {k: v for k, v in found.items() if k != key}
