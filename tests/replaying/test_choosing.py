from __future__ import annotations

import pytest

from sessiontap.cli.show_messages import find_call
from sessiontap.errors import StoreError
from sessiontap.replaying.choosing import chosen
from tests.sessions.samples import triage

CALLS = triage()


@pytest.mark.parametrize(
    ("texts", "paths", "numbers"),
    [
        ((), (), [1, 2, 3, 4, 5, 6]),
        (("2",), (), [2]),
        (("5,2-3", "c00"), (), [1, 2, 3, 5]),
        (("1-6",), ("/triage/research/*",), [3, 4, 5]),
        ((), ("triage/respond", "/triage/classify"), [2, 6]),
        (("1",), ("/triage/respond",), []),
        ((" ,3, ",), (), [3]),
    ],
)
def test_calls_are_chosen(texts: tuple[str, ...], paths: tuple[str, ...], numbers: list[int]) -> None:
    """By number, range or id, and by path; in the order of the session."""
    found = chosen(CALLS, texts, paths, lambda text: find_call(CALLS, text))
    assert [number for number, _ in found] == numbers
    assert [call for _, call in found] == [CALLS[number - 1] for number in numbers]


@pytest.mark.parametrize("text", ["7", "3-9", "4-2", "0", "zzz"])
def test_a_call_that_is_not_there_is_named(text: str) -> None:
    """As `show --call` names it."""
    with pytest.raises(StoreError, match=f"no call '{text}' in the session"):
        chosen(CALLS, (text,), (), lambda text: find_call(CALLS, text))
