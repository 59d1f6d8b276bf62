"""A cache on disk: whatever happens to the file, what is read from it was written to it."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sessiontap.store.cachefile import CacheFile

ENTRIES = [b'{"a":1}', b"[]", b'"\xc3\xa4"']


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the cache of a test stands."""
    return tmp_path / "catalog.json"


def read(path: Path, form: str = "1") -> list[bytes]:
    """The entries of a form."""
    return [bytes(entry) for entry in CacheFile(path, form).read()]


def test_entries_come_back_in_order(path: Path) -> None:
    """A new file, and what was appended to it; each line is JSON."""
    cache = CacheFile(path, "1")
    assert cache.read() == []
    cache.replace(ENTRIES)
    cache.append([b"1", b"2"])
    assert read(path) == [*ENTRIES, b"1", b"2"]
    assert [json.loads(each)["entry"] for each in path.read_text("utf-8").split("\n") if each][-1] == 2
    assert [each.name for each in path.parent.iterdir()] == ["catalog.json"]


def test_another_form_is_not_read(path: Path) -> None:
    """A version that means something else by its entries passes over these, also in one file with its own."""
    CacheFile(path, "1").replace(ENTRIES)
    CacheFile(path, "2").append([b"2"])
    assert read(path, "2") == [b"2"]
    assert read(path, "1") == ENTRIES


@given(data=st.data())
def test_damage_is_passed_over(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    """Whatever bytes are lost or changed, what is read is what was written."""
    path = tmp_path_factory.mktemp("damage") / "catalog.json"
    CacheFile(path, "1").replace(ENTRIES)
    whole = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(whole)))
        end = data.draw(st.integers(start, min(start + 5, len(whole))))
        whole[start:end] = data.draw(st.binary(max_size=5))
    path.write_bytes(whole)
    assert set(read(path)) <= set(ENTRIES)
    CacheFile(path, "1").append([b'"new"'])
    assert read(path)[-1] == b'"new"'


def test_what_cannot_be_read_is_empty(path: Path) -> None:
    """A folder in its place is no fault of the reader."""
    path.mkdir()
    assert read(path) == []
    with pytest.raises(OSError, match="directory"):
        CacheFile(path, "1").replace(ENTRIES)
    assert [each.name for each in path.parent.iterdir()] == ["catalog.json"]


@pytest.mark.skipif(os.name == "nt", reason="modes are POSIX's")
def test_it_is_private(path: Path, umask: Callable[[int], None]) -> None:
    """0600 though the umask would let everybody read."""
    umask(0)
    CacheFile(path, "1").replace(ENTRIES)
    assert path.stat().st_mode & 0o777 == 0o600
