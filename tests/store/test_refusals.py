from __future__ import annotations

import multiprocessing
import stat
from pathlib import Path

import pytest

from sessiontap.store.refusals import MOST_HOSTS, Refusal, change_refusals, read_refusals


def refusal(host: str, second: int = 0, **changes: object) -> Refusal:
    """One client at a second of the minute."""
    at = f"2026-11-25T12:00:{second:02}.000Z"
    values = {"host": host, "count": 1, "first_at": at, "last_at": at, **changes}
    return Refusal(**values)  # type: ignore[arg-type]


def test_refusals_add_up(tmp_path: Path) -> None:
    """By host: a count, the first and the last time, and who was last; the last ones come first."""
    change_refusals(tmp_path, [refusal("a", 1, agent="x"), refusal("b", 2)], {})
    change_refusals(tmp_path, [refusal("a", 3, agent="y", certain=False)], {})
    first, second = read_refusals(tmp_path)
    assert (first.host, first.count, first.first_at[-7:], first.last_at[-7:]) == (
        "a",
        2,
        "01.000Z",
        "03.000Z",
    )
    assert (first.agent, first.certain, second.host) == ("y", True, "b")
    assert stat.S_IMODE((tmp_path / "refusals.json").stat().st_mode) == 0o600


def test_only_what_is_older_is_forgotten(tmp_path: Path) -> None:
    """A call at the time of the refusal does not show that the later one was wrong; new ones count anew."""
    change_refusals(tmp_path, [refusal("a", 5, count=7), refusal("b", 5)], {})
    change_refusals(tmp_path, [], {"a": "2026-11-25T12:00:05.000Z", "b": "2026-11-25T12:00:05.001Z"})
    assert [each.host for each in read_refusals(tmp_path)] == ["a"]
    change_refusals(tmp_path, [refusal("a", 9)], {"a": "2026-11-25T12:00:06.000Z"})
    assert [each.count for each in read_refusals(tmp_path)] == [1]


def test_forgetting_makes_nothing(tmp_path: Path) -> None:
    """Neither a home nor a file."""
    change_refusals(tmp_path / "home", [], {"a": "2026-11-25T12:00:05.000Z"})
    assert list(tmp_path.iterdir()) == []


def test_the_file_stays_small(tmp_path: Path) -> None:
    """Of many hosts the last ones are kept."""
    change_refusals(tmp_path, [refusal(f"h{n}", n % 60, count=n) for n in range(MOST_HOSTS)], {})
    change_refusals(tmp_path, [refusal("new", 59)], {})
    kept = {each.host for each in read_refusals(tmp_path)}
    assert len(kept) == MOST_HOSTS
    assert "new" in kept


@pytest.mark.parametrize(
    "data", [b"", b"oops", b'{"version":2,"hosts":[]}', b'{"version":1,"hosts":[{"host":3}]}', b"\xff"]
)
def test_what_cannot_be_understood_is_nothing(tmp_path: Path, data: bytes) -> None:
    """And is replaced by the next refusal."""
    (tmp_path / "refusals.json").write_bytes(data)
    assert read_refusals(tmp_path) == []
    change_refusals(tmp_path, [refusal("a")], {})
    assert [each.host for each in read_refusals(tmp_path)] == ["a"]


def _add(home: Path, count: int) -> None:
    for second in range(count):
        change_refusals(home, [refusal("a", second)], {})


def test_several_writers_lose_nothing(tmp_path: Path) -> None:
    """Each change is made on what the one before has left, and no draft stays behind."""
    context = multiprocessing.get_context("spawn")
    writers = [context.Process(target=_add, args=(tmp_path, 25)) for _ in range(3)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert [each.count for each in read_refusals(tmp_path)] == [75]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["refusals.json", "refusals.json.lock"]
