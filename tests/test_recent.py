from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from sessiontap.recent import Recent


def test_an_entry_is_taken_once() -> None:
    """Taking gives the value and removes the entry."""
    recent: Recent[str, int] = Recent(2)
    recent.put("a", 1)
    assert "a" in recent
    assert recent.take("a") == 1
    assert "a" not in recent
    assert recent.take("a") is None


def test_the_oldest_entry_is_forgotten() -> None:
    """One entry too many pushes out the one that was put in first."""
    recent: Recent[str, int] = Recent(2)
    for number, key in enumerate("abc"):
        recent.put(key, number)
    assert [key in recent for key in "abc"] == [False, True, True]


def test_putting_again_renews_an_entry() -> None:
    """An entry that is put in again has its new value and counts as the youngest."""
    recent: Recent[str, int] = Recent(2)
    for key, value in (("a", 1), ("b", 2), ("a", 3), ("c", 4)):
        recent.put(key, value)
    assert "b" not in recent
    assert recent.get("b") is None
    assert recent.get("a") == recent.take("a") == 3
    assert recent.get("a") is None


@settings(deadline=None)
@given(most=st.integers(1, 5), keys=st.lists(st.integers(0, 9), max_size=40))
def test_the_last_distinct_keys_are_kept(most: int, keys: list[int]) -> None:
    """After any puts exactly the last `most` distinct keys are known."""
    recent: Recent[int, None] = Recent(most)
    for key in keys:
        recent.put(key, None)
    last = list(dict.fromkeys(reversed(keys)))[:most]
    assert {key for key in range(10) if key in recent} == set(last)
