"""Many changed sessions are read by several processes, and the same comes of it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from sessiontap.catalog import readers
from sessiontap.catalog.readers import Change, read_changes
from tests.sessions.samples import fill, make_call


@pytest.fixture
def changes(tmp_path: Path) -> list[Change]:
    """Twenty sessions, and one that cannot be read, said to be large."""
    fill(tmp_path, [make_call(1, "/", session_id=f"s{number}") for number in range(20)])
    (tmp_path / "sessions" / "bad" / "calls.jsonl").mkdir(parents=True)
    keys = sorted(path.name for path in (tmp_path / "sessions").iterdir())
    return [Change(key, b"", readers.WORTH_PROCESSES_BYTES // 10) for key in keys]


def test_processes_and_one_process_find_the_same(tmp_path: Path, changes: list[Change]) -> None:
    """In the same order; what cannot be read says why."""
    alone = list(read_changes(tmp_path / "sessions", changes))
    together = list(read_changes(tmp_path / "sessions", changes, processes=2))
    assert [key for key, _ in together] == [change.key for change in changes]
    assert [found for _, found in together if isinstance(found, bytes)] == [
        found for _, found in alone if isinstance(found, bytes)
    ]
    (error,) = [found for _, found in together if not isinstance(found, bytes)]
    assert isinstance(error, IsADirectoryError)


def test_without_processes_one_does_it_all(
    tmp_path: Path, changes: list[Change], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the processes end as soon as they begin, nothing is missing."""
    monkeypatch.setattr(readers, "_leave_interrupts", die)
    found = list(read_changes(tmp_path / "sessions", changes, processes=2))
    assert [key for key, _ in found] == [change.key for change in changes]


def die() -> None:
    """Ends its process as the system does that has no more memory."""
    os._exit(9)
