from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from sessiontap.export.output import write_file


def failing() -> Iterator[bytes]:
    """Chunks that end in a fault."""
    yield b"half"
    message = "the source broke"
    raise RuntimeError(message)


def test_a_file_is_private_whatever_the_umask(tmp_path: Path) -> None:
    """Only the user may read what was exported."""
    before = os.umask(0)
    try:
        write_file(tmp_path / "out.json", [b"a", b"b"])
    finally:
        os.umask(before)
    assert (tmp_path / "out.json").read_bytes() == b"ab"
    assert (tmp_path / "out.json").stat().st_mode & 0o777 == 0o600


def test_a_failed_export_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    """Half a file is never seen."""
    target = tmp_path / "out.json"
    target.write_bytes(b"old")
    with pytest.raises(RuntimeError, match="the source broke"):
        write_file(target, failing())
    assert [path.name for path in tmp_path.iterdir()] == ["out.json"]
    assert target.read_bytes() == b"old"


def test_a_missing_folder_is_named_as_the_person_wrote_it(tmp_path: Path) -> None:
    """The error names the path that was given, not a temporary one."""
    target = tmp_path / "missing" / "out.json"
    with pytest.raises(FileNotFoundError) as caught:
        write_file(target, [b""])
    assert caught.value.filename == str(target)


def test_a_folder_is_refused(tmp_path: Path) -> None:
    """A folder is no file, and stays as it is."""
    with pytest.raises(IsADirectoryError):
        write_file(tmp_path, [b""])
    assert list(tmp_path.iterdir()) == []


def test_a_link_is_followed(tmp_path: Path) -> None:
    """The file that a link points to is replaced, and the link stays a link."""
    (tmp_path / "real.json").write_bytes(b"old")
    (tmp_path / "link.json").symlink_to(tmp_path / "real.json")
    write_file(tmp_path / "link.json", [b"new"])
    assert (tmp_path / "link.json").is_symlink()
    assert (tmp_path / "real.json").read_bytes() == b"new"


def test_a_device_is_written_to_and_not_replaced() -> None:
    """`-o /dev/null` leaves /dev/null a device."""
    write_file(Path(os.devnull), [b"gone"])
    assert Path(os.devnull).is_char_device()


def test_a_name_as_long_as_a_name_may_be_is_written(tmp_path: Path) -> None:
    """The temporary file's name is not longer than the file system allows."""
    target = tmp_path / ("n" * 250 + ".json")
    write_file(target, [b"x"])
    assert target.read_bytes() == b"x"
