from __future__ import annotations

from pathlib import Path

import pytest

from sessiontap.store.writable import why_not_writable


def test_a_home_that_can_be_written_stays_as_it_is(tmp_path: Path) -> None:
    """With sessions, without, and before it is there."""
    (tmp_path / "home" / "sessions").mkdir(parents=True)
    (tmp_path / "new").mkdir()
    for home in (tmp_path / "home", tmp_path / "new", tmp_path / "a" / "b"):
        assert why_not_writable(home) is None
    assert [path.name for path in sorted(tmp_path.rglob("*"))] == ["home", "sessions", "new"]


@pytest.mark.parametrize("place", ["home", "home/sessions", "."])
def test_a_file_in_the_way_is_told(tmp_path: Path, place: str) -> None:
    """Where a folder should be, or above it."""
    if place == ".":
        (tmp_path / "above").write_text("")
        assert why_not_writable(tmp_path / "above" / "home") == (
            f"{tmp_path / 'above' / 'home'}: not there, and {tmp_path / 'above'} cannot be written"
        )
        return
    (tmp_path / place).parent.mkdir(exist_ok=True)
    (tmp_path / place).write_text("")
    assert why_not_writable(tmp_path / "home") == f"{tmp_path / place}: not a folder"
