from __future__ import annotations

from dataclasses import FrozenInstanceError
from pathlib import Path

import pytest

from sessiontap.settings import HOME_VARIABLE, Settings, home_folder


def test_the_chosen_home_wins_over_the_environment(tmp_path: Path) -> None:
    """A home that was chosen is taken whatever the environment says."""
    assert home_folder(str(tmp_path / "a"), {HOME_VARIABLE: str(tmp_path / "b")}) == tmp_path / "a"


def test_the_environment_names_the_home(tmp_path: Path) -> None:
    """Without a choice $SESSIONTAP_HOME is the home."""
    assert HOME_VARIABLE == "SESSIONTAP_HOME"
    assert home_folder("", {HOME_VARIABLE: str(tmp_path)}) == tmp_path


@pytest.mark.parametrize("environ", [{}, {HOME_VARIABLE: ""}], ids=["unset", "empty"])
def test_the_default_home_is_below_the_users(environ: dict[str, str]) -> None:
    """Without a choice and a variable, or with an empty one, the home is ~/.sessiontap."""
    assert home_folder("", environ) == Path.home() / ".sessiontap"


def test_a_tilde_is_the_users_home() -> None:
    """A tilde is expanded, wherever the home was named."""
    assert home_folder("~/x", {}) == Path.home() / "x"
    assert home_folder("", {HOME_VARIABLE: "~/y"}) == Path.home() / "y"


def test_a_relative_home_becomes_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A relative home is that of the moment of asking: changing the folder later changes nothing."""
    monkeypatch.chdir(tmp_path)
    assert home_folder("records", {}) == tmp_path / "records"


def test_the_users_prices_are_those_in_the_home(tmp_path: Path) -> None:
    """The home's pricing.yaml is the user's price file where it exists as a file."""
    settings = Settings(home=tmp_path)
    assert settings.user_pricing is None
    (tmp_path / "pricing.yaml").mkdir()
    assert settings.user_pricing is None
    (tmp_path / "pricing.yaml").rmdir()
    (tmp_path / "pricing.yaml").write_text("")
    assert settings.user_pricing == tmp_path / "pricing.yaml"


def test_a_chosen_price_file_wins_even_if_it_does_not_exist(tmp_path: Path) -> None:
    """A price file that was chosen is the one to read, so that a wrong name is noticed."""
    (tmp_path / "pricing.yaml").write_text("")
    chosen = tmp_path / "other.yaml"
    assert Settings(home=tmp_path, pricing=chosen).user_pricing == chosen


def test_settings_are_frozen(tmp_path: Path) -> None:
    """Nothing can change settings once they are made."""
    settings = Settings(home=tmp_path)
    with pytest.raises(FrozenInstanceError):
        settings.home = tmp_path / "other"  # type: ignore[misc]
