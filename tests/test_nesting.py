from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sessiontap.nesting import DEEPEST, nests_deeply


@pytest.mark.parametrize("depth", [1, 150, DEEPEST, DEEPEST + 1, 5000])
def test_what_is_nested_deeper_than_allowed_is_told(depth: int) -> None:
    """Lists and objects, with brackets in texts beside them."""
    for opening, closing in (("[", "]"), ('{"a":', "}"), ('["]]]]",', "]")):
        assert nests_deeply((opening * depth + "1" + closing * depth).encode()) == (depth > DEEPEST)


@given(st.lists(st.text('[]{}\\"a', max_size=9), max_size=400))
def test_brackets_in_texts_do_not_count(texts: list[str]) -> None:
    """However many there are, and whatever is escaped."""
    assert not nests_deeply(json.dumps({"texts": [[text] for text in texts]}).encode())
