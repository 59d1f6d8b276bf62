"""The token is made once a home, is private, and can be replaced."""

from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from sessiontap.web.token import TOKEN_FILE, page_token


def test_the_token_stays_the_same(tmp_path: Path) -> None:
    """A second server has the first one's."""
    home = tmp_path / "new" / "home"
    token = page_token(home)
    assert len(token) == 32
    assert page_token(home) == token
    assert stat.S_IMODE((home / TOKEN_FILE).stat().st_mode) == 0o600
    assert stat.S_IMODE(home.stat().st_mode) == 0o700
    assert [path.name for path in home.iterdir()] == [TOKEN_FILE]


def test_homes_have_different_tokens(tmp_path: Path) -> None:
    """Nothing of the one can be known from the other."""
    assert page_token(tmp_path / "a") != page_token(tmp_path / "b")


def test_a_new_token_takes_the_place_of_the_old(tmp_path: Path) -> None:
    """When it is asked for."""
    old = page_token(tmp_path)
    new = page_token(tmp_path, new=True)
    assert new != old
    assert page_token(tmp_path) == new


@pytest.mark.parametrize("damaged", [b"", b"short\n", b"\xff" * 32, b"a b" * 20])
def test_a_damaged_file_gets_a_new_token(tmp_path: Path, damaged: bytes) -> None:
    """A token that others could guess does not count as one."""
    (tmp_path / TOKEN_FILE).write_bytes(damaged)
    token = page_token(tmp_path)
    assert len(token) == 32
    assert page_token(tmp_path) == token


def test_those_who_begin_at_once_agree(tmp_path: Path) -> None:
    """Of several that find no token all have the same one in the end."""
    with ThreadPoolExecutor(8) as pool:
        tokens = set(pool.map(lambda _: page_token(tmp_path), range(32)))
    assert tokens == {page_token(tmp_path)}
