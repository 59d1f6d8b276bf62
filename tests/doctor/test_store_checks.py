from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from sessiontap.doctor.disk import check_disk
from sessiontap.doctor.findings import Finding
from sessiontap.doctor.store import NEWEST, check_store
from sessiontap.settings import Settings
from tests.sessions.samples import fill, make_call, plain, triage


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A store with two sessions."""
    folder = tmp_path / "home"
    fill(folder, triage(), plain())
    return folder


def journals(home: Path) -> list[Path]:
    """The files of calls."""
    return sorted(home.rglob("calls.jsonl"))


def found(home: Path) -> list[tuple[str, str, str]]:
    """What the check says."""
    return [(each.verdict, each.topic, each.message) for each in check_store(Settings(home=home))]


@pytest.mark.parametrize(
    ("free", "verdict", "message"),
    [
        (1_000_000_000, "ok", "1,000 MB free at {home}"),
        (999_999_999, "warning", "999 MB free at {home}"),
        (100_000_000, "warning", "100 MB free at {home}"),
        (
            99_999_999,
            "problem",
            "99 MB free at {home}; make room, or set SESSIONTAP_HOME to another disk's folder",
        ),
    ],
)
def test_the_free_space_is_told(home: Path, free: int, verdict: str, message: str) -> None:
    """A warning below a gigabyte, a problem below a tenth of one."""
    (finding,) = check_disk(Settings(home=home), lambda _: free)
    fix = None if verdict == "ok" else f"sessiontap prune --older-than 30d --dry-run --home {home}"
    assert finding == Finding(verdict, "disk", message.format(home=home), fix)  # type: ignore[arg-type]


def test_the_disk_is_that_where_the_home_will_be(tmp_path: Path) -> None:
    """Its nearest folder that is there."""
    asked: list[Path] = []

    def free(folder: Path) -> int:
        asked.append(folder)
        return 10**12

    assert len(list(check_disk(Settings(home=tmp_path / "a" / "b"), free))) == 1
    assert asked == [tmp_path]


def test_a_disk_that_does_not_tell_is_a_warning(home: Path) -> None:
    """Never raised."""

    def fail(_: Path) -> int:
        raise OSError(errno.EIO, "Input/output error")

    (finding,) = check_disk(Settings(home=home), fail)
    assert (finding.verdict, finding.message) == (
        "warning",
        f"{home}: its free space cannot be told: Input/output error",
    )


def test_nothing_recorded_is_nothing_said(tmp_path: Path) -> None:
    """And nothing written."""
    assert found(tmp_path) == []
    assert list(tmp_path.iterdir()) == []


def test_good_records_are_counted(home: Path) -> None:
    """A file is really written, and removed again."""
    before = {path: path.stat().st_mtime_ns for path in home.rglob("*") if path.is_file()}
    assert found(home) == [("ok", "records", "7 calls of the newest 2 sessions")]
    assert {path: path.stat().st_mtime_ns for path in home.rglob("*") if path.is_file()} == before


@pytest.mark.skipif(os.name == "nt", reason="RLIMIT_FSIZE is POSIX's")
def test_a_disk_that_takes_no_more_is_a_problem(home: Path) -> None:
    """Whatever the permissions say; nothing is left of the try."""
    resource = pytest.importorskip("resource")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, hard))
    try:
        (finding, _) = found(home)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert finding == (
        "problem",
        "writing",
        f"{home / 'sessions'}: File too large; calls are kept in memory only",
    )
    assert all(path.is_dir() for path in (home / "sessions").iterdir())


def test_lines_that_cannot_be_read_are_a_warning(home: Path) -> None:
    """Counted, with the command that says more."""
    for path in journals(home):
        path.write_bytes(b"oops\n" + path.read_bytes() + b'{"calls"')
    assert found(home) == [
        (
            "warning",
            "records",
            "4 lines in the newest 2 sessions cannot be read",
        )
    ]


def test_only_the_newest_sessions_are_read(home: Path) -> None:
    """Those that were written to last."""
    for path in journals(home):
        path.write_bytes(b"oops\n")
        os.utime(path, (0, 0))
    for number in range(NEWEST):
        fill(home, [make_call(1, "/", session_id=f"new-{number}")])
    assert found(home) == [("ok", "records", f"{NEWEST} calls of the newest {NEWEST} sessions")]


def test_a_copied_folder_is_a_warning(home: Path) -> None:
    """No line is to blame: the first finding is told itself."""
    journals(home)[0].parent.rename(home / "sessions" / "moved")
    ((verdict, topic, message),) = found(home)
    assert (verdict, topic) == ("warning", "records")
    assert message.startswith(f"{home / 'sessions' / 'moved' / 'calls.jsonl'}: holds calls of session ")


def test_sessions_that_are_a_link_are_a_problem(home: Path, tmp_path: Path) -> None:
    """What keeps the store in order does not follow it."""
    (home / "sessions").rename(tmp_path / "elsewhere")
    (home / "sessions").symlink_to(tmp_path / "elsewhere")
    ((verdict, _, message),) = found(home)
    assert verdict == "problem"
    assert "is a link" in message


def test_reading_takes_no_lock(home: Path) -> None:
    """It makes no file, also where the locks are gone."""
    for path in home.rglob("*.lock"):
        path.unlink()
    found(home)
    assert not list((home / "sessions").rglob("*.lock"))
