from __future__ import annotations

import json
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from sessiontap.wire.elide import Elider

LONGEST = 256
LONG_TEXT = st.builds(
    lambda text, times: text * times,
    st.text(alphabet=st.sampled_from('ab"\\/\n\x00\u00e9\u20ac\U0001f600,[]{}'), min_size=1, max_size=9),
    st.integers(1, 300),
)
SCALARS = st.none() | st.booleans() | st.integers(-(10**9), 10**9) | st.floats(0, 1)
VALUES = st.recursive(
    SCALARS | LONG_TEXT,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.lists(SCALARS, max_size=200)
        | st.dictionaries(st.text(max_size=9), inner, max_size=4)
    ),
    max_leaves=20,
)


def elide(body: bytes, cuts: list[int]) -> bytes:
    """The shortened body, fed cut at these places."""
    elider = Elider(longest=LONGEST)
    places = [0, *sorted(cut % (len(body) + 1) for cut in cuts), len(body)]
    kept = b"".join(elider.feed(body[start:end]) for start, end in pairwise(places))
    return kept + elider.close()


def is_scalar(value: object) -> bool:
    """True for what a run without quotes and brackets can hold."""
    return value is None or isinstance(value, bool | int | float)


def check_shortened(short: object, whole: object) -> None:
    """Asserts that short is whole with texts cut at their ends and scalars left out of lists, and no more."""
    if isinstance(whole, str):
        assert isinstance(short, str)
        assert whole.startswith(short)
        assert short == whole or len(json.dumps(whole)) > LONGEST
    elif isinstance(whole, dict):
        assert isinstance(short, dict)
        assert list(short) == list(whole)
        for key in whole:
            check_shortened(short[key], whole[key])
    elif isinstance(whole, list):
        assert isinstance(short, list)
        others = [item for item in whole if not is_scalar(item)]
        for mine, theirs in zip([item for item in short if not is_scalar(item)], others, strict=True):
            check_shortened(mine, theirs)
        remaining = iter([item for item in whole if is_scalar(item)])
        assert all(item in remaining for item in short if is_scalar(item))
    else:
        assert short == whole


@given(VALUES, st.booleans(), st.sampled_from([None, 1]), st.lists(st.integers(0, 10_000)))
def test_shortened_json_is_json_of_the_same_shape(
    value: object, ascii_only: bool, indent: int | None, cuts: list[int]
) -> None:
    """Any JSON keeps its shape and its keys; only long texts and long lists of scalars lose their ends."""
    body = json.dumps(value, ensure_ascii=ascii_only, indent=indent).encode()
    short = elide(body, cuts)
    assert short == elide(body, [])
    check_shortened(json.loads(short), value)


@given(
    st.lists(
        st.sampled_from(
            [b'"', b"\\", b"[", b"}", b",", b"\\ud83d", b"\xc3", b"\xa9", b"x" * 120, b"1," * 130]
        )
    ),
    st.lists(st.integers(0, 10_000)),
)
@example([b"1," * 128, b"]", b"1," * 130], [])
@example([b"1," * 128, b'"', b"x" * 400, b'"'], [])
def test_arbitrary_bytes_are_shortened_alike_however_they_are_cut(
    pieces: list[bytes], cuts: list[int]
) -> None:
    """What is no JSON raises nothing, never grows, and gives the same cut anywhere and byte by byte."""
    body = b"".join(pieces)
    short = elide(body, [])
    assert elide(body, cuts) == short
    assert elide(body, list(range(len(body)))) == short
    # A cut string that never ends has got a closing quote.
    assert len(short) <= len(body) + 1


@pytest.mark.parametrize(
    ("content", "kept"),
    [
        (b"x" * 300, b"x" * 256),
        (b"x" * 256, b"x" * 256),
        (b"x" * 255 + b"\\n" + b"x" * 9, b"x" * 255),
        (b"x" * 254 + b"\\n" + b"x" * 9, b"x" * 254 + b"\\n"),
        (b"\\\\" * 200, b"\\\\" * 128),
        (b"x" + b"\\\\" * 200, b"x" + b"\\\\" * 127),
        (b'\\"' * 200, b'\\"' * 128),
        (b"x" * 251 + b"\\u00e9" + b"x" * 9, b"x" * 251),
        (b"x" * 250 + b"\\u00e9" + b"x" * 9, b"x" * 250 + b"\\u00e9"),
        (b"x" * 250 + b"\\ud83d\\ude00" + b"x" * 9, b"x" * 250),
        (b"x" * 244 + b"\\ud83d\\ude00" + b"x" * 9, b"x" * 244 + b"\\ud83d\\ude00"),
        (b"x" * 249 + b"\\\\ud83d\\\\ude00" + b"x" * 9, b"x" * 249 + b"\\\\ud83d"),
        (b"x" * 255 + "\u00e9".encode() + b"x" * 9, b"x" * 255),
        (b"x" * 253 + "\U0001f600".encode() + b"x" * 9, b"x" * 253),
        (b"x" * 252 + "\U0001f600".encode() + b"x" * 9, b"x" * 252 + "\U0001f600".encode()),
    ],
)
def test_a_text_is_cut_between_characters_only(content: bytes, kept: bytes) -> None:
    """No escape, surrogate pair or UTF-8 sequence is ever parted, and 256 bytes are still whole."""
    body = b'{"a":"' + content + b'","b":1}'
    for cuts in ([], list(range(len(body)))):
        assert elide(body, cuts) == b'{"a":"' + kept + b'","b":1}'


@pytest.mark.parametrize(
    ("body", "kept"),
    [
        (b"[" + b"1234567, " * 100 + b"8]", b"[" + b"1234567, " * 27 + b"1234567]"),
        (b"[" + b"1234567, " * 100 + b'"x"]', b"[" + b"1234567, " * 27 + b'1234567,"x"]'),
        (b"[" + b"1234567, " * 100 + b"{}]", b"[" + b"1234567, " * 27 + b"1234567,{}]"),
        (b"[" + b"9" * 400 + b"]", b"[" + b"9" * 400 + b"]"),
        (b"[1," + b" " * 400 + b'"x"]', b'[1,"x"]'),
    ],
)
def test_a_list_of_numbers_is_cut_between_numbers_only(body: bytes, kept: bytes) -> None:
    """The list stays a list, with the comma that what follows needs; one long number stays whole."""
    for cuts in ([], list(range(len(body)))):
        assert elide(body, cuts) == kept
