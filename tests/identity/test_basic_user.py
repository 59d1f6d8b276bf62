from __future__ import annotations

import pytest

from sessiontap.identity import basic_user


@pytest.mark.parametrize("encoded", ["cnVuLTE/cGF0aD0vYS9iPjpu", "cnVuLTE_cGF0aD0vYS9iPjpu"])
def test_both_alphabets_of_base64_are_read(encoded: str) -> None:
    """A proxy's user is read as RFC 7617 writes it, and as opencode does: in the alphabet for URLs."""
    assert basic_user(f"Basic {encoded}") == "run-1?path=/a/b>:n"


@pytest.mark.parametrize("header", ["", "Bearer cnVuLTE=", "Basic", "Basic \u00fc", "Basic cnVu*TE="])
def test_what_is_no_basic_user_is_none(header: str) -> None:
    """Another scheme and what is no base64 name nobody."""
    assert not basic_user(header)
