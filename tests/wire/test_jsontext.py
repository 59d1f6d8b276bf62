from __future__ import annotations

import contextlib
import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sessiontap.errors import WireError
from sessiontap.wire.jsontext import decode_json

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
)


@given(VALUES, st.booleans())
def test_json_is_read_as_the_standard_library_writes_it(value: object, ascii_only: bool) -> None:
    """Any value, integers of any size included, comes back."""
    assert decode_json(json.dumps(value, ensure_ascii=ascii_only).encode()) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (b"1e400", math.inf),
        (b"-1e400", -math.inf),
        (b"[Infinity, -Infinity]", [math.inf, -math.inf]),
        (rb'"\ud83d"', "\ud83d"),
        (rb'{"a":"x\udc00y"}', {"a": "x\udc00y"}),
        (b'"a\xffb\xc3"', "a\ufffdb\ufffd"),
        (b'\xef\xbb\xbf{"a":1}', {"a": 1}),
        (b'{"a":1,"a":2}', {"a": 2}),
        (b" \r\n\t1 \n", 1),
    ],
)
def test_what_only_some_readers_take_is_read(text: bytes, value: object) -> None:
    """Sloppy JSON that providers send is read like the standard library reads it."""
    assert decode_json(text) == value


def test_nan_is_read() -> None:
    """NaN is a number that equals nothing."""
    value = decode_json(b'{"a":NaN}')
    assert isinstance(value, dict)
    assert math.isnan(value["a"])


@pytest.mark.parametrize(
    "text", [b"", b" ", b"{", b'{"a":1}{', b"[1,]", b"<html>", b"'a'", b"\xff", b"nul", b"9" * 5000]
)
def test_what_is_no_json_is_refused_in_one_line(text: bytes) -> None:
    """The reason is one line that can be shown."""
    with pytest.raises(WireError) as caught:
        decode_json(text)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize(
    "text", [b"[" * 200_000, b'{"a":' * 200_000, b"[NaN," * 200_000, b"[" * 200_000 + b"]" * 200_000]
)
def test_deep_nesting_is_refused(text: bytes) -> None:
    """A reply that is nested too deeply is an error of ours, not a crash."""
    with pytest.raises(WireError):
        decode_json(text)


@given(st.binary() | st.text(alphabet='[]{}",:\\u0d8Ee+-.1NaInfinty \n').map(str.encode))
def test_arbitrary_bytes_raise_only_the_wire_error(data: bytes) -> None:
    """No other exception leaves, whatever is read."""
    with contextlib.suppress(WireError):
        decode_json(data)
