from __future__ import annotations

from pathlib import Path

import pytest

from sessiontap import resources
from sessiontap.resources import find


@pytest.mark.parametrize("name", ["addon.py", "pricing.yaml"])
def test_the_files_of_the_top_level_are_found(name: str) -> None:
    """Both files are found from wherever the package runs."""
    assert find(name).name == name
    assert find(name).is_file()


@pytest.mark.parametrize("name", ["addon.py", "pricing.yaml"])
def test_a_wheel_has_the_files_in_the_package(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The package's own copy wins over a file of that name beside the package."""
    package = tmp_path / "site-packages" / "sessiontap"
    (package / "data").mkdir(parents=True)
    (package.parent / name).write_text("somebody else's")
    monkeypatch.setattr(resources, "_PACKAGE", package)
    assert find(name) == package.parent / name
    (package / "data" / name).write_text("ours")
    assert find(name) == package / "data" / name


def test_a_missing_file_is_told_with_both_places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file in neither place raises, in one line that names the file, the places and what to do."""
    package = tmp_path / "sessiontap"
    monkeypatch.setattr(resources, "_PACKAGE", package)
    with pytest.raises(FileNotFoundError) as raised:
        find("pricing.yaml")
    message = str(raised.value)
    assert all(
        part in message for part in ("pricing.yaml", str(package / "data"), str(tmp_path), "reinstall")
    )
    assert "\n" not in message


def test_a_folder_is_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder of the file's name is passed over."""
    package = tmp_path / "sessiontap"
    (package / "data" / "addon.py").mkdir(parents=True)
    (tmp_path / "addon.py").write_text("")
    monkeypatch.setattr(resources, "_PACKAGE", package)
    assert find("addon.py") == tmp_path / "addon.py"
