"""Where a member stands in a JSON text."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sessiontap.wire.jsonmembers import find_member, without

_JSON: st.SearchStrategy[Any] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=6)
    | st.sampled_from(["usage", '"usage":null']),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["usage", "a", "b"]), inner, max_size=3)
    ),
    max_leaves=8,
)
_SPACES = ((",", ":"), (", ", ": "), (" ,\n", " :\t"))


@given(
    value=st.dictionaries(st.sampled_from(["usage", "a", 'q"', "b"]), _JSON, max_size=4),
    spaces=st.sampled_from(_SPACES),
    indent=st.sampled_from([None, 1]),
)
def test_a_member_is_found_and_taken_out(
    value: dict[str, Any], spaces: tuple[str, str], indent: int | None
) -> None:
    """The value found is the object's own one, and without it the text is what it would have been."""
    text = json.dumps(value, separators=spaces, indent=indent).encode()
    found = find_member(text, b"usage")
    assert (found is not None) == ("usage" in value)
    if found is not None:
        assert json.loads(text[found.value : found.end]) == value.pop("usage")
        assert json.loads(without(text, found)) == value


@pytest.mark.parametrize("spaces", [(",", ":"), (", ", ": ")])
@pytest.mark.parametrize("place", range(4))
def test_white_space_goes_with_the_member(place: int, spaces: tuple[str, str]) -> None:
    """Wherever a member stood, the rest reads byte for byte as if it had never been there."""
    members: list[tuple[str, object]] = [("a", 1), ("b", "x"), ("c", [{}])]
    plain = json.dumps(dict(members), separators=spaces).encode()
    members.insert(place, ("usage", None))
    text = json.dumps(dict(members), separators=spaces).encode()
    found = find_member(text, b"usage")
    assert found is not None
    assert without(text, found) == plain


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"[]",
        b'"usage":1',
        b'{"usage":1,"usage":2}',
        b'{"a":{"usage":1}}',
        b'{"a":"usage"}',
        b'{"a":["usage",1]}',
        b'{"usage"',
        b'{"usage":',
        b'{"usage":[1',
        b'x{"usage":1}',
        b'{"a":' + b"[" * 40 + b"]" * 40 + b',"usage":1}',
        b'{"b":[' + b'"usage",' * 30 + b'0],"usage":1}',
    ],
)
def test_what_is_doubtful_is_not_found(text: bytes) -> None:
    """No object, two of the name, another's member, a cut text, and one too deep or too tricky give None."""
    assert find_member(text, b"usage") is None


@given(st.binary(max_size=40))
def test_any_bytes_are_searched(text: bytes) -> None:
    """Arbitrary bytes raise nothing."""
    find_member(b'{"usage":' + text, b"usage")
    find_member(text + b'"usage":1}', b"usage")
