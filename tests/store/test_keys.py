from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sessiontap.store.keys import UNASSIGNED, session_key

KEY = re.compile(r"([a-z0-9][a-z0-9-]{0,39}-)?[a-z2-7]{26}")

# Ids that have broken stores: paths, device names, control characters, size, no valid Unicode.
HOSTILE = [
    "",
    ".",
    "..",
    "../../etc/passwd",
    "/etc/passwd",
    "C:\\Windows\\system32",
    "\\\\server\\share",
    "con",
    "NUL",
    "com1.txt",
    "a/b",
    "a\x00b",
    "\x1b[2J\r\n",
    "trailing. ",
    "-rf",
    "~root",
    "\N{RIGHT-TO-LEFT OVERRIDE}exe.txt",
    "\ud800",
    "İ" * 50,
    "x" * 10_000,
    "unassigned",
]


@pytest.mark.parametrize("session_id", HOSTILE)
def test_a_hostile_id_becomes_a_plain_folder_name(session_id: str) -> None:
    """No id reaches the file system as it came, and none is longer there than a name may be."""
    key = session_key(session_id)
    assert KEY.fullmatch(key)
    assert key != UNASSIGNED


@given(st.text(alphabet=st.characters()))
def test_any_id_becomes_a_direct_child(session_id: str) -> None:
    """Whatever the id, its folder stands directly in the folder of sessions."""
    root = Path("/home/sessions")
    assert (root / session_key(session_id)).resolve(strict=False).parent == root


@given(st.lists(st.text(alphabet="aA-./é ", max_size=60), min_size=2, max_size=40, unique=True))
def test_similar_ids_have_different_keys(session_ids: list[str]) -> None:
    """Ids that differ in case, punctuation or length only do not share a folder, case ignored or not."""
    assert len({session_key(session_id).casefold() for session_id in session_ids}) == len(session_ids)


def test_ids_with_one_beginning_have_different_keys() -> None:
    """What is cut from the readable part still tells sessions apart."""
    assert session_key("x" * 10_000) != session_key("x" * 10_001)


def test_the_key_can_be_read_and_never_changes() -> None:
    """The folder says which session it holds, and a later version finds it under the same name."""
    assert session_key("Nightly Build/42") == "nightly-build-42-bnjtjzdieibxxm7p6xicnf3qza"
