"""What a user types is turned into one session."""

from __future__ import annotations

from pathlib import Path

import pytest

from sessiontap.catalog import Catalog
from sessiontap.errors import StoreError
from sessiontap.store import UNASSIGNED, session_key
from tests.sessions.samples import fill, make_call


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Four sessions, two of one name, one whose id is the start of another's, and loose calls."""
    sessions = {"abc": "nightly", "abcdef": "nightly", "xyz-1": "\x1b[31mred", "xyz-2": "release", None: None}
    fill(tmp_path, [make_call(1, "/", session_id=each, session_name=name) for each, name in sessions.items()])
    return tmp_path


@pytest.mark.parametrize(
    ("text", "session_id"),
    [
        ("abc", "abc"),  # an exact id, though the start of another
        ("abcd", "abcdef"),
        ("xyz-2", "xyz-2"),
        ("release", "xyz-2"),
        (session_key("xyz-1"), "xyz-1"),
        (UNASSIGNED, None),
    ],
)
def test_one_session_fits(home: Path, text: str, session_id: str | None) -> None:
    """An exact id, the start of one id, a name and a folder's name each find their session."""
    found = Catalog(home).find(text)
    assert (found.session_id, found.totals.session_id) == (session_id, session_id)


def test_a_session_called_unassigned_is_found_before_the_calls_without_one(home: Path) -> None:
    """An id is an id, whatever it says."""
    fill(home, [make_call(2, "/", session_id=UNASSIGNED)])
    assert Catalog(home).find(UNASSIGNED).session_id == UNASSIGNED


@pytest.mark.parametrize("text", ["nothing", "", "../../etc", "Release", "\x1b[2J", "x" * 10_000])
def test_none_fits(home: Path, text: str) -> None:
    """An unknown text is told in one printable line."""
    with pytest.raises(StoreError, match=r"^no session fits '") as caught:
        Catalog(home).find(text)
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 500


@pytest.mark.parametrize(
    ("text", "choices"),
    [("nightly", ["'abc' (nightly)", "'abcdef' (nightly)"]), ("xyz", ["'xyz-1'", "'xyz-2' (release)"])],
)
def test_several_fit(home: Path, text: str, choices: list[str]) -> None:
    """An ambiguous text lists what it could mean, names stripped of escapes."""
    with pytest.raises(StoreError, match=f"^'{text}' fits 2 sessions: ") as caught:
        Catalog(home).find(text)
    assert str(caught.value).isprintable()
    for choice in choices:
        assert choice in str(caught.value)


def test_many_fit(home: Path) -> None:
    """A long list of choices is cut."""
    fill(home, [make_call(1, "/", session_id=f"many-{number}") for number in range(20)])
    with pytest.raises(StoreError, match=r"fits 20 sessions: .* and 12 more; give one whole id$"):
        Catalog(home).find("many")
